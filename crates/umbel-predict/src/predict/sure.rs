//! Sets of classes that hold the right one as often as is asked, of one model or of several.

use super::member::Looked;
use super::{Predictor, SureSet};
use crate::base::settings::within;
use crate::metrics::{CERTAINTY, Doubts, SetRule, TooFew, set};
use crate::{Error, Result};

impl Predictor {
    /// Tells with each answer a set of classes ([`Prediction::sure`](super::Prediction::sure)) that holds the right one for this share (above 0, below 1) of
    /// photos such as those that judged the model; the promise, and how certain it is, are told by [`Predictor::set_rules`]. Of several
    /// models, more than half must have a class in a set of their own, of half as many misses: so many agree on the right one as
    /// often as was asked, however much they err alike (Gasparin and Ramdas, 2024). It is made for one look at a photo each.
    ///
    /// # Errors
    /// [`Error::Setting`] where the share is out of range, [`Error::NoDoubts`] where a model file was made before this was measured,
    /// [`Error::TooFewJudged`] where too few photos judged a model for so much.
    pub fn sure(self, level: f64) -> Result<Self> {
        self.with_rules(level, Doubts::rule)
    }

    /// The same for the photos of every class by themselves, where these were enough ([`SetRule::too_few`]).
    ///
    /// # Errors
    /// Those of [`Predictor::sure`].
    pub fn sure_by_class(self, level: f64) -> Result<Self> {
        self.with_rules(level, Doubts::rule_by_class)
    }

    fn with_rules(
        mut self,
        level: f64,
        rule: impl Fn(&Doubts, f64, f64) -> std::result::Result<SetRule, TooFew>,
    ) -> Result<Self> {
        within("sure", level, "a share above 0 and below 1, for instance 0.95", level > 0.0 && level < 1.0)?;
        let models = self.members.len() as f64;
        // Where half of the models may miss, all together miss twice as often as one does at most.
        let halves = if self.members.len() > 1 { 2.0 } else { 1.0 };
        for member in &mut self.members {
            let doubts = member.doubts.as_ref().ok_or(Error::NoDoubts)?;
            let own = rule(doubts, 1.0 - (1.0 - level) / halves, 1.0 - (1.0 - CERTAINTY) / models);
            let too_few = |TooFew { images, most }| Error::TooFewJudged {
                level,
                images,
                most: (1.0 - halves * (1.0 - most)).max(0.0),
            };
            member.take_rule(own.map_err(too_few)?);
        }
        self.level = Some(level);
        Ok(self)
    }

    /// By which rule each model makes its sets, in this predictor's order of classes; none where no sets were asked for.
    pub fn set_rules(&self) -> impl Iterator<Item = &SetRule> {
        self.members.iter().filter_map(|member| member.rule.as_ref())
    }

    /// What more than half of the models hold, and what is most likely.
    pub(super) fn sure_set(&self, looked: &[Looked], photo: usize, row: &[f64], level: f64) -> SureSet {
        let holds = |class: usize| {
            let place = photo * row.len() + class;
            let rules = self.set_rules().zip(looked);
            let votes = rules.filter(|(rule, looked)| rule.holds(class, looked.probabilities[place])).count();
            2 * votes > looked.len()
        };
        let names = set(row, holds).into_iter().map(|class| self.classes[class].clone());
        SureSet { set: names.collect(), level }
    }
}
