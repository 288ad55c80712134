//! What a run tells while it goes: events, to an observer that the caller brings (terminal, plain lines, JSON, nothing),
//! and the flag by which the caller stops it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::mistaken::Mistaken;
use super::notice::Notice;
use super::problem::Problem;

/// Said once, before the first step (design: JSON event `start`).
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct StartRecord {
    pub classes: Vec<String>,
    pub train_images: usize,
    /// Photos that judge; with `folds`, photos that train, too.
    pub val_images: usize,
    /// Only where no part validates: so many folds do, each judged by what the others taught.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// Only where there is a test part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_images: Option<usize>,
    pub skipped: usize,
    pub parameters: usize,
    pub isa: String,
    pub precision: String,
    /// The settings that it began with.
    pub recipe: String,
    /// Whose weights it starts from; left out where it starts from random ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<String>,
    /// What of them is trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tune: Option<String>,
}

/// One line of history.csv (epoch … seconds) and the JSON event `epoch`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    pub loss: f64,
    pub accuracy: f64,
    pub val_loss: f64,
    pub val_accuracy: f64,
    pub lr: f64,
    pub seconds: f64,
    pub images_per_second: f64,
    /// Mean recall of the classes on the validation part, where classes are balanced: by it, in place of `val_accuracy`, the best
    /// epoch is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub val_balanced_accuracy: Option<f64>,
    /// The loss on the validation part with the temperature that suits it best, where the best epoch is chosen by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub val_calibrated_loss: Option<f64>,
    /// Where the last layer alone is fitted, a row is no epoch but a strength of L2 regularization: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l2: Option<f64>,
}

impl EpochRecord {
    /// What its line begins with: `Epoch 3/15`, or `L2 0.05`.
    pub fn row(&self, epochs: usize) -> String {
        match self.l2 {
            Some(strength) => format!("L2 {strength}"),
            None => format!("Epoch {}/{epochs}", self.epoch),
        }
    }
}

/// What a step tells: means over the epoch so far, and the step's own learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StepFigures {
    pub loss: f64,
    pub accuracy: f64,
    pub lr: f64,
    pub seconds_per_step: f64,
}

/// Said at the end of a run (JSON event `end`).
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct EndRecord {
    pub best_epoch: usize,
    pub val_accuracy: f64,
    pub val_loss: f64,
    pub seconds: f64,
    pub peak_rss_bytes: u64,
    pub run: String,
    /// The best model on the test part, where there is one.
    #[serde(flatten)]
    pub test: Option<TestRecord>,
    /// What the figures rest on; `None` where the run did not come to its end.
    #[serde(flatten)]
    pub judged: Option<Judged>,
}

/// What the figures at the end of a run rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Judged {
    /// Photos that they were measured on.
    pub judged_images: usize,
    /// Only where these trained the model, too: the folds that they were judged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// 95 %.
    pub val_accuracy_interval: [f64; 2],
    /// Mean recall of the classes.
    pub val_balanced_accuracy: f64,
    /// The smallest class, where classes are uneven: see [`Judged::UNEVEN`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_class: Option<SmallestClass>,
    /// Which classes are taken for which, where that happens more than once: most often first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub most_mistaken: Vec<Mistaken>,
}

/// The smallest class among those that were judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SmallestClass {
    pub class: String,
    pub images: usize,
    pub recall: f64,
}

impl Judged {
    /// Classes are uneven where the largest has so many times the photos of the smallest: plain accuracy then says little of it.
    pub const UNEVEN: f64 = 1.5;
}

/// How good the best model is on photos that had no say in its training, nor in which epoch is the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TestRecord {
    pub test_accuracy: f64,
    /// After calibration, as `predict` gives probabilities.
    pub test_loss: f64,
    pub test_images: usize,
}

/// One fold of a cross-validation: the figures of its best epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FoldRecord {
    /// From 1.
    pub fold: usize,
    pub best_epoch: usize,
    pub val_accuracy: f64,
    pub val_loss: f64,
    pub run: String,
}

/// Said when all folds are done (JSON event `folds`; folds.json).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FoldsRecord {
    /// Of the folds' `val_accuracy`.
    pub mean: f64,
    /// Standard deviation of a sample (divided by folds - 1).
    pub deviation: f64,
    pub folds: Vec<FoldRecord>,
}

/// What happened.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Event<'a> {
    /// Entries of the folder seen so far.
    Listing { entries: usize },
    /// The folder was read.
    Found { files: usize, classes: &'a [String] },
    /// Photos decoded and resized so far.
    Preparing { done: usize, total: usize },
    /// Photos of which a frozen network's features were computed so far.
    Features { done: usize, total: usize },
    /// Bytes that were fetched so far, of a data set or of weights; of how many, where that was told.
    Downloading { done: u64, bytes: Option<u64> },
    /// Bytes of an archive that were unpacked so far.
    Unpacking { done: u64, bytes: u64 },
    /// The photos that cannot be used, once all were tried.
    Skipped { problems: &'a [Problem] },
    /// A fold of a cross-validation begins (both from 1).
    Fold { fold: usize, folds: usize },
    /// The split was made. Where `folds` is not 0, `val` is, and the training photos are judged by so many folds.
    Using { train: usize, val: usize, test: usize, folds: usize, classes: &'a [String] },
    /// Training starts.
    Start(&'a StartRecord),
    /// A stopped run goes on; these epochs it has done already. `best_epoch` as in [`Event::Epoch`].
    Resumed { history: &'a [EpochRecord], best_epoch: usize },
    /// A step of `epoch` (from 1) is done.
    Step { epoch: usize, epochs: usize, step: usize, steps: usize, figures: StepFigures },
    /// Validation of this epoch starts.
    Validating { epoch: usize },
    /// An epoch and its validation are done, and saved. `best_epoch` is the one whose model is kept so far (from 1).
    Epoch { epochs: usize, record: &'a EpochRecord, best_epoch: usize },
    /// All epochs are done: the best model is calibrated and measured, and the report is made.
    Reporting,
    /// Something worth a line: early stopping, a lowered rate, a slow path.
    Notice(&'a Notice),
    /// The run ended (also when it was stopped early by a callback).
    End(&'a EndRecord),
    /// All folds of a cross-validation are done.
    Folds(&'a FoldsRecord),
}

/// Receives events. Called from the thread that trains, or from decoding threads one at a time.
pub trait Observer: Send {
    /// Takes note of an event.
    fn event(&mut self, event: &Event<'_>);
}

/// An observer that ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _event: &Event<'_>) {}
}

/// A flag that asks a run to stop at the next step; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks for the stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
    /// Whether a stop was asked for.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// An observer that tells a run in plain lines on standard error, one an epoch, as Keras does with `verbose=2`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines;

impl Observer for Lines {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Epoch { epochs, record: r, .. } => eprintln!(
                "{} - {:.0}s - accuracy: {:.4} - loss: {:.4} - val_accuracy: {:.4} - val_loss: {:.4}",
                r.row(*epochs),
                r.seconds,
                r.accuracy,
                r.loss,
                r.val_accuracy,
                r.val_loss
            ),
            Event::Notice(notice) => eprintln!("{notice}"),
            _ => {}
        }
    }
}

/// Counts finished photos and tells the observer about every hundredth part, one event at a time and in order.
pub(crate) struct Counter<'a> {
    state: Mutex<(&'a mut dyn Observer, usize)>,
    total: usize,
}

impl<'a> Counter<'a> {
    /// Says that nothing is done yet.
    pub(crate) fn start(observer: &'a mut dyn Observer, total: usize) -> Self {
        observer.event(&Event::Preparing { done: 0, total });
        Counter { state: Mutex::new((observer, 0)), total }
    }

    /// One photo is done.
    pub(crate) fn one_more(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (observer, done) = &mut *state;
        let before = *done * 100 / self.total;
        *done += 1;
        if *done * 100 / self.total > before {
            observer.event(&Event::Preparing { done: *done, total: self.total });
        }
    }
}
