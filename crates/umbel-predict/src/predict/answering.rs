//! From photos to answers: prepared in parallel, computed a batch at a time by each model, and averaged.

use rayon::prelude::*;

use super::member::{Looked, Member, to_means};
use super::{Picture, Prediction, Predictor};
use crate::base::problem::ProblemKind;
use crate::decode::DecodeError;
use crate::prepare::PrepSpec;
use crate::{Error, Result};

/// A photo as each of a predictor's preparations makes it.
pub(super) type Prepared = Vec<Vec<u8>>;

impl Predictor {
    /// Prepared in each of the ways.
    pub(super) fn decoded(&self, photo: &[u8]) -> std::result::Result<Prepared, DecodeError> {
        let decoded = |(number, prep): (usize, &PrepSpec)| {
            let working = |width, height| prep.working_bytes(width, height);
            let decoded = prep.decode_for(photo, &self.limits, &working)?;
            self.doubted.add(decoded.doubt.filter(|_| number == 0));
            Ok(prep.apply(&decoded.photo))
        };
        self.preparations.iter().enumerate().map(decoded).collect()
    }

    pub(super) fn checked(&self, picture: &Picture<'_>) -> std::result::Result<Prepared, DecodeError> {
        let photo = picture.checked(&self.limits)?;
        Ok(self.preparations.iter().map(|prep| prep.apply(&photo)).collect())
    }

    /// Prepares a batch at a time, and computes what can be prepared.
    pub(super) fn each<P: Sync, T>(
        &self,
        photos: &[P],
        prepare: impl Fn(&P) -> std::result::Result<Prepared, DecodeError> + Sync,
        compute: impl Fn(&[&Prepared]) -> Result<Vec<Option<T>>>,
    ) -> Vec<std::result::Result<T, DecodeError>> {
        let mut all = Vec::with_capacity(photos.len());
        for photos in photos.chunks(self.batch) {
            let prepared: Vec<std::result::Result<Prepared, DecodeError>> = photos.par_iter().map(&prepare).collect();
            let good: Vec<&Prepared> = prepared.iter().flatten().collect();
            let refused = |error: Error| DecodeError { kind: ProblemKind::TooLarge, detail: error.to_string() };
            let mut answers = compute(&good).map(Vec::into_iter).map_err(refused);
            let mut next = || match &mut answers {
                Ok(answers) => {
                    let answer = answers.next().expect("one answer for each photo that could be prepared");
                    answer.ok_or_else(no_answer)
                }
                Err(error) => Err(error.clone()),
            };
            all.extend(prepared.iter().map(|pixels| pixels.as_ref().map_err(Clone::clone).and_then(|_| next())));
        }
        all
    }

    /// One answer for each prepared photo, at most a batch of them; `None` where a model gives no finite numbers.
    pub(super) fn answer(&self, photos: &[&Prepared]) -> Result<Vec<Option<Prediction>>> {
        let looked = self.members.iter().map(|member| member.look(photos, self.is_scored));
        let looked = looked.collect::<Result<Vec<Looked>>>()?;
        let mut means = looked[0].probabilities.clone();
        for other in &looked[1..] {
            means.iter_mut().zip(&other.probabilities).for_each(|(sum, p)| *sum += p);
        }
        if looked.len() > 1 {
            to_means(&mut means, looked.len());
        }
        let classes = self.classes.len();
        let answer = |(photo, row): (usize, &[f64])| {
            let score = self.score(&looked, photo);
            let sure = self.level.map(|level| self.sure_set(&looked, photo, row, level));
            let told = (self.classes.as_slice(), self.top_k);
            row.iter().all(|p| p.is_finite()).then(|| Prediction::of(told, row, (score, self.threshold), sure))
        };
        Ok(means.chunks_exact(classes).enumerate().map(answer).collect())
    }

    /// How familiar a photo is to all models together, where that was asked for and each can tell.
    fn score(&self, looked: &[Looked], photo: usize) -> Option<f64> {
        if let [looked] = looked {
            return looked.scores.get(photo).copied();
        }
        let share = |(looked, member): (&Looked, &Member)| {
            Some(member.known.as_ref()?.scores.share_below(*looked.scores.get(photo)?))
        };
        let shares: Option<Vec<f64>> = looked.iter().zip(&self.members).map(share).collect();
        shares.map(|shares| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

fn no_answer() -> DecodeError {
    DecodeError { kind: ProblemKind::NoAnswer, detail: Error::NoAnswer { photo: None }.to_string() }
}
