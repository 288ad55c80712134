//! A run's event files for TensorBoard: figures after every epoch, nine training photos at the start, and the confusion
//! matrix at the end. They are an extra: where they cannot be written, that is said, and the run goes on.

use std::path::Path;

use super::config::TrainConfig;
use super::run_folder::RunFolder;
use crate::base::error::with_causes;
use crate::base::fonts::Fonts;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Observer};
use crate::base::random::{Purpose, Stream};
use crate::base::regular;
use crate::data::Dataset;
use crate::report::grid::{self, Cell};
use crate::report::tensorboard::{Curve, Picture, TensorBoard};
use crate::run::names;
use crate::{Error, Result};

/// The photos shown, and how many stand beside each other.
const SAMPLES: usize = 9;
const COLUMNS: usize = 3;

/// The event files, where the run is to have them.
pub(super) struct Board(Option<TensorBoard>);

impl Board {
    pub fn open(run: &RunFolder, config: &TrainConfig, observer: &mut dyn Observer) -> Self {
        if !config.tensorboard {
            return Board(None);
        }
        match TensorBoard::open(&run.path().join(names::TENSORBOARD)) {
            Ok(board) => Board(Some(board)),
            Err(error) => {
                tell(&error, observer);
                Board(None)
            }
        }
    }

    /// Nine training photos as the network takes them, before augmentation: plots/samples.png.
    pub fn samples(
        &mut self,
        run: &RunFolder,
        train: &Dataset,
        (seed, fonts): (u64, &Fonts),
        observer: &mut dyn Observer,
    ) {
        self.attempt(observer, |board| {
            let labels = fonts.labels(train.class_names());
            let mut order: Vec<usize> = (0..train.len()).collect();
            Stream::new(seed, Purpose::Preview, 0, 0).shuffle(&mut order);
            let cell = |&index: &usize| {
                let (pixels, label) = train.picture(index)?;
                Ok(Cell { caption: labels[label].clone(), size: train.image_size(), pixels })
            };
            let cells = order.iter().take(SAMPLES).map(cell).collect::<Result<Vec<Cell>>>()?;
            run.plots()?;
            let path = names::plot(run.path(), names::SAMPLES);
            grid::write_png(&path, COLUMNS, &cells, fonts)?;
            let description = "Training photos, prepared as the network takes them, before augmentation.";
            board.picture(Curve::Training, &Picture { tag: "samples", description, step: 0, png: &read(&path)? })
        });
    }

    /// The picture of the confusion matrix, after `epochs` epochs.
    pub fn confusion(&mut self, png: &Path, epochs: usize, best_epoch: usize, observer: &mut dyn Observer) {
        self.attempt(observer, |board| {
            let description = format!("The model of epoch {best_epoch}, the best, on the validation part.");
            let step = epochs.saturating_sub(1) as u64;
            let picture = Picture { tag: "confusion_matrix", description: &description, step, png: &read(png)? };
            board.picture(Curve::Validation, &picture)
        });
    }

    /// An observer that writes every epoch down and passes everything on.
    pub fn watch<'a>(&'a mut self, inner: &'a mut dyn Observer) -> Watch<'a> {
        Watch { board: self, inner }
    }

    /// The first failure is told, and the last: nothing more is written.
    fn attempt(&mut self, observer: &mut dyn Observer, work: impl FnOnce(&mut TensorBoard) -> Result<()>) {
        if let Some(board) = &mut self.0
            && let Err(error) = work(board)
        {
            tell(&error, observer);
            self.0 = None;
        }
    }
}

/// See [`Board::watch`].
pub(super) struct Watch<'a> {
    board: &'a mut Board,
    inner: &'a mut dyn Observer,
}

impl Observer for Watch<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.inner.event(event);
        match event {
            // A run that was killed between its checkpoint and its event file left an epoch out.
            Event::Resumed { history, .. } => {
                self.board.attempt(self.inner, |board| history.iter().try_for_each(|record| board.epoch(record)));
            }
            Event::Epoch { record, .. } => self.board.attempt(self.inner, |board| board.epoch(record)),
            _ => {}
        }
    }
}

fn tell(error: &Error, observer: &mut dyn Observer) {
    observer.event(&Event::Notice(&Notice::TensorboardStopped { error: with_causes(error) }));
}

fn read(path: &Path) -> Result<Vec<u8>> {
    Ok(regular::read(path, regular::TABLE).map_err(|source| umbel_predict::Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?)
}
