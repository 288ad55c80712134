//! Distances in the space of a model's features, by which model files of before tell unknown pictures. None are made any more.

/// More features than this were never whitened: the matrix would have outweighed the model.
pub const MOST_FEATURES: usize = 512;

/// Class means and the covariance that all classes share (Lee et al., 2018), as a linear map after which distances are
/// plain ones.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSpace {
    features: usize,
    /// Lower triangular, row by row `[features, features]`: the inverse of the covariance's Cholesky factor.
    whitening: Vec<f32>,
    /// `[classes, features]`, whitened.
    means: Vec<f32>,
}

impl FeatureSpace {
    /// From its parts, as they were stored; `None` where they do not fit each other.
    pub fn from_parts(features: usize, whitening: Vec<f32>, means: Vec<f32>) -> Option<Self> {
        let fits = (1..=MOST_FEATURES).contains(&features)
            && whitening.len() == features * features
            && !means.is_empty()
            && means.len().is_multiple_of(features);
        fits.then_some(FeatureSpace { features, whitening, means })
    }

    /// How many features a picture has.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The whitening `[features, features]` and the whitened means `[classes with a picture, features]`.
    pub fn parts(&self) -> (&[f32], &[f32]) {
        (&self.whitening, &self.means)
    }

    /// The squared Mahalanobis distance from one picture's features to the nearest class mean, per feature: about 1 for
    /// pictures like those that it was fitted on.
    pub fn distance(&self, features: &[f32]) -> f64 {
        let own = whiten(&self.whitening, features);
        let to = |mean: &[f32]| own.iter().zip(mean).map(|(a, b)| (a - f64::from(*b)).powi(2)).sum::<f64>();
        let nearest = self.means.chunks_exact(self.features).map(to).fold(f64::INFINITY, f64::min);
        nearest / self.features as f64
    }
}

/// The triangular map applied to one row.
fn whiten(whitening: &[f32], row: &[f32]) -> Vec<f64> {
    let n = row.len();
    let product = |i: usize| (0..=i).map(|j| f64::from(whitening[i * n + j]) * f64::from(row[j])).sum();
    (0..n).map(product).collect()
}
