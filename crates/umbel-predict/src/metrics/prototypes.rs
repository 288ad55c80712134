//! Some of the training pictures, remembered by what the last layer reads of each, and how near others come to them.

/// Inputs of a last layer that are remembered, at most: more would outweigh the model.
pub const MOST_INPUTS: usize = 4_096;
/// Pictures that are remembered, at most.
pub const MOST_PROTOTYPES: usize = 10_000;

/// So many of the nearest ones are asked.
const NEIGHBORS: usize = 10;
/// Sums that run side by side, so that the compiler takes them for vectors.
const LANES: usize = 16;

/// Directions of pictures in the space of what the last layer reads, a byte a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Prototypes {
    inputs: usize,
    /// `[pictures, inputs]`; times the picture's scale, a vector of length 1.
    values: Vec<i8>,
    /// One a picture.
    scales: Vec<f32>,
}

impl Prototypes {
    /// Of rows of so many inputs. `None` where they are none or too many ([`MOST_INPUTS`], [`MOST_PROTOTYPES`]), where one is no
    /// finite number, or the lengths do not agree.
    pub fn new(inputs: usize, rows: &[f32]) -> Option<Self> {
        if !(1..=MOST_INPUTS).contains(&inputs) || rows.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let (mut values, mut scales) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows.chunks(inputs) {
            let direction = direction(row);
            let largest = direction.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            let scale = largest / f32::from(i8::MAX);
            let step = |value: &f32| if scale > 0.0 { (value / scale).round() as i8 } else { 0 };
            values.extend(direction.iter().map(step));
            scales.push(scale);
        }
        Self::from_parts(inputs, values, scales)
    }

    /// From its parts, as they were stored; `None` where they do not fit each other, or cannot be those of directions.
    pub fn from_parts(inputs: usize, values: Vec<i8>, scales: Vec<f32>) -> Option<Self> {
        let fits = (1..=MOST_INPUTS).contains(&inputs)
            && (1..=MOST_PROTOTYPES).contains(&scales.len())
            && scales.len().checked_mul(inputs) == Some(values.len())
            && scales.iter().all(|scale| (0.0..=1.0).contains(scale));
        fits.then_some(Prototypes { inputs, values, scales })
    }

    /// Numbers that a picture is told by.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many pictures there are.
    pub fn pictures(&self) -> usize {
        self.scales.len()
    }

    /// The values `[pictures, inputs]` and the scales `[pictures]`.
    pub fn parts(&self) -> (&[i8], &[f32]) {
        (&self.values, &self.scales)
    }

    /// The mean cosine between what the last layer reads of a picture and the ten nearest prototypes (Sun et al., 2022, take the
    /// distance to one of them): -1 to 1.
    pub fn likeness(&self, row: &[f32]) -> f64 {
        let own = direction(row);
        let products = self.values.chunks_exact(self.inputs).zip(&self.scales);
        let mut cosines: Vec<f32> = products.map(|(values, scale)| scale * dot(&own, values)).collect();
        let nearest = NEIGHBORS.min(cosines.len());
        if nearest < cosines.len() {
            cosines.select_nth_unstable_by(nearest - 1, |a, b| b.total_cmp(a));
        }
        // In order, so that the sum does not depend on how they were selected.
        let cosines = &mut cosines[..nearest];
        cosines.sort_by(f32::total_cmp);
        cosines.iter().map(|cosine| f64::from(*cosine)).sum::<f64>() / nearest as f64
    }
}

/// A row scaled to length 1; zeros stay zeros.
fn direction(row: &[f32]) -> Vec<f32> {
    let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let factor = if length > 0.0 { 1.0 / length } else { 0.0 };
    row.iter().map(|value| (f64::from(*value) * factor) as f32).collect()
}

/// Always summed in the same order.
fn dot(row: &[f32], values: &[i8]) -> f32 {
    let mut sums = [0f32; LANES];
    let (rows, values) = (row.as_chunks::<LANES>(), values.as_chunks::<LANES>());
    for (row, values) in rows.0.iter().zip(values.0) {
        for lane in 0..LANES {
            sums[lane] += row[lane] * f32::from(values[lane]);
        }
    }
    let rest: f32 = rows.1.iter().zip(values.1).map(|(a, b)| a * f32::from(*b)).sum();
    sums.iter().sum::<f32>() + rest
}
