//! How a folder is known as one that a training run has left, by whoever must not take it for photos.

use std::path::Path;

/// The settings, as `TrainConfig` is in TOML. The last file that a run begins with: where it is, the others are.
pub const CONFIG: &str = "config.toml";
/// Which photo is in which part.
pub const SPLIT: &str = "split.csv";
/// Lies there from before the first file is written until [`CONFIG`], the last, is there.
pub const PREPARING: &str = ".preparing";
/// Of a cross-validation: mean, deviation and figures of the folds.
pub const FOLDS_JSON: &str = "folds.json";

/// Whether a run or a cross-validation lies there.
pub fn is_one(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has(CONFIG) && (has(SPLIT) || has(FOLDS_JSON) || folder.join("fold-1").is_dir()) || has(PREPARING)
}

/// Whether `path`, which need not exist yet, lies in `folder`: asked of the closest ancestor that exists.
pub fn lies_inside(path: &Path, folder: &Path) -> bool {
    let (Ok(path), Ok(folder)) = (std::path::absolute(path), folder.canonicalize()) else { return false };
    path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok()).is_some_and(|real| real.starts_with(&folder))
}
