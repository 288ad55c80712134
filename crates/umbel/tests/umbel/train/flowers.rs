//! What the training tests share: drawn flowers, a network small enough for them, and an observer that stops a run.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use umbel::base::notice::Notice;
use umbel::base::progress::{Event, Interrupt, Observer};
use umbel::data::{CacheOptions, Dataset, DatasetOptions, PrepSpec, image_dataset_from_directory};
use umbel::nn::layers::{Activation, Dense, Dropout, Flatten, RandomFlip, RandomRotation, Rescaling};
use umbel::nn::{Model, Sequential};
use umbel::train::{FitOptions, FitOutcome, fit};

pub const SIZE: u32 = 32;
pub const PER_CLASS: usize = 8;

/// The same network as [`network`], with batch norm, for `--model FILE.toml`.
pub const TOML: &str = r#"
[[layer]]
kind = "random_flip"
mode = "horizontal"
[[layer]]
kind = "rescaling"
scale = 0.003921569
[[layer]]
kind = "flatten"
[[layer]]
kind = "dropout"
rate = 0.2
[[layer]]
kind = "dense"
units = 16
activation = "relu"
[[layer]]
kind = "dense"
units = 5
"#;

struct Shared {
    folder: tempfile::TempDir,
    cache: tempfile::TempDir,
    parts: (Dataset, Dataset),
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        umbel::demo::write_folder(folder.path(), PER_CLASS, 48, 1).unwrap();
        let options = dataset_options(cache.path());
        let parts = image_dataset_from_directory(folder.path(), &options).unwrap();
        Shared { folder, cache, parts }
    })
}

/// A folder of five classes with eight drawn flowers each. Shared: never written to.
pub fn folder() -> &'static Path {
    shared().folder.path()
}

/// A cache folder for these.
pub fn cache() -> PathBuf {
    shared().cache.path().to_owned()
}

/// Small pictures, and a cache of the tests' own.
pub fn dataset_options(cache: &Path) -> DatasetOptions {
    DatasetOptions {
        prep: PrepSpec { image_size: SIZE, ..PrepSpec::default() },
        cache: CacheOptions { folder: cache.to_owned(), max_bytes: 1 << 30, ..CacheOptions::default() },
        ..DatasetOptions::default()
    }
}

/// The training and validation parts of [`folder`].
pub fn parts() -> (&'static Dataset, &'static Dataset) {
    let (train, val) = &shared().parts;
    (train, val)
}

/// Every kind of randomness is in it: initial weights, augmentation, dropout, order.
pub fn network() -> Sequential {
    Sequential::new((SIZE as usize, SIZE as usize, 3))
        .add(RandomFlip::horizontal())
        .add(RandomRotation::new(0.1))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Flatten)
        .add(Dropout::new(0.2))
        .add(Dense::new(16).activation(Activation::Relu))
        .add(Dense::new(5))
}

pub fn model() -> Model {
    Model::new(network(), 7).unwrap()
}

/// Four steps an epoch.
pub fn options() -> FitOptions {
    FitOptions { epochs: 4, batch: 9, seed: 7, ..FitOptions::default() }
}

/// [`fit`] with nobody watching and nobody stopping.
pub fn quiet_fit(model: &mut Model, options: &FitOptions) -> umbel::Result<FitOutcome> {
    let (train, val) = parts();
    fit(model, train, val, options, &mut umbel::base::progress::Silent, &Interrupt::default())
}

/// Asks for a stop when it has seen an event for which `when` holds; keeps the notices.
pub struct StopWhen<F> {
    pub when: F,
    pub interrupt: Interrupt,
    pub notices: Vec<Notice>,
}

impl<F: FnMut(&Event<'_>) -> bool + Send> StopWhen<F> {
    pub fn new(when: F) -> Self {
        StopWhen { when, interrupt: Interrupt::default(), notices: Vec::new() }
    }
}

impl<F: FnMut(&Event<'_>) -> bool + Send> Observer for StopWhen<F> {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Notice(notice) = event {
            self.notices.push((*notice).clone());
        }
        if (self.when)(event) {
            self.interrupt.request();
        }
    }
}
