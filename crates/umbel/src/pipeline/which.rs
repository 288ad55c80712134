//! Which of the pretrained weights that are here tell these photos' classes best: for each, a last layer on its features, judged by the
//! folds of the photos that may train. The test part, where there is one, has no say.

use super::{TrainConfig, Undecided, architecture, job, resolved};
use crate::base::notice::{ComparedWeights, Notice};
use crate::base::progress::{Event, Interrupt, Observer, Silent};
use crate::data::{Dataset, Index, Split};
use crate::metrics::{Answers, softmax};
use crate::pretrained::{Pretrained, Tune, WeightsFrom};
use crate::train::fit::judge_by_folds;
use crate::{Error, Result, Surroundings};

/// What decides it, so that nothing is compared where one of them was given.
const SAID: [&str; 3] = ["pretrained", "model", "prep.image_size"];

/// The settings with the weights that do best; as they were where there is no choice.
pub(super) fn chosen(
    config: TrainConfig,
    undecided: &Undecided,
    index: &Index,
    surroundings: &Surroundings,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<TrainConfig> {
    let stored = surroundings.store.list();
    if !config.recipe.compares_weights() || stored.is_empty() || undecided.said.iter().any(|key| SAID.contains(key)) {
        return Ok(config);
    }
    let files = stored.into_iter().map(|stored| WeightsFrom::File(stored.path));
    let own = config.pretrained.iter().cloned();
    let candidates: Vec<TrainConfig> = own.chain(files).filter_map(|from| with(&config, from)).collect();
    let mut compared = Vec::new();
    for candidate in &candidates {
        let Some(judged) = judge(candidate, index, surroundings, (&mut *observer, interrupt))? else { continue };
        compared.push((candidate, judged));
    }
    let better =
        |a: &(&TrainConfig, ComparedWeights), b: &(&TrainConfig, ComparedWeights)| a.1.loss.total_cmp(&b.1.loss);
    let Some(best) = compared.iter().min_by(|a, b| better(a, b)) else { return Ok(config) };
    let (chosen, name) = (best.0.clone(), best.1.name.clone());
    if compared.len() > 1 {
        let compared = compared.into_iter().map(|(_, judged)| judged).collect();
        observer.event(&Event::Notice(&Notice::WeightsCompared { compared, chosen: name }));
    }
    Ok(chosen)
}

/// The settings with these weights, and the network and size that come with them. `None` where they are for no network that is known.
fn with(config: &TrainConfig, from: WeightsFrom) -> Option<TrainConfig> {
    let model = Pretrained::open(&from).ok()?.architecture()?;
    let mut config = TrainConfig { model: model.to_string(), ..config.clone() };
    config.prep.image_size = Pretrained::trained_size(&from, model)?;
    config.pretrained = Some(from);
    Some(config)
}

/// How good a last layer is on these weights' features, by folds; `None` where the photos are judged by a part that is given.
fn judge(
    config: &TrainConfig,
    index: &Index,
    surroundings: &Surroundings,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Option<ComparedWeights>> {
    let head = TrainConfig { tune: Some(Tune::Head), ..config.clone() };
    let architecture = architecture::build(&head, None, index.classes.len())?;
    let started = architecture::model(&head, architecture, &index.classes, &mut Silent)?;
    let cache = job::open_cache(&head, surroundings, index, observer, interrupt)?;
    let split = Split::judged_by_folds(&head.split_options()?, index, &cache)?;
    if split.folds.is_empty() {
        return Ok(None);
    }
    let options = resolved::options(&head, surroundings, None);
    let pool = Dataset::new(index, cache, &split.train);
    let judged = judge_by_folds(&started.model, (&pool, &split.folds), &options, &mut Silent, interrupt)?;
    let (told, _) = judged.ok_or(Error::Interrupted)?;
    let classes = index.classes.len();
    let (labels, probabilities) = (told.photos.labels(), softmax(classes, &told.logits, 1.0));
    let answers = Answers::new(&labels, &probabilities, classes)?;
    Ok(Some(ComparedWeights {
        name: started.from.map_or_else(String::new, |about| about.name),
        accuracy: answers.top_k_accuracy(1),
        loss: answers.loss(),
    }))
}
