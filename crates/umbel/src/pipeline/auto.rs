//! Recipes that go by the photos: what they decide once it is known how many there are. Whatever was said stays as it was said.

use super::heritage::Lineage;
use super::{TrainConfig, Undecided};
use crate::base::augmentation::Balance;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Observer};
use crate::data::{Index, Part};
use crate::pretrained::{Pretrained, Tune, WeightsFrom};
use crate::settings::{self, Stage};

/// What so many photos are worth; the last row is for all others.
struct Worth {
    /// Photos that may train or choose, up to which this row counts.
    up_to: usize,
    tune: Tune,
}

/// As measured on draws of flowers (benchmarks/RESULTS.md, "Without a flag"): at 250 photos the last layer alone is better than all layers,
/// at 400 all layers are right more often and surer than they should be, and from 600 on they are better altogether.
const WORTH: [Worth; 2] = [Worth { up_to: 400, tune: Tune::Head }, Worth { up_to: usize::MAX, tune: Tune::All }];

/// A model of one's own that has learned from photos of this kind should need fewer epochs (the first is the last layer's) and fewer
/// steps than weights of others. How few is a guess so far, which nothing has measured.
const GOING_ON: (usize, usize) = (3, 60);

/// From this ratio of the largest class to the smallest on, classes count alike: it gains much on photos of equally common classes, and
/// costs little on others.
const UNEVEN: usize = 3;
const BALANCE: &str = "fit.balance";
const TUNE: &str = "tune";
const IMAGE_SIZE: &str = "prep.image_size";
const EPOCHS: &str = "fit.epochs";

/// The settings with everything decided, and a word about it.
pub(super) fn decided(
    config: &TrainConfig,
    index: &Index,
    lineage: Option<&Lineage>,
    observer: &mut dyn Observer,
) -> TrainConfig {
    let mut decided = TrainConfig { undecided: None, ..config.clone() };
    let undecided = config.undecided.as_ref().filter(|_| config.recipe.goes_by_photos());
    let (Some(undecided), Some(from)) = (undecided, &config.pretrained) else { return decided };
    let photos = may_train(config, index);
    let goes_on = lineage.is_some_and(|lineage| lineage.body_learned);
    let usual = || if goes_on { Tune::All } else { tune(photos, undecided) };
    let tune = config.tune.unwrap_or_else(usual);
    decided.tune = Some(tune);
    if goes_on && tune != Tune::Head && !undecided.said.contains(&EPOCHS) {
        (decided.fit.epochs, decided.fit.least_steps) = GOING_ON;
    }
    // A size of the user's own stays; so does that of a model of one's own, which has seen whole photos.
    let usual = Some(config.prep.image_size) == Pretrained::trained_size(from, &config.model);
    if tune == Tune::Head && usual && !undecided.said.contains(&IMAGE_SIZE) {
        let size = Pretrained::photo_size(from, &config.model);
        decided.prep.image_size = size.unwrap_or(config.prep.image_size);
    }
    let balanced = !undecided.said.contains(&BALANCE) && is_uneven(index);
    if balanced {
        decided.fit.balance = Balance::Loss;
    }
    let own = config.own_start().map(WeightsFrom::to_string);
    let (weights, inside) = (own.unwrap_or_else(|| Pretrained::told(from).name), *from == WeightsFrom::Inside);
    observer.event(&Event::Notice(&Notice::Decided { weights, inside, photos, trained: tune.words(), balanced }));
    decided
}

/// How much of a network so many photos are worth training. Where something was said that the last layer alone has no use for, it is
/// more than that.
fn tune(photos: usize, undecided: &Undecided) -> Tune {
    let worth = WORTH.iter().find(|row| photos <= row.up_to).map_or(Tune::All, |row| row.tune);
    match worth {
        Tune::Head if says_more(undecided) => Tune::Last,
        worth => worth,
    }
}

fn says_more(undecided: &Undecided) -> bool {
    let more = |key: &&str| settings::find(key).is_some_and(|row| row.never_used_at(Stage::Head));
    undecided.said.iter().any(more)
}

/// Whether it may decide for the last layer alone, where the time is too short for more.
pub(super) fn may_be_head(config: &TrainConfig, undecided: &Undecided) -> bool {
    config.recipe.goes_by_photos() && !undecided.said.contains(&TUNE) && !says_more(undecided)
}

/// Whether the classes are so uneven that the rare ones would be neglected.
fn is_uneven(index: &Index) -> bool {
    let photos = index.photos_of_classes();
    let (fewest, most) = (photos.iter().min(), photos.iter().max());
    fewest.zip(most).is_some_and(|(fewest, most)| *most >= UNEVEN * fewest.max(&1))
}

/// Photos that may train or choose: all but those that are kept for testing.
fn may_train(config: &TrainConfig, index: &Index) -> usize {
    let tests = |parts: &Vec<Part>| parts.iter().filter(|part| **part == Part::Test).count();
    let all = index.photos.len();
    match index.parts.as_ref().map(tests) {
        Some(tests) if tests > 0 => all - tests,
        _ => (all as f64 * (1.0 - config.test_split.unwrap_or(0.0))).round() as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_trained_as_was_measured_to_be_worth_it() {
        let said = |said: &[&'static str]| Undecided { said: said.to_vec(), seconds: None };
        let of = |photos: usize| tune(photos, &said(&[]));
        // The draws that were measured, and the limit between them.
        for (photos, worth) in [(250, Tune::Head), (400, Tune::Head), (401, Tune::All)] {
            assert_eq!(of(photos), worth, "{photos}");
        }
        assert_eq!((of(600), of(1200), of(2348)), (Tune::All, Tune::All, Tune::All));
        // A flag that the last layer alone has no use for; what it has use for changes nothing.
        assert_eq!((tune(250, &said(&["fit.epochs"])), tune(250, &said(&["fit.seed"]))), (Tune::Last, Tune::Head));
        assert_eq!(tune(1200, &said(&["fit.epochs"])), Tune::All);
    }
}
