//! Photos that lie elsewhere, by copies of them that lie here.

use std::path::PathBuf;

use super::Source;
use super::archive::ArchiveFile;
use super::gather::Standing;
use super::members::Members;
use crate::Result;
use crate::base::problem::Problem;
use crate::base::progress::{Interrupt, Observer};
use crate::data::CacheOptions;

/// Files here that hold what lies elsewhere.
#[derive(Debug)]
pub enum Copies {
    /// Archives of the same names there.
    Archives(Vec<ArchiveFile>),
    /// Tars that hold the files of one folder, by their paths in it; and which of them could not be had.
    Folder(Vec<ArchiveFile>, Vec<Problem>),
}

impl Source {
    /// What lies at `root` elsewhere, as people know that place.
    ///
    /// # Errors
    /// Those of [`Source::open`].
    pub fn of_copies(
        root: PathBuf,
        copies: Copies,
        cache: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let (archives, standing, problems) = match copies {
            Copies::Archives(archives) => (archives, Standing::Archives, Vec::new()),
            Copies::Folder(tars, problems) => (tars, Standing::Folder, problems),
        };
        let mut members = Members::of(&archives, standing, cache, observer, interrupt)?;
        members.add_problems(problems);
        Self::of_members(root, members)
    }
}
