//! Distances in the space of a model's features.

/// More features than this are not whitened: the matrix would outweigh the model.
pub const MOST_FEATURES: usize = 512;

/// The share of the mean variance that is added to every variance, so that features that never vary (or fewer pictures
/// than features) leave a matrix that can be inverted.
const RIDGE: f64 = 0.01;

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
    /// From the `features` (so many of each) of labeled pictures; classes without a picture have no mean, and no picture
    /// is near them. `None` where the features are too many ([`MOST_FEATURES`]), none, not finite, or the lengths do not
    /// agree. Sums are taken in order: the same features give the same bits.
    pub fn fit(features: usize, rows: &[f32], labels: &[u32], n_classes: usize) -> Option<Self> {
        let fits = labels.len().checked_mul(features) == Some(rows.len()) && (1..=MOST_FEATURES).contains(&features);
        let known = labels.iter().all(|label| (*label as usize) < n_classes);
        if !fits || !known || labels.is_empty() || rows.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let means = class_means(features, rows, labels, n_classes);
        let covariance = shared_covariance(features, rows, labels, &means);
        let whitening: Vec<f32> = inverse_cholesky(features, covariance)?.into_iter().map(|v| v as f32).collect();
        let present = |class: &usize| labels.iter().any(|label| *label as usize == *class);
        let whitened = (0..n_classes).filter(present).flat_map(|class| {
            let mean: Vec<f32> = means[class * features..][..features].iter().map(|v| *v as f32).collect();
            whiten(&whitening, &mean).into_iter().map(|v| v as f32)
        });
        let means = whitened.collect();
        Some(FeatureSpace { features, whitening, means })
    }

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

fn class_means(features: usize, rows: &[f32], labels: &[u32], n_classes: usize) -> Vec<f64> {
    let mut means = vec![0.0; n_classes * features];
    let mut counts = vec![0usize; n_classes];
    for (row, label) in rows.chunks_exact(features).zip(labels) {
        let class = *label as usize;
        counts[class] += 1;
        let mean = &mut means[class * features..][..features];
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    for (mean, count) in means.chunks_exact_mut(features).zip(counts) {
        mean.iter_mut().for_each(|value| *value /= count.max(1) as f64);
    }
    means
}

/// Around the rows' own class means, with the ridge; lower triangle.
fn shared_covariance(features: usize, rows: &[f32], labels: &[u32], means: &[f64]) -> Vec<f64> {
    let mut covariance = vec![0.0; features * features];
    let mut difference = vec![0.0; features];
    for (row, label) in rows.chunks_exact(features).zip(labels) {
        let mean = &means[*label as usize * features..][..features];
        for ((difference, value), mean) in difference.iter_mut().zip(row).zip(mean) {
            *difference = f64::from(*value) - mean;
        }
        for i in 0..features {
            let factor = difference[i];
            let sums = &mut covariance[i * features..][..=i];
            sums.iter_mut().zip(&difference).for_each(|(sum, other)| *sum += factor * other);
        }
    }
    let count = labels.len() as f64;
    covariance.iter_mut().for_each(|sum| *sum /= count);
    let trace: f64 = (0..features).map(|i| covariance[i * features + i]).sum();
    let ridge = RIDGE * trace / features as f64 + f64::MIN_POSITIVE.sqrt();
    (0..features).for_each(|i| covariance[i * features + i] += ridge);
    covariance
}

/// The inverse of the lower triangle L with L Lᵀ = `matrix` (given by its lower triangle); `None` where there is none.
fn inverse_cholesky(n: usize, mut matrix: Vec<f64>) -> Option<Vec<f64>> {
    for j in 0..n {
        for i in j..n {
            let dot: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let left = matrix[i * n + j] - dot;
            if i == j && (left.is_nan() || left <= 0.0) {
                return None;
            }
            matrix[i * n + j] = if i == j { left.sqrt() } else { left / matrix[j * n + j] };
        }
    }
    let mut inverse = vec![0.0; n * n];
    for j in 0..n {
        inverse[j * n + j] = 1.0 / matrix[j * n + j];
        for i in j + 1..n {
            let dot: f64 = (j..i).map(|k| matrix[i * n + k] * inverse[k * n + j]).sum();
            inverse[i * n + j] = -dot / matrix[i * n + i];
        }
    }
    inverse.iter().all(|value| value.is_finite()).then_some(inverse)
}
