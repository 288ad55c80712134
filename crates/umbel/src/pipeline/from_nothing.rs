//! A word for those who train a network from random weights on few photos, where pretrained weights are at hand.

use super::TrainConfig;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Observer};
use crate::pretrained::inside;

/// From so many photos for training on, random weights are no longer called a bad start.
const FEW: usize = 1000;

/// What was measured: see "Without a flag" in benchmarks/RESULTS.md. Random weights were the tutorial's network's.
const MEASURED_ON: usize = 250;
const RANDOM: f64 = 0.52;
const PRETRAINED: f64 = 0.872;

/// Says what pretrained weights would probably give, where so many photos train a network that has none.
pub(super) fn tell(config: &TrainConfig, photos: usize, observer: &mut dyn Observer) {
    if let Some(notice) = notice(config, photos, inside::model().is_some()) {
        observer.event(&Event::Notice(&notice));
    }
}

fn notice(config: &TrainConfig, photos: usize, at_hand: bool) -> Option<Notice> {
    let is_worth_a_word = at_hand && config.pretrained.is_none() && photos < FEW;
    let (measured_on, random, pretrained) = (MEASURED_ON, RANDOM, PRETRAINED);
    is_worth_a_word.then_some(Notice::FromNothing { photos, measured_on, random, pretrained })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_photos_and_random_weights_get_a_word_where_better_ones_are_at_hand() {
        let random = TrainConfig::default();
        let pretrained = TrainConfig { pretrained: Some("inside".into()), ..TrainConfig::default() };
        assert!(notice(&random, FEW - 1, true).is_some());
        for (config, photos, at_hand) in [(&random, FEW, true), (&random, 10, false), (&pretrained, 10, true)] {
            assert_eq!(notice(config, photos, at_hand), None);
        }
    }

    #[test]
    fn the_figures_stand_in_the_table_of_what_was_measured() {
        let results = include_str!("../../../../benchmarks/RESULTS.md");
        let section = results.split("\n## ").find(|section| section.starts_with("Without a flag")).unwrap();
        let row = section.lines().find(|line| line.contains(&format!("({MEASURED_ON} photos"))).unwrap();
        assert!(row.contains(&format!("**{PRETRAINED}**")), "{row}");
        assert!(row.contains(&format!("it was {RANDOM} without flags")), "{row}");
    }
}
