//! How sure an answer must be: for all classes, and for single ones.

use umbel::predict::{Familiar, Prediction};

use crate::exit::usage;

/// The least confidence of an answer that is believed.
#[derive(Debug)]
pub struct Sure {
    all: f64,
    single: Vec<(String, f64)>,
    asked: bool,
}

impl Sure {
    /// Of what was given, for a model of these classes.
    pub fn new(all: Option<f64>, single: &[(String, f64)], classes: &[String]) -> anyhow::Result<Self> {
        if let Some((class, _)) = single.iter().find(|(class, _)| !classes.contains(class)) {
            let known = umbel::base::listed::listed(classes);
            return Err(usage(format!("--threshold names the class {class:?}, but the model's classes are {known}")));
        }
        let asked = all.is_some() || !single.is_empty();
        Ok(Sure { all: all.unwrap_or(0.0), single: single.to_vec(), asked })
    }

    /// Whether an answer is sure enough; `None` where nobody asked. What is unknown is nothing to be sure of.
    pub fn of(&self, prediction: &Prediction) -> Option<bool> {
        let is_unknown = matches!(prediction.familiarity, Some(Familiar { unknown: true, .. }));
        let own = self.single.iter().rev().find(|(class, _)| *class == prediction.class);
        let least = own.map_or(self.all, |(_, least)| *least);
        self.asked.then_some(!is_unknown && prediction.confidence >= least)
    }
}
