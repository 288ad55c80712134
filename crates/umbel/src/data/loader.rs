//! Batches of a dataset, made ahead by a thread of its own while the engine computes.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use super::Dataset;
use super::augment::Policy;
use crate::Result;
use crate::base::random::{Purpose, Stream};

/// Pixels `[n, size, size, 3]` in 0..=255 as `f32`, and labels.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Batch {
    pub images: Vec<f32>,
    pub labels: Vec<u32>,
}

/// What one pass over a dataset looks like.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct LoaderOptions {
    pub batch: usize,
    pub seed: u64,
    /// From 0; with the seed it names the order and the augmentations.
    pub epoch: u64,
    /// `true` shuffles (training), `false` keeps the dataset's order (validation).
    pub shuffle: bool,
    pub augment: Policy,
    /// How many batches to leave out at the start (a resumed epoch).
    pub skip_batches: usize,
}

/// Batches that lie ready while one is in use.
const AHEAD: usize = 2;

/// An iterator over the batches of one epoch; the last may be smaller. Give batches back with [`Loader::recycle`]. A batch
/// whose photos can no longer be read from the cache is an error, and the last that comes.
///
/// A batch is a function of the dataset and the options alone: a photo's augmentation is drawn from a stream keyed on
/// (seed, epoch, photo), so neither timing nor a resumed epoch changes it. Dropping the loader ends its thread. If the
/// thread panics, so does the next call of `next`: an epoch never ends early unnoticed.
#[derive(Debug)]
pub struct Loader {
    n_batches: usize,
    ready: Option<Receiver<Result<Batch>>>,
    used: Sender<Batch>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Starts making batches.
    ///
    /// # Panics
    /// If the system gives no thread.
    pub fn new(dataset: &Dataset, options: LoaderOptions) -> Self {
        let n_batches = dataset.len().div_ceil(options.batch.max(1));
        let (ready_sender, ready) = sync_channel(AHEAD);
        let (used, used_receiver) = channel();
        let dataset = dataset.clone();
        let thread = std::thread::Builder::new()
            .name("umbel-loader".to_string())
            .spawn(move || make_batches(&dataset, &options, &used_receiver, &ready_sender))
            .expect("the system has a thread left for the loader");
        Loader { n_batches, ready: Some(ready), used, thread: Some(thread) }
    }

    /// How many batches an epoch has in all (skipped ones included).
    pub fn n_batches(&self) -> usize {
        self.n_batches
    }

    /// Hands a used batch back, so that its memory is used again.
    pub fn recycle(&mut self, batch: Batch) {
        // A thread that has made its last batch no longer needs any.
        let _ = self.used.send(batch);
    }
}

impl Iterator for Loader {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        if let Ok(batch) = self.ready.as_ref()?.recv() {
            return Some(batch);
        }
        // The thread has ended: after the last batch, or by a panic, which is passed on.
        self.ready = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        None
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Without a receiver, the thread ends with the batch that it is making.
        self.ready = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn make_batches(dataset: &Dataset, options: &LoaderOptions, used: &Receiver<Batch>, ready: &SyncSender<Result<Batch>>) {
    let mut samples = dataset.samples.to_vec();
    if options.shuffle {
        Stream::new(options.seed, Purpose::Shuffle, options.epoch, 0).shuffle(&mut samples);
    }
    let mut photo = vec![0; dataset.prep().bytes()];
    for chunk in samples.chunks(options.batch.max(1)).skip(options.skip_batches) {
        let mut batch = used.try_recv().unwrap_or_default();
        let filled = fill(&mut batch, dataset, options, chunk, &mut photo);
        let failed = filled.is_err();
        if ready.send(filled.map(|()| batch)).is_err() || failed {
            return;
        }
    }
}

fn fill(
    batch: &mut Batch,
    dataset: &Dataset,
    options: &LoaderOptions,
    samples: &[(usize, u32)],
    photo: &mut [u8],
) -> Result<()> {
    let size = dataset.image_size();
    let image_values = photo.len();
    batch.images.resize(samples.len() * image_values, 0.0);
    batch.labels.clear();
    for (&(position, label), out) in samples.iter().zip(batch.images.chunks_exact_mut(image_values)) {
        dataset.cache.read_image(position, photo)?;
        let mut random = Stream::new(options.seed, Purpose::Augment, options.epoch, position as u64);
        options.augment.apply(size, photo, &mut random, out);
        batch.labels.push(label);
    }
    Ok(())
}
