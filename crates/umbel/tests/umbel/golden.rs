//! umbel against Keras (and timm, in `timm`): the files in `golden/data`, made by `golden/keras_golden.py`, hold what
//! Keras computes from the same weights, pictures, folders and factors. Every comparison gathers its largest error and
//! prints it (`cargo test golden -- --nocapture`); a failure lists them too.

mod augment;
mod files;
mod formula;
mod grouped;
#[cfg(feature = "heic")]
mod heic;
mod jpegs;
mod metrics;
mod networks;
mod resize;
mod sources;
mod split;
mod tiff;
mod timm;
