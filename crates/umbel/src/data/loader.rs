//! Batches of a dataset: photos are read ahead by a thread of its own while the engine computes, and augmented by the threads
//! of the engine, between two steps.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use rayon::prelude::*;

use super::Dataset;
use super::augment::Policy;
use super::augment::mixing::{Partner, mix};
use crate::Result;
use crate::base::augmentation::{Balance, Mixing};
use crate::base::random::{Purpose, Stream};

/// Pixels `[n, size, size, 3]` in 0..=255 as `f32`, and labels.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Batch {
    pub images: Vec<f32>,
    pub labels: Vec<u32>,
    /// What was mixed into each photo; empty where nothing is mixed.
    pub partners: Vec<Partner>,
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
    /// Photos of a batch mixed with each other.
    pub mixing: Mixing,
    /// With [`Balance::Sample`] (and shuffled) the classes come equally often; the others change nothing here.
    pub balance: Balance,
    /// Height and width of the pictures that come, up to the dataset's; `None`: the dataset's.
    pub image_size: Option<usize>,
    /// How many batches to leave out at the start (a resumed epoch).
    pub skip_batches: usize,
}

impl Default for LoaderOptions {
    /// One pass in the dataset's order, 32 at a time, nothing augmented.
    fn default() -> Self {
        LoaderOptions {
            batch: 32,
            seed: 0,
            epoch: 0,
            shuffle: false,
            augment: Policy::default(),
            mixing: Mixing::default(),
            balance: Balance::None,
            image_size: None,
            skip_batches: 0,
        }
    }
}

/// Batches whose photos lie ready while one is in use.
const AHEAD: usize = 2;

/// An iterator over the batches of one epoch; the last may be smaller. Give batches back with [`Loader::recycle`]. A batch
/// whose photos can no longer be read from the cache is an error, and the last that comes.
///
/// A thread reads the photos ahead, as a disk may keep it waiting. `next` augments them in rayon's current pool: a thread of
/// its own for that would take turns with those that compute, which wait for each other at every step.
///
/// A batch is a function of the dataset and the options alone: a photo's augmentation is drawn from a stream keyed on
/// (seed, epoch, photo), so neither timing nor a resumed epoch changes it. Dropping the loader ends its thread. If the
/// thread panics, so does the next call of `next`: an epoch never ends early unnoticed.
#[derive(Debug)]
pub struct Loader {
    options: LoaderOptions,
    n_batches: usize,
    /// Height and width of the photos as they are read, and of the pictures that come.
    sizes: (usize, usize),
    ready: Option<Receiver<Result<Photos>>>,
    used: Sender<Photos>,
    spare: Vec<Batch>,
    thread: Option<JoinHandle<()>>,
    /// Where the system gave no thread: what is still to be read, by the caller's.
    here: Option<Here>,
}

/// The batches that are still to come, last first.
#[derive(Debug)]
struct Here {
    dataset: Dataset,
    batches: Vec<Vec<Turn>>,
    /// Used and to be filled again.
    photos: Photos,
}

/// The photos of a batch as they lie in the cache.
#[derive(Debug, Default)]
struct Photos {
    pixels: Vec<u8>,
    turns: Vec<Turn>,
}

impl Loader {
    /// Starts reading. Where the system gives no thread for it, the batches are read when they are asked for.
    pub fn new(dataset: &Dataset, options: LoaderOptions) -> Self {
        let n_batches = dataset.len().div_ceil(options.batch.max(1));
        let (ready_sender, ready) = sync_channel(AHEAD);
        let (used, used_receiver) = channel();
        let sizes = (dataset.image_size(), options.image_size.unwrap_or(dataset.image_size()));
        let (whole, dataset, how) = (dataset.clone(), dataset.clone(), options.clone());
        let thread = std::thread::Builder::new()
            .name("umbel-loader".to_string())
            .spawn(move || read_batches(&dataset, &how, &used_receiver, &ready_sender))
            .ok();
        let here = thread.is_none().then(|| Here::new(whole, &options));
        Loader { options, n_batches, sizes, ready: Some(ready), used, spare: Vec::new(), thread, here }
    }

    /// How many batches an epoch has in all (skipped ones included).
    pub fn n_batches(&self) -> usize {
        self.n_batches
    }

    /// Hands a used batch back, so that its memory is used again.
    pub fn recycle(&mut self, batch: Batch) {
        self.spare.push(batch);
    }

    /// Augments the photos, and mixes them.
    fn augment(&self, Photos { pixels, turns }: &Photos, batch: &mut Batch) {
        let (options, (from, size)) = (&self.options, self.sizes);
        let (photo_bytes, image_values) = (from * from * 3, size * size * 3);
        batch.images.resize(turns.len() * image_values, 0.0);
        let images = batch.images.par_chunks_exact_mut(image_values);
        images.zip(pixels.par_chunks_exact(photo_bytes)).zip(turns).for_each(|((out, photo), turn)| {
            let mut random = Stream::new(options.seed, Purpose::Augment, options.epoch, turn.name());
            options.augment.apply_to(from, photo, &mut random, size, out);
        });
        batch.labels.clear();
        batch.labels.extend(turns.iter().map(|turn| turn.label));
        let (key, names) = ((options.seed, options.epoch), turns.iter().map(Turn::name));
        batch.partners = mix(&options.mixing, key, names, size, &mut batch.images, &batch.labels);
    }
}

impl Iterator for Loader {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        if let Some(mut here) = self.here.take() {
            let photos = match here.next()? {
                Ok(photos) => photos,
                Err(error) => return Some(Err(error)),
            };
            let mut batch = self.spare.pop().unwrap_or_default();
            self.augment(&photos, &mut batch);
            here.photos = photos;
            self.here = Some(here);
            return Some(Ok(batch));
        }
        match self.ready.as_ref()?.recv() {
            Ok(Ok(photos)) => {
                let mut batch = self.spare.pop().unwrap_or_default();
                self.augment(&photos, &mut batch);
                // A thread that has read its last batch no longer needs any.
                let _ = self.used.send(photos);
                return Some(Ok(batch));
            }
            Ok(Err(error)) => return Some(Err(error)),
            Err(_) => {}
        }
        // The thread has ended: after the last batch, or by a panic, which is passed on.
        self.ready = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        None
    }
}

impl Here {
    fn new(dataset: Dataset, options: &LoaderOptions) -> Self {
        let turns = turns(&dataset, options);
        let mut batches: Vec<Vec<Turn>> =
            turns.chunks(options.batch.max(1)).skip(options.skip_batches).map(<[Turn]>::to_vec).collect();
        batches.reverse();
        Here { dataset, batches, photos: Photos::default() }
    }

    fn next(&mut self) -> Option<Result<Photos>> {
        let turns = self.batches.pop()?;
        Some(read(std::mem::take(&mut self.photos), &self.dataset, &turns))
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Without a receiver, the thread ends with the batch that it is reading.
        self.ready = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A photo's turn in an epoch.
#[derive(Clone, Copy, Debug)]
struct Turn {
    position: usize,
    label: u32,
    /// How often the photo came before in this epoch.
    again: u64,
}

impl Turn {
    /// Names the photo among all of the epoch; its position alone, where it comes once.
    fn name(&self) -> u64 {
        self.position as u64 | (self.again << 40)
    }
}

/// The photos of an epoch in their order.
fn turns(dataset: &Dataset, options: &LoaderOptions) -> Vec<Turn> {
    let once = |&(position, label): &(usize, u32)| Turn { position, label, again: 0 };
    let mut turns: Vec<Turn> = dataset.samples.iter().map(once).collect();
    if options.shuffle {
        if options.balance == Balance::Sample {
            turns = balanced(turns, dataset.class_names().len(), options);
        }
        Stream::new(options.seed, Purpose::Shuffle, options.epoch, 0).shuffle(&mut turns);
    }
    turns
}

/// As many turns as before, the classes in turn, each class's photos in a random order, from the start again where they end.
fn balanced(turns: Vec<Turn>, classes: usize, options: &LoaderOptions) -> Vec<Turn> {
    let n = turns.len();
    let mut by_class = vec![Vec::new(); classes];
    for turn in turns {
        by_class[turn.label as usize].push(turn);
    }
    for (class, turns) in by_class.iter_mut().enumerate() {
        Stream::new(options.seed, Purpose::Balance, options.epoch, class as u64).shuffle(turns);
    }
    by_class.retain(|turns| !turns.is_empty());
    // Which classes get the one turn more, where it does not come out even, is another matter in each epoch.
    Stream::new(options.seed, Purpose::Balance, options.epoch, classes as u64).shuffle(&mut by_class);
    let turn = |index: usize| {
        let (class, round) = (&by_class[index % by_class.len()], index / by_class.len());
        Turn { again: (round / class.len()) as u64, ..class[round % class.len()] }
    };
    (0..n).map(turn).collect()
}

fn read_batches(
    dataset: &Dataset,
    options: &LoaderOptions,
    used: &Receiver<Photos>,
    ready: &SyncSender<Result<Photos>>,
) {
    for turns in turns(dataset, options).chunks(options.batch.max(1)).skip(options.skip_batches) {
        let photos = read(used.try_recv().unwrap_or_default(), dataset, turns);
        let failed = photos.is_err();
        if ready.send(photos).is_err() || failed {
            return;
        }
    }
}

fn read(mut photos: Photos, dataset: &Dataset, turns: &[Turn]) -> Result<Photos> {
    let bytes = dataset.prep().bytes();
    photos.pixels.resize(turns.len() * bytes, 0);
    for (turn, photo) in turns.iter().zip(photos.pixels.chunks_exact_mut(bytes)) {
        dataset.cache.read_image(turn.position, photo)?;
    }
    photos.turns.clear();
    photos.turns.extend_from_slice(turns);
    Ok(photos)
}
