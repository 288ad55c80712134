//! A run that is to end in time: how many epochs that gives, and of how much of the network, by what the first steps take here. What
//! comes of it are ordinary settings, which are saved: nobody who goes on with the run measures again.

use std::time::Instant;

use super::job::Job;
use super::{TrainConfig, Undecided, architecture, auto, resolved};
use crate::Result;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer, Silent};
use crate::data::Dataset;
use crate::nn::Model;
use crate::pretrained::Tune;
use crate::train::{HeadFit, Pace, pace};

/// What is kept for the figures, the page and what the clock does not see: a share of the time, and seconds.
const SPARE: (f64, f64) = (0.05, 1.5);
/// With fewer epochs, training all layers is not worth what the last layer alone gives.
const LEAST_EPOCHS: usize = 3;
/// So many times a recipe's epochs at most: more have not been seen to gain anything.
const LONGER: usize = 3;
/// At most so much of the epochs warms up, where they are few.
const WARM_UP: f64 = 0.2;
/// Photos that are answered once more at the end, to remember what is known.
const REMEMBERED: usize = 500;
/// Passes over the strengths of a last layer, in answers of the whole network.
const FIT_OF_HEAD: f64 = 0.7;

/// Changes the job's settings so that it ends in the time that there is, counted from `start`, and gives the model that training starts
/// from. Without such a time, nothing changes.
pub(super) fn within(
    job: &mut Job<'_>,
    model: Model,
    (undecided, start): (&Undecided, Instant),
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Model> {
    let Some(seconds) = undecided.seconds else { return Ok(model) };
    let config = &job.config;
    let photos = Dataset::new(&job.index, job.cache.clone(), job.cache.usable());
    let options = resolved::options(config, job.surroundings, None);
    let pace = pace(&model, &photos, &options, interrupt)?;
    let gone = start.elapsed().as_secs_f64();
    let plan = plan(config, (photos.len(), options.head), pace, seconds - gone, auto::may_be_head(config, undecided));
    observer.event(&Event::Notice(&Notice::InTime {
        seconds,
        foreseen: gone + plan.seconds,
        epochs: plan.epochs,
        trained: plan.tune.map(Tune::words),
    }));
    let changed = plan.tune != config.tune;
    let mut decided = config.clone();
    decided.tune = plan.tune;
    if let Some(epochs) = plan.epochs {
        decided.fit.epochs = epochs;
        decided.fit.least_steps = 0;
        decided.fit.warmup_epochs = decided.fit.warmup_epochs.min(WARM_UP * epochs as f64);
    }
    job.config = decided;
    if !changed {
        return Ok(model);
    }
    let architecture = architecture::build(&job.config, job.toml, job.index.classes.len())?;
    Ok(architecture::model(&job.config, architecture, &job.index.classes, &mut Silent)?.model)
}

/// What the time is enough for.
#[derive(Debug, PartialEq)]
struct Planned {
    /// `None` where the network starts from nothing.
    tune: Option<Tune>,
    /// `None` where the last layer alone is fitted.
    epochs: Option<usize>,
    /// What is foreseen from now on.
    seconds: f64,
}

/// `left` seconds are there; where the last layer alone may be fitted, it is, if there is not enough for more.
fn plan(config: &TrainConfig, (photos, head): (usize, HeadFit), pace: Pace, left: f64, may_be_head: bool) -> Planned {
    let runs = config.folds.unwrap_or(1) as f64;
    let photos = photos as f64;
    let test = config.test_split.unwrap_or(0.0);
    let (training, val) = match config.folds {
        Some(folds) => (photos * (1.0 - test) * (1.0 - 1.0 / folds as f64), photos / folds as f64),
        None => (photos * (1.0 - test - config.val_split), photos * config.val_split),
    };
    let of_head = match head {
        HeadFit::No => 0.0,
        HeadFit::First | HeadFit::Only => photos * pace.answering * (1.0 + FIT_OF_HEAD * runs),
    };
    let end = runs * ((val + test * photos + photos.min(REMEMBERED as f64)) * pace.answering + SPARE.1);
    let besides = of_head + end;
    if head == HeadFit::Only {
        return Planned { tune: config.tune, epochs: None, seconds: besides };
    }
    let epoch = runs * (training * pace.training + val * pace.answering);
    let most = (config.fit.epochs * LONGER).max(1);
    let fit = (left * (1.0 - SPARE.0) - besides) / epoch.max(1e-9);
    let epochs = (fit.max(0.0) as usize).clamp(1, most);
    if head == HeadFit::First && may_be_head && (fit as usize) < LEAST_EPOCHS {
        return Planned { tune: Some(Tune::Head), epochs: None, seconds: besides };
    }
    // The first epoch is the last layer's.
    let (epochs, trained) = if head == HeadFit::First { (epochs + 1, epochs) } else { (epochs, epochs) };
    Planned { tune: config.tune, epochs: Some(epochs), seconds: besides + trained as f64 * epoch }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Recipe;

    /// A hundredth of a second for a photo's step, a fifth of that for an answer.
    const PACE: Pace = Pace { training: 0.01, answering: 0.002 };

    fn auto() -> TrainConfig {
        TrainConfig { tune: Some(Tune::All), ..Recipe::Auto.config() }
    }

    #[test]
    fn more_time_gives_more_epochs_up_to_three_times_the_recipes() {
        let epochs = |left: f64| plan(&auto(), (1000, HeadFit::First), PACE, left, true).epochs;
        // An epoch takes 800 x 0.01 + 200 x 0.002 = 8.4 s, the rest 1,000 x 0.002 x 1.7 + 700 x 0.002 + 1.5 = 6.3 s.
        assert_eq!(epochs(40.0), Some(3 + 1));
        assert_eq!(epochs(60.0), Some(6 + 1));
        assert_eq!(epochs(1e6), Some(18 + 1));
        let foreseen = plan(&auto(), (1000, HeadFit::First), PACE, 60.0, true).seconds;
        assert!((foreseen - (6.3 + 6.0 * 8.4)).abs() < 1e-9, "{foreseen}");
    }

    #[test]
    fn too_little_time_is_the_last_layers_unless_more_was_asked_for() {
        let short = |may_be_head| plan(&auto(), (1000, HeadFit::First), PACE, 20.0, may_be_head);
        assert_eq!((short(true).tune, short(true).epochs), (Some(Tune::Head), None));
        assert_eq!((short(false).tune, short(false).epochs), (Some(Tune::All), Some(1 + 1)));
        // No time at all is foreseen as what it takes.
        let none = plan(&auto(), (1000, HeadFit::First), PACE, -5.0, true);
        assert!(none.seconds > 5.0, "{none:?}");
    }

    #[test]
    fn a_network_that_starts_from_nothing_has_epochs_alone() {
        let scratch = Recipe::Scratch.config();
        let planned = plan(&scratch, (1000, HeadFit::No), PACE, 100.0, false);
        // (95 - 1,000 x 0.2 x 0.002 - 500 x 0.002 - 1.5) / 8.4
        assert_eq!((planned.tune, planned.epochs), (None, Some(10)));
        let folds = TrainConfig { folds: Some(5), ..scratch };
        assert!(plan(&folds, (1000, HeadFit::No), PACE, 100.0, false).epochs < Some(3));
    }
}
