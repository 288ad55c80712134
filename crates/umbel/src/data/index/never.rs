//! What lies among photos and is never data: what systems leave there, and folders of training runs.

use std::path::Path;

use crate::base::never::{self, Never};
use crate::base::remark::NeverData;
use crate::base::run_folder;

/// What a file or folder is that is never data, if it is such.
pub fn is_never_data(path: &Path, is_folder: bool) -> Option<NeverData> {
    match never::by_name(path.file_name().unwrap_or_default(), is_folder) {
        Some(Never::AppleDouble) => Some(NeverData::AppleDouble),
        Some(Never::HiddenFile) => Some(NeverData::HiddenFile),
        Some(Never::HiddenFolder) => Some(NeverData::HiddenFolder),
        Some(Never::SystemFolder) => Some(NeverData::SystemFolder),
        None => (is_folder && run_folder::is_one(path)).then_some(NeverData::RunFolder),
    }
}
