//! Whether a model is measured on what it was trained on: then its figures say nothing about new photos.

use std::collections::HashSet;
use std::path::Path;

use super::Evaluation;
use crate::Result;
use crate::data::Part;
use crate::data::split;
use crate::run::{RunRecords, names};

impl Evaluation {
    /// Counts in [`Evaluation::trained`] which of the photos that were scored, all of `folder`, the run in `run` has trained on, and
    /// tells in [`Evaluation::unseen`] which parts have others; in [`Evaluation::judged`], which judged it. Of other data than the run's
    /// own, nothing is known.
    ///
    /// # Errors
    /// Where the run's settings or its split are there and cannot be read.
    pub fn count_trained(&mut self, run: &Path, folder: &Path) -> Result<()> {
        let split = run.join(names::SPLIT);
        let Some(data) = RunRecords::data_of(run)?.filter(|_| split.is_file()) else { return Ok(()) };
        // An address of a place elsewhere leads nowhere here, and is its own name.
        let is_same = match (data.canonicalize(), folder.canonicalize()) {
            (Ok(own), Ok(given)) => own == given,
            (Err(_), Err(_)) => data == folder,
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        };
        if is_same {
            let rows = split::rows(&split)?;
            let trained: HashSet<&str> =
                rows.iter().filter(|row| row.part == Part::Train).map(|row| row.path.as_str()).collect();
            let has = |part: &Part| rows.iter().any(|row| row.part == *part);
            self.unseen = [Part::Val, Part::Test].into_iter().filter(has).collect();
            let paths = self.rows.predictions.paths.iter();
            self.trained = Some(paths.clone().filter(|path| trained.contains(path.as_str())).count());
            let judging = rows.iter().filter(|row| row.part == Part::Val || row.fold.is_some());
            let judging: HashSet<&str> = judging.map(|row| row.path.as_str()).collect();
            self.judged = Some(paths.filter(|path| judging.contains(path.as_str())).count());
        }
        Ok(())
    }
}
