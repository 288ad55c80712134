//! Event files for TensorBoard, laid out as Keras' `TensorBoard` callback lays them out: `train/` and `validation/`, with
//! `epoch_loss`, `epoch_accuracy` and `epoch_learning_rate`, steps counted from 0. TensorBoard may look while they grow.
//!
//! The format: <https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto>.

mod event;
mod log;
mod protobuf;
mod record;

use std::path::Path;

use self::event::{Event, Summary};
use self::log::EventLog;
use crate::Result;
use crate::base::progress::EpochRecord;

const LOSS: &str = "epoch_loss";
const ACCURACY: &str = "epoch_accuracy";
const LEARNING_RATE: &str = "epoch_learning_rate";

/// Which of the two curves something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Curve {
    Training,
    Validation,
}

/// A picture for TensorBoard's page of images.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Picture<'a> {
    /// Its name there, as `confusion_matrix`.
    pub tag: &'a str,
    /// What it shows, in a sentence (Markdown).
    pub description: &'a str,
    /// The epoch, counted from 0.
    pub step: u64,
    /// The PNG file's bytes.
    pub png: &'a [u8],
}

/// The event files of one run. What they hold already is never written again: a run that was stopped, at whatever moment,
/// goes on in a new file beside the old one, and TensorBoard reads both.
///
/// `umbel::pipeline` keeps one for every run with [`tensorboard`](crate::pipeline::TrainConfig::tensorboard); a program
/// that calls [`fit`](crate::train::fit()) calls [`TensorBoard::epoch`] from its
/// [`Observer`](crate::base::progress::Observer).
#[derive(Debug)]
pub struct TensorBoard {
    training: EventLog,
    validation: EventLog,
}

impl TensorBoard {
    /// Opens `folder/train` and `folder/validation`, made where they are not there. Files there that are damaged, as after
    /// a power cut, are read as far as they are whole.
    pub fn open(folder: &Path) -> Result<Self> {
        Ok(TensorBoard {
            training: EventLog::open(&folder.join("train"))?,
            validation: EventLog::open(&folder.join("validation"))?,
        })
    }

    /// Writes the figures of an epoch, unless they are there.
    pub fn epoch(&mut self, record: &EpochRecord) -> Result<()> {
        let step = record.epoch.saturating_sub(1) as u64;
        self.training.scalars(step, &[(LOSS, record.loss), (ACCURACY, record.accuracy), (LEARNING_RATE, record.lr)])?;
        self.validation.scalars(step, &[(LOSS, record.val_loss), (ACCURACY, record.val_accuracy)])
    }

    /// Writes a picture, unless there is one of this tag and step (or a later step).
    pub fn picture(&mut self, curve: Curve, picture: &Picture<'_>) -> Result<()> {
        let log = match curve {
            Curve::Training => &mut self.training,
            Curve::Validation => &mut self.validation,
        };
        log.append(&Event { step: picture.step, tag: picture.tag, summary: Summary::Picture(*picture) })
    }
}

impl EventLog {
    fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) -> Result<()> {
        for &(tag, value) in scalars {
            // Keras writes single precision, and TensorBoard shows no more.
            self.append(&Event { step, tag, summary: Summary::Scalar(value as f32) })?;
        }
        Ok(())
    }
}
