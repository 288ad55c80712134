//! Model file + photo → class and confidence.

mod answer;
mod answering;
mod buffers;
mod doubted;
mod files;
mod member;
mod picture;
mod scoring;
mod sure;

use std::path::Path;
use std::sync::Arc;

pub use self::answer::{ClassProbability, Familiar, Prediction, SureSet, UNKNOWN};
use self::doubted::Doubted;
pub use self::files::{Found, expand_paths, search, search_but};
use self::member::Member;
pub use self::picture::Picture;
use crate::base::budget::MemoryBudget;
use crate::base::settings::{positive, within};
use crate::base::threads;
use crate::decode::{DecodeError, Doubt, Limits, read_file};
use crate::metrics::KnownPictures;
use crate::model_file::ModelFile;
use crate::nn::{Cpu, Engine};
use crate::prepare::PrepSpec;
use crate::views::Tta;
use crate::{Error, Result};

/// A loaded model, or several that answer as one, ready for photos. Threads may share one: each call takes buffers of its own, which are
/// made when so many are in use for the first time and kept from then on; the answers have the same bits from any thread.
#[derive(Debug)]
pub struct Predictor {
    /// One or more.
    members: Vec<Member>,
    /// All ways in which they have photos prepared.
    preparations: Vec<PrepSpec>,
    /// Photos that are computed at a time.
    batch: usize,
    classes: Vec<String>,
    limits: Limits,
    /// Whether each photo's familiarity is told.
    is_scored: bool,
    /// Below it, a picture is unknown; `None`: not asked.
    threshold: Option<f64>,
    /// The share of photos whose sets are to hold the right class; `None`: not asked.
    level: Option<f64>,
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
        Self::together(vec![file], batch, top_k)
    }

    /// The same by this engine, in `f32`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a batch or a number of classes of 0, [`Error::Model`] where the parts of `file` do not fit each other,
    /// [`Error::OutOfMemory`].
    pub fn on(engine: Arc<dyn Engine>, file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        Self::together_on(engine, vec![file], batch, top_k)
    }

    /// Takes several models that know the same classes, in whatever order, and answers with the mean of their probabilities, each
    /// after its own calibration and of photos prepared its own way. Classes are told in the first one's order.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use umbel_predict::{model_file::ModelFile, predict::Predictor};
    ///
    /// let files = ["runs/a", "runs/b"].map(|run| ModelFile::load(Path::new(run)));
    /// let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
    /// let predictor = Predictor::together(files, 16, 3)?.sure(0.95)?;
    /// println!("{}", predictor.predict_file(Path::new("new.jpg"))?);
    /// # Ok::<(), umbel_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Predictor::on`], [`Error::Setting`] where there is no file, and [`Error::OtherClasses`].
    pub fn together(files: Vec<ModelFile>, batch: usize, top_k: usize) -> Result<Self> {
        Self::together_on(Arc::new(Cpu::best()), files, batch, top_k)
    }

    /// The same by this engine, in `f32`.
    ///
    /// # Errors
    /// Those of [`Predictor::together`].
    pub fn together_on(engine: Arc<dyn Engine>, files: Vec<ModelFile>, batch: usize, top_k: usize) -> Result<Self> {
        positive("the number of models", files.len())?;
        positive("batch", batch)?;
        positive("top", top_k)?;
        files.iter().try_for_each(|file| file.check().map_err(Error::Model))?;
        threads::ready()?;
        let (classes, mut preparations) = (files[0].classes.clone(), Vec::new());
        let mut member = |(number, file)| Member::new(&engine, file, batch, (number, &classes), &mut preparations);
        let members = (1..).zip(files).map(&mut member).collect::<Result<Vec<Member>>>()?;
        Ok(Predictor {
            members,
            preparations,
            batch,
            top_k: top_k.min(classes.len()),
            classes,
            limits: Limits::within(&MemoryBudget::default()),
            is_scored: false,
            threshold: None,
            level: None,
            doubted: Doubted::default(),
        })
    }

    /// With other limits on what a photo may cost than the default ones, under a [`MemoryBudget`] of their own.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers [`UNKNOWN`] where a photo is unlike those that the model was trained on. The threshold is such that this
    /// share (above 0, up to 1) of good photos, as the validation part had them, keeps its class. Of several models, a photo's score is
    /// the mean of what share of its good photos each finds less familiar; then a little more of them keep their class.
    ///
    /// # Errors
    /// [`Error::Setting`] where the share is out of range, [`Error::NoKnownPictures`] where a model file was made before known
    /// pictures were measured.
    pub fn keep(mut self, share: f64) -> Result<Self> {
        within("keep", share, "a share above 0, up to 1, for instance 0.95", share > 0.0 && share <= 1.0)?;
        let known = self.members.iter().map(|member| member.known.as_ref());
        let known: Vec<&KnownPictures> = known.collect::<Option<_>>().ok_or(Error::NoKnownPictures)?;
        self.threshold = Some(match known.as_slice() {
            [known] => known.scores.threshold(share),
            _ => 1.0 - share,
        });
        self.is_scored = true;
        Ok(self)
    }

    /// Tells each photo's familiarity ([`Prediction::score`]), where the model file says what known pictures are like; none
    /// is called unknown for it.
    pub fn scored(mut self) -> Self {
        self.is_scored = true;
        self
    }

    /// What the model remembers of the pictures that it knows; `None` where it was not measured, and of several models.
    pub fn known(&self) -> Option<&KnownPictures> {
        self.each_known().next().filter(|_| self.members.len() == 1)
    }

    /// What each model remembers of the pictures that it knows, where that was measured.
    pub fn each_known(&self) -> impl Iterator<Item = &KnownPictures> {
        self.members.iter().filter_map(|member| member.known.as_ref())
    }

    /// How many models answer.
    pub fn models(&self) -> usize {
        self.members.len()
    }

    /// Averages the probabilities over several looks at each photo ([`Views`](crate::views::Views); test-time augmentation). Whether a
    /// photo is unknown is told by the photo itself.
    pub fn with_views(mut self, tta: Tta) -> Self {
        self.members.iter_mut().for_each(|member| member.look_from(tta));
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
    /// [`ProblemKind::NoAnswer`](crate::base::problem::ProblemKind::NoAnswer).
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
        self.each(sources, prepare, |photos| self.answer(photos))
    }

    /// The same of pictures in memory. [`ProblemKind::Damaged`](crate::base::problem::ProblemKind::Damaged) where there are not three bytes for each pixel, or no pixel;
    /// [`ProblemKind::TooLarge`](crate::base::problem::ProblemKind::TooLarge) where there are more than the limits allow.
    pub fn predict_pictures(&self, pictures: &[Picture<'_>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        self.each(pictures, |picture| self.checked(picture), |photos| self.answer(photos))
    }

    /// Predicts the photo in one file.
    pub fn predict_file(&self, path: &Path) -> Result<Prediction> {
        let bytes = read_file(path, &self.limits);
        let answer = bytes.and_then(|bytes| self.predict(&[bytes]).remove(0));
        answer.map_err(|error| Error::UnreadablePhoto { path: path.to_owned(), detail: error.detail })
    }

    /// The features by which pictures are told to be alike ([`Infer::infer_with_features`](crate::nn::engine::Infer::infer_with_features)) of photos given as file contents;
    /// of several models, the first one's. Errors are those of [`Predictor::predict`].
    pub fn features<P: AsRef<[u8]>>(&self, photos: &[P]) -> Vec<std::result::Result<Vec<f32>, DecodeError>> {
        let photos: Vec<&[u8]> = photos.iter().map(AsRef::as_ref).collect();
        self.each(&photos, |photo| self.decoded(photo), |photos| self.members[0].seen(photos))
    }

    /// The same of pictures in memory; errors are those of [`Predictor::predict_pictures`].
    pub fn features_of_pictures(&self, pictures: &[Picture<'_>]) -> Vec<std::result::Result<Vec<f32>, DecodeError>> {
        self.each(pictures, |picture| self.checked(picture), |photos| self.members[0].seen(photos))
    }
}
