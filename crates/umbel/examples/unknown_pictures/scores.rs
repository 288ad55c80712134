//! A run's model, and every score of every picture by it.

use std::path::{Path, PathBuf};

use image::RgbImage;
use umbel::data::Part;
use umbel::data::decode::{Limits, decode_file};
use umbel::data::split::{SplitRow, rows};
use umbel::metrics::{FeatureSpace, max_probability, negative_energy, softmax};
use umbel::model_file::ModelFile;
use umbel::nn::{Cpu, Infer, Inference, Precision};
use umbel::run::names;

use crate::Outcome;

/// The scores: Hendrycks & Gimpel 2017, Liu et al. 2020, Lee et al. 2018, Sun et al. 2022.
pub const NAMES: [&str; 4] = ["max probability", "energy", "mahalanobis", "neighbors"];

/// The distance to the nearest neighbor but so many counts (Sun et al., 2022), of normalized features.
const NEIGHBOR: usize = 10;
const BATCH: usize = 32;

/// A model and the features of the photos that it was trained on.
pub struct Scorer {
    file: ModelFile,
    plan: Inference,
    photos: PathBuf,
    split: Vec<SplitRow>,
    space: FeatureSpace,
    normalized: Vec<Vec<f32>>,
}

impl Scorer {
    /// Reads the run and looks at its training photos.
    pub fn open(run: &Path, photos: &Path) -> Outcome<Self> {
        let file = ModelFile::load(run)?;
        let split = rows(&run.join(names::SPLIT))?;
        let mut plan = Cpu::best().inference(&file.model, BATCH, Precision::F32)?;
        let (mut labels, mut features) = (Vec::new(), Vec::new());
        for row in split.iter().filter(|row| row.part == Part::Train) {
            let Ok(photo) = decode_file(&photos.join(&row.path), &Limits::default()) else { continue };
            let known = file.classes.iter().position(|known| *known == row.class);
            let label = known.ok_or("a class that is not the model's")?;
            labels.push(label as u32);
            features.extend_from_slice(look(&file, &mut plan, &photo).1);
        }
        let width = features.len() / labels.len();
        let space = FeatureSpace::fit(width, &features, &labels, file.classes.len()).ok_or("too many features")?;
        let normalized = features.chunks_exact(width).map(normalize).collect();
        Ok(Scorer { file, plan, photos: photos.to_owned(), split, space, normalized })
    }

    /// The scores of the photos of a part: for each of [`NAMES`], one a photo.
    pub fn part(&mut self, part: Part) -> Outcome<Vec<Vec<f64>>> {
        let paths = self.split.iter().filter(|row| row.part == part).map(|row| self.photos.join(&row.path));
        let pictures: Vec<RgbImage> = paths.filter_map(|path| decode_file(&path, &Limits::default()).ok()).collect();
        if pictures.is_empty() {
            return Err(format!("the run has no {} part: train with --test-split", part.name()).into());
        }
        self.score(&pictures)
    }

    /// The same of pictures.
    pub fn score(&mut self, pictures: &[RgbImage]) -> Outcome<Vec<Vec<f64>>> {
        let mut scores = vec![Vec::new(); NAMES.len()];
        for picture in pictures {
            let (logits, features) = look(&self.file, &mut self.plan, picture);
            let probabilities = softmax(logits.len(), logits, self.file.temperature());
            scores[0].push(max_probability(&probabilities));
            scores[1].push(negative_energy(logits));
            scores[2].push(-self.space.distance(features));
            scores[3].push(-neighbor(&self.normalized, &normalize(features)));
        }
        Ok(scores)
    }
}

/// Logits and features of one picture.
fn look<'a>(file: &ModelFile, plan: &'a mut Inference, picture: &RgbImage) -> (&'a [f32], &'a [f32]) {
    let image: Vec<f32> = file.prep.apply(picture).into_iter().map(f32::from).collect();
    plan.infer_with_features(file.model.weights(), &image)
}

fn normalize(features: &[f32]) -> Vec<f32> {
    let length = features.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-10);
    features.iter().map(|value| value / length).collect()
}

fn neighbor(known: &[Vec<f32>], own: &[f32]) -> f64 {
    let distance = |other: &Vec<f32>| own.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let mut distances: Vec<f32> = known.iter().map(distance).collect();
    distances.sort_by(f32::total_cmp);
    f64::from(distances[NEIGHBOR.min(distances.len() - 1)])
}
