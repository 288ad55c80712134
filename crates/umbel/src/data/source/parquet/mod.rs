//! Tables of pictures as the Hugging Face hub keeps them: Parquet, with a column that holds a picture's bytes and path, and one that
//! holds its label, whose names lie in the file's own description. Such a file is written anew as a tar once, in the folder of the
//! cache, with what it tells of each picture beside them.
//! See <https://huggingface.co/docs/hub/datasets-image> and <https://parquet.apache.org/docs/file-format/>.

#[cfg(not(feature = "parquet"))]
#[path = "off.rs"]
mod reading;
#[cfg(feature = "parquet")]
#[path = "on.rs"]
mod reading;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::archive::ArchiveFault;
use super::listed::{Listed, Stopped};
use crate::base::problem::Problem;
use crate::base::regular;
pub use reading::tar;

/// The member of the tar that holds what was told. Hidden, so that it is never taken for a photo.
const TOLD: &str = ".umbel-told.json";

/// What a file tells of its pictures.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// Paths and classes.
    photos: Vec<(String, String)>,
    problems: Vec<Problem>,
}

/// Takes what is told out of the members of a tar that [`tar`] wrote.
pub fn take_told(tar: &Path, listed: &mut Listed<'_>) -> Result<(), Stopped> {
    let damaged = |detail: String| Stopped::from(ArchiveFault::Damaged(detail));
    let Some(at) = listed.found.iter().position(|(path, _)| path == TOLD) else {
        return Err(damaged("what it tells of its pictures is gone; delete it from the cache".to_string()));
    };
    let (_, member) = listed.found.remove(at);
    let mut text = vec![0; member.size as usize];
    let file = regular::open(tar).map_err(ArchiveFault::from)?;
    crate::base::positioned::read_exact_at(&file, &mut text, member.offset).map_err(ArchiveFault::from)?;
    let told: Told = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    listed.told.extend(told.photos);
    listed.problems.extend(told.problems);
    Ok(())
}
