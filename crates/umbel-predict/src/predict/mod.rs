//! Model file + photo → class and confidence.

mod answer;
mod buffers;
mod doubted;
mod files;
mod picture;
mod scoring;

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

pub use self::answer::{ClassProbability, Familiar, Prediction, UNKNOWN};
use self::buffers::Buffers;
use self::doubted::Doubted;
pub use self::files::{Found, expand_paths, search, search_but};
pub use self::picture::Picture;
use crate::base::budget::MemoryBudget;
use crate::base::pool::Pool;
use crate::base::problem::ProblemKind;
use crate::base::settings::{positive, within};
use crate::base::threads;
use crate::decode::{DecodeError, Doubt, Limits, read_file};
use crate::metrics::{KnownPictures, softmax};
use crate::model_file::ModelFile;
use crate::nn::{Cpu, Engine, Model};
use crate::prepare::PrepSpec;
use crate::views::{Tta, Views};
use crate::{Error, Result};

/// A loaded model, ready for photos. Threads may share one: each call takes buffers of its own, which are made when so many
/// are in use for the first time and kept from then on; the answers have the same bits from any thread.
#[derive(Debug)]
pub struct Predictor {
    engine: Arc<dyn Engine>,
    /// Photos that are computed at a time.
    batch: usize,
    model: Model,
    classes: Vec<String>,
    prep: PrepSpec,
    temperature: f64,
    limits: Limits,
    buffers: Pool<Buffers>,
    known: Option<KnownPictures>,
    /// Whether each photo's familiarity is told.
    is_scored: bool,
    /// Below it, a picture is unknown; `None`: not asked.
    threshold: Option<f64>,
    /// The step whose output the last layer reads, and how many numbers of one photo.
    last_input: Option<(usize, usize)>,
    /// `None`: every photo is looked at once.
    views: Option<Views>,
    top_k: usize,
    doubted: Doubted,
}

impl Predictor {
    /// Takes a model, to run on this machine's CPU; photos are computed `batch` at a time, and `top_k` classes are named (at
    /// most all).
    ///
    /// # Errors
    /// Those of [`Predictor::on`].
    pub fn new(file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        Self::on(Arc::new(Cpu::best()), file, batch, top_k)
    }

    /// The same by this engine, in `f32`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a batch or a number of classes of 0, [`Error::Model`] where the parts of `file` do not fit each other,
    /// [`Error::OutOfMemory`].
    pub fn on(engine: Arc<dyn Engine>, file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        positive("batch", batch)?;
        positive("top", top_k)?;
        file.check().map_err(Error::Model)?;
        threads::ready()?;
        let temperature = file.temperature();
        let ModelFile { model, classes, prep, known, .. } = file;
        let last_input = model.last_input()?;
        let buffers = Pool::new(Buffers::new(&*engine, &model, batch)?);
        Ok(Predictor {
            engine,
            batch,
            model,
            top_k: top_k.min(classes.len()),
            classes,
            prep,
            temperature,
            limits: Limits::within(&MemoryBudget::default()),
            buffers,
            known,
            is_scored: false,
            threshold: None,
            last_input,
            views: None,
            doubted: Doubted::default(),
        })
    }

    /// With other limits on what a photo may cost than the default ones, under a [`MemoryBudget`] of their own.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers [`UNKNOWN`] where a photo is unlike those that the model was trained on. The threshold is such that this
    /// share (above 0, up to 1) of good photos, as the validation part had them, keeps its class.
    ///
    /// # Errors
    /// [`Error::Setting`] where the share is out of range, [`Error::NoKnownPictures`] where the model file was made before known
    /// pictures were measured.
    pub fn keep(mut self, share: f64) -> Result<Self> {
        within("keep", share, "a share above 0, up to 1, for instance 0.95", share > 0.0 && share <= 1.0)?;
        let known = self.known.as_ref().ok_or(Error::NoKnownPictures)?;
        self.threshold = Some(known.scores.threshold(share));
        self.is_scored = true;
        Ok(self)
    }

    /// Tells each photo's familiarity ([`Prediction::score`]), where the model file says what known pictures are like; none
    /// is called unknown for it.
    pub fn scored(mut self) -> Self {
        self.is_scored = true;
        self
    }

    /// What the model remembers of the pictures that it knows; `None` where it was not measured.
    pub fn known(&self) -> Option<&KnownPictures> {
        self.known.as_ref()
    }

    /// Averages the probabilities over several looks at each photo ([`Views`]; test-time augmentation). Whether a photo is
    /// unknown is told by the photo itself.
    pub fn with_views(mut self, tta: Tta) -> Self {
        self.views = Some(Views::new(tta, &self.model.architecture().augmentation()));
        self
    }

    /// How many of the photos so far hold numbers that hardly can be meant as the model takes them, and which: most likely it
    /// saw next to nothing of these. `None`: not one.
    pub fn doubtful(&self) -> Option<(usize, Doubt)> {
        self.doubted.told()
    }

    /// The class names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Predicts photos given as file contents; each answer stands at its photo's place. Where another thread is at work and
    /// there is no memory for a second one, each answer says so; a photo that the model has no finite number for is
    /// [`ProblemKind::NoAnswer`].
    pub fn predict<P: AsRef<[u8]>>(&self, photos: &[P]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        let photos: Vec<&[u8]> = photos.iter().map(AsRef::as_ref).collect();
        self.predict_from(&photos, |photo| Ok(*photo))
    }

    /// The same of what `read` brings when its turn comes, so that no more files are in memory than are worked on. What it cannot
    /// bring is that photo's error.
    pub fn predict_from<S: Sync, B: AsRef<[u8]>>(
        &self,
        sources: &[S],
        read: impl Fn(&S) -> std::result::Result<B, DecodeError> + Sync,
    ) -> Vec<std::result::Result<Prediction, DecodeError>> {
        let prepare = |source: &S| self.decoded(read(source)?.as_ref());
        self.each(sources, prepare, |buffers, photos| self.answer(buffers, photos))
    }

    /// The same of pictures in memory. [`ProblemKind::Damaged`] where there are not three bytes for each pixel, or no pixel;
    /// [`ProblemKind::TooLarge`] where there are more than the limits allow.
    pub fn predict_pictures(&self, pictures: &[Picture<'_>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        self.each(pictures, |picture| self.checked(picture), |buffers, photos| self.answer(buffers, photos))
    }

    /// Predicts the photo in one file.
    pub fn predict_file(&self, path: &Path) -> Result<Prediction> {
        let bytes = read_file(path, &self.limits);
        let answer = bytes.and_then(|bytes| self.predict(&[bytes]).remove(0));
        answer.map_err(|error| Error::UnreadablePhoto { path: path.to_owned(), detail: error.detail })
    }

    /// The features by which pictures are told to be alike ([`Infer::infer_with_features`](crate::nn::engine::Infer::infer_with_features)) of photos given as file contents;
    /// errors are those of [`Predictor::predict`].
    pub fn features<P: AsRef<[u8]>>(&self, photos: &[P]) -> Vec<std::result::Result<Vec<f32>, DecodeError>> {
        let photos: Vec<&[u8]> = photos.iter().map(AsRef::as_ref).collect();
        self.each(&photos, |photo| self.decoded(photo), |buffers, photos| self.seen(buffers, photos))
    }

    /// The same of pictures in memory; errors are those of [`Predictor::predict_pictures`].
    pub fn features_of_pictures(&self, pictures: &[Picture<'_>]) -> Vec<std::result::Result<Vec<f32>, DecodeError>> {
        self.each(pictures, |picture| self.checked(picture), |buffers, photos| self.seen(buffers, photos))
    }

    fn decoded(&self, photo: &[u8]) -> std::result::Result<Vec<u8>, DecodeError> {
        let working = |width, height| self.prep.working_bytes(width, height);
        let decoded = self.prep.decode_for(photo, &self.limits, &working)?;
        self.doubted.add(decoded.doubt);
        Ok(self.prep.apply(&decoded.photo))
    }

    fn checked(&self, picture: &Picture<'_>) -> std::result::Result<Vec<u8>, DecodeError> {
        picture.checked(&self.limits).map(|photo| self.prep.apply(&photo))
    }

    /// Prepares a batch at a time, and computes what can be prepared.
    fn each<P: Sync, T>(
        &self,
        photos: &[P],
        prepare: impl Fn(&P) -> std::result::Result<Vec<u8>, DecodeError> + Sync,
        compute: impl Fn(&mut Buffers, &[&Vec<u8>]) -> Vec<Option<T>>,
    ) -> Vec<std::result::Result<T, DecodeError>> {
        let mut all = Vec::with_capacity(photos.len());
        for photos in photos.chunks(self.batch) {
            let prepared: Vec<std::result::Result<Vec<u8>, DecodeError>> = photos.par_iter().map(&prepare).collect();
            let good: Vec<&Vec<u8>> = prepared.iter().flatten().collect();
            let make = || Buffers::new(&*self.engine, &self.model, self.batch);
            let answers = self.buffers.lend(make, |buffers| compute(buffers, &good));
            let refused = |error: Error| DecodeError { kind: ProblemKind::TooLarge, detail: error.to_string() };
            let mut answers = answers.map(Vec::into_iter).map_err(refused);
            let mut next = || match &mut answers {
                Ok(answers) => {
                    let answer = answers.next().expect("one answer for each photo that could be prepared");
                    answer.ok_or_else(no_answer)
                }
                Err(error) => Err(error.clone()),
            };
            all.extend(prepared.iter().map(|pixels| pixels.as_ref().map_err(Clone::clone).and_then(|_| next())));
        }
        all
    }

    /// One answer for each prepared photo, at most a batch of them; `None` where the model gives no finite numbers.
    fn answer(&self, buffers: &mut Buffers, photos: &[&Vec<u8>]) -> Vec<Option<Prediction>> {
        let classes = self.classes.len();
        let (mut probabilities, scores) = self.look(buffers, photos);
        if let Some(views) = self.views {
            let looks: Vec<Vec<Vec<u8>>> = photos.par_iter().map(|photo| views.of(&self.prep, photo)).collect();
            // The first look is the photo itself, which is done.
            for view in 1..views.count() {
                let photos: Vec<&Vec<u8>> = looks.iter().map(|looks| &looks[view]).collect();
                let (more, _) = self.look(buffers, &photos);
                probabilities.iter_mut().zip(more).for_each(|(sum, p)| *sum += p);
            }
            // `min` would make 1 of what is no number.
            let mean = |sum: f64| sum / views.count() as f64;
            probabilities.iter_mut().for_each(|sum| *sum = if sum.is_nan() { f64::NAN } else { mean(*sum).min(1.0) });
        }
        let mut scores = scores.into_iter();
        let answer = |row: &[f64]| {
            let score = scores.next();
            row.iter()
                .all(|p| p.is_finite())
                .then(|| Prediction::of((&self.classes, self.top_k), row, (score, self.threshold)))
        };
        probabilities.chunks_exact(classes).map(answer).collect()
    }

    /// Probabilities of prepared photos (NaN for those that the model gives no finite number for), and how familiar each is where that was asked for.
    fn look(&self, buffers: &mut Buffers, photos: &[&Vec<u8>]) -> (Vec<f64>, Vec<f64>) {
        if photos.is_empty() {
            return (Vec::new(), Vec::new());
        }
        buffers.load(photos);
        let (classes, weights, Buffers { infer, images }) = (self.classes.len(), self.model.weights(), buffers);
        let known = self.known.as_ref().filter(|_| self.is_scored);
        let (logits, scores) = scoring::look(&mut **infer, weights, images, classes, known.zip(Some(self.last_input)));
        (softmax(classes, logits, self.temperature), scores)
    }

    /// Features of prepared photos; `None` where one is no finite number.
    fn seen(&self, buffers: &mut Buffers, photos: &[&Vec<u8>]) -> Vec<Option<Vec<f32>>> {
        if photos.is_empty() {
            return Vec::new();
        }
        buffers.load(photos);
        let (_, features) = buffers.infer.infer_with_features(self.model.weights(), &buffers.images);
        let width = features.len() / photos.len();
        let row = |k: usize| features[k * width..][..width].to_vec();
        (0..photos.len()).map(|k| Some(row(k)).filter(|row| row.iter().all(|value| value.is_finite()))).collect()
    }
}

fn no_answer() -> DecodeError {
    DecodeError { kind: ProblemKind::NoAnswer, detail: Error::NoAnswer { photo: None }.to_string() }
}
