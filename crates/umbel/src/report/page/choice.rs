//! Which photos the page shows: samples of the data, the galleries, and those behind the cells of the confusion matrix.

use std::collections::{BTreeMap, HashSet};

use super::confusion;
use crate::base::random::{Purpose, Stream};
use crate::data::Part;
use crate::metrics::{Answers, Confusion};
use crate::run::{Predictions, RunRecords};

/// Photos in the galleries of mistakes and of unsure answers.
const GALLERY: usize = 12;
/// Photos that the data and the typical galleries show of each class, with few classes, and in all.
const OF_CLASS: usize = 4;
const OF_ALL: usize = 48;
/// Photos that are listed behind one cell, and behind all.
pub const BEHIND_CELL: usize = 60;
const BEHIND_ALL: usize = 4000;

/// The photos shown.
#[derive(Debug, Default)]
pub struct Choice {
    /// Classes that have training photos.
    pub classes: usize,
    /// Some training photos of each class, of very many of the first.
    pub samples: Vec<(String, Vec<String>)>,
    /// Mistakes, the surest first (of the true class's probability, the lowest).
    pub worst: Vec<Answer>,
    /// Whatever the answer, beside the worst mistakes: those where the two most likely classes lie closest.
    pub unsure: Vec<Answer>,
    /// Of each class, right and sure of it.
    pub typical: Vec<(String, Vec<Answer>)>,
    /// By true and predicted class; mistakes: the surest first, the others: the least sure first.
    pub cells: BTreeMap<(usize, usize), Vec<Answer>>,
}

/// What was said of one photo.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Relative to the data folder.
    pub path: String,
    pub label: usize,
    pub predicted: usize,
    /// The probability of the predicted class, and of the true one.
    pub confidence: f64,
    pub own: f64,
}

impl Choice {
    pub fn new(run: &RunRecords, measured: Option<&Predictions>) -> Self {
        let (classes, samples) = samples(run);
        let mut choice = Choice { classes, samples, ..Choice::default() };
        if let Some(predictions) = measured {
            choice.of_answers(predictions);
        }
        choice
    }

    fn of_answers(&mut self, predictions: &Predictions) {
        let Ok(known) = predictions.answers() else { return };
        let answers = answers(predictions, &known);
        let these = |places: Vec<usize>| places.into_iter().map(|place| answers[place].clone()).collect();
        let worst = known.worst_mistakes(GALLERY);
        let unsure = known.least_sure(2 * GALLERY).into_iter().filter(|place| !worst.contains(place));
        self.unsure = these(unsure.take(GALLERY).collect());
        self.worst = these(worst);
        let each = of_each(predictions.classes.len());
        let classes = predictions.classes.iter().enumerate().take(OF_ALL);
        self.typical = classes.map(|(class, name)| (name.clone(), these(known.most_typical(class, each)))).collect();
        // Where not every cell is shown, the others' photos would only weigh the page down.
        let shown = confusion::listed(&Confusion::new(&known));
        let shown: Option<HashSet<_>> = shown.map(|all| all.iter().map(|own| (own.class, own.taken_for)).collect());
        let is_shown = |own: &Answer| shown.as_ref().is_none_or(|shown| shown.contains(&(own.label, own.predicted)));
        self.behind_cells(answers.into_iter().filter(is_shown).collect());
    }

    fn behind_cells(&mut self, mut answers: Vec<Answer>) {
        let rank = |answer: &Answer| if answer.right() { answer.confidence } else { -answer.confidence };
        // Paths decide between equals, so that the page is the same again.
        answers.sort_by(|a, b| rank(a).total_cmp(&rank(b)).then_with(|| a.path.cmp(&b.path)));
        let mut listed = 0;
        for answer in answers {
            let cell = self.cells.entry((answer.label, answer.predicted)).or_default();
            if cell.len() < BEHIND_CELL && listed < BEHIND_ALL {
                cell.push(answer);
                listed += 1;
            }
        }
    }

    /// Photos that stand in the page itself.
    pub fn in_the_page(&self) -> impl Iterator<Item = &str> {
        let samples = self.samples.iter().flat_map(|(_, paths)| paths).map(String::as_str);
        let typical = self.typical.iter().flat_map(|(_, answers)| answers);
        samples.chain(self.worst.iter().chain(&self.unsure).chain(typical).map(|answer| answer.path.as_str()))
    }

    /// All paths, the most important first: what stands in the page, then one photo of each cell after another.
    pub fn paths(&self) -> Vec<&str> {
        let behind = (0..BEHIND_CELL).flat_map(|rank| self.cells.values().filter_map(move |cell| cell.get(rank)));
        let mut seen = HashSet::new();
        self.in_the_page().chain(behind.map(|answer| answer.path.as_str())).filter(|path| seen.insert(*path)).collect()
    }
}

impl Answer {
    pub fn right(&self) -> bool {
        self.label == self.predicted
    }
}

fn answers(predictions: &Predictions, known: &Answers<'_>) -> Vec<Answer> {
    let rows = predictions.paths.iter().zip(known.rows()).zip(known.predicted());
    let answer = |((path, (label, row)), predicted): ((&String, (usize, &[f64])), usize)| Answer {
        path: path.clone(),
        label,
        predicted,
        confidence: row[predicted],
        own: row[label],
    };
    rows.map(answer).collect()
}

/// How many classes there are, and photos of the training part, picked at random under the run's seed.
fn samples(run: &RunRecords) -> (usize, Vec<(String, Vec<String>)>) {
    let mut classes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in run.split.iter().filter(|row| row.part == Part::Train) {
        classes.entry(&row.class).or_default().push(&row.path);
    }
    let (all, each) = (classes.len(), of_each(classes.len()));
    let picked = classes.into_iter().enumerate().map(|(k, (class, mut paths))| {
        Stream::new(run.seed(), Purpose::Preview, 0, k as u64).shuffle(&mut paths);
        (class.to_string(), paths.into_iter().take(each).map(str::to_string).collect())
    });
    (all, picked.take(OF_ALL).collect())
}

fn of_each(classes: usize) -> usize {
    (OF_ALL / classes.max(1)).clamp(1, OF_CLASS)
}
