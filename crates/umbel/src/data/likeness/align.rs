//! How well two small grey pictures agree once one is shifted and stretched onto the other: least squares for shift,
//! stretch, contrast and brightness at once, from coarse to fine (after Lucas and Kanade, 1981).

use super::SIDE;

const COARSE: usize = SIDE / 2;
/// Displacement at a picture's edge, as a share of its side, beyond which two pictures are not crops of one another.
const FARTHEST: f32 = 0.13;
/// Correlation at the coarse scale below which a closer look is not worth it.
const HOPEFUL: f32 = 0.85;
const COARSE_STEPS: usize = 5;
const FINE_STEPS: usize = 3;
/// Unknowns: contrast, brightness, and the contrast times shift and stretch on either axis.
const UNKNOWNS: usize = 6;

/// The best correlation found, -1 to 1 (1: the same picture).
pub(super) fn correlation(a: &[u8; SIDE * SIDE], b: &[u8; SIDE * SIDE]) -> f32 {
    let (a, b) = (a.map(f32::from), b.map(f32::from));
    let (coarse_a, coarse_b) = (halve(&a), halve(&b));
    let mut warp = Warp::default();
    let coarse = refine(&coarse_a, &coarse_b, COARSE, COARSE_STEPS, &mut warp);
    if coarse < HOPEFUL {
        return coarse;
    }
    refine(&a, &b, SIDE, FINE_STEPS, &mut warp)
}

/// Where a pixel of the second picture lies in the first: shift and stretch along x, then y, as shares of half a side.
#[derive(Clone, Copy, Debug, Default)]
struct Warp {
    shift: [f32; 2],
    stretch: [f32; 2],
}

impl Warp {
    /// Position of pixel `i` of `n`, in pixels of the other picture.
    fn place(&self, axis: usize, i: usize, n: usize) -> f32 {
        let half = n as f32 / 2.0;
        i as f32 + half * (self.shift[axis] + self.stretch[axis] * from_center(i, n))
    }

    fn too_far(&self) -> bool {
        (0..2).any(|axis| self.shift[axis].abs() + self.stretch[axis].abs() > 2.0 * FARTHEST)
    }
}

/// -1 at the first edge, 1 at the last.
fn from_center(i: usize, n: usize) -> f32 {
    (i as f32 + 0.5) / (n as f32 / 2.0) - 1.0
}

fn halve(fine: &[f32; SIDE * SIDE]) -> [f32; COARSE * COARSE] {
    std::array::from_fn(|i| {
        let at = 2 * (i / COARSE) * SIDE + 2 * (i % COARSE);
        (fine[at] + fine[at + 1] + fine[at + SIDE] + fine[at + SIDE + 1]) / 4.0
    })
}

/// Improves `warp` in some steps; the best correlation seen, with the warp that gave it.
fn refine(a: &[f32], b: &[f32], n: usize, steps: usize, warp: &mut Warp) -> f32 {
    let (mut best, mut best_warp) = (-1.0, *warp);
    let mut trial = *warp;
    for _ in 0..=steps {
        let sums = Sums::over(a, b, n, &trial);
        let correlation = sums.correlation();
        if correlation > best {
            (best, best_warp) = (correlation, trial);
        }
        let Some([contrast, _, unknowns @ ..]) = sums.solve() else { break };
        if contrast.abs() < 1e-3 {
            break;
        }
        // The unknowns are in pixels, times the contrast.
        let scale = 1.0 / (contrast as f32 * n as f32 / 2.0);
        for axis in 0..2 {
            trial.shift[axis] += unknowns[2 * axis] as f32 * scale;
            trial.stretch[axis] += unknowns[2 * axis + 1] as f32 * scale;
        }
        if trial.too_far() {
            break;
        }
    }
    *warp = best_warp;
    best
}

/// The normal equations of one step.
struct Sums {
    matrix: [[f64; UNKNOWNS]; UNKNOWNS],
    right: [f64; UNKNOWNS],
    /// Sum of squares of the second picture.
    squares: f64,
}

impl Sums {
    /// Over the pixels of `b` that lie inside `a` too.
    fn over(a: &[f32], b: &[f32], n: usize, warp: &Warp) -> Self {
        let mut sums = Sums { matrix: [[0.0; UNKNOWNS]; UNKNOWNS], right: [0.0; UNKNOWNS], squares: 0.0 };
        // Pixel to the left and the way from it to the next.
        let inside = |axis: usize, i: usize| {
            let place = warp.place(axis, i, n);
            (place >= 0.0 && place < (n - 1) as f32).then(|| (place as usize, place.fract()))
        };
        for y in 0..n {
            let Some((top, down)) = inside(1, y) else { continue };
            let mut row = ([[0.0f32; UNKNOWNS]; UNKNOWNS], [0.0f32; UNKNOWNS], 0.0f32);
            for x in 0..n {
                let Some((left, across)) = inside(0, x) else { continue };
                let at = top * n + left;
                let (nw, ne, sw, se) = (a[at], a[at + 1], a[at + n], a[at + n + 1]);
                let (north, south) = (nw + (ne - nw) * across, sw + (se - sw) * across);
                let slope_x = (ne - nw) + ((se - sw) - (ne - nw)) * down;
                let slope_y = south - north;
                let value = north + slope_y * down;
                let basis = [value, 1.0, slope_x, slope_x * from_center(x, n), slope_y, slope_y * from_center(y, n)];
                let target = b[y * n + x];
                for (i, first) in basis.iter().enumerate() {
                    for (cell, second) in row.0[i].iter_mut().zip(&basis) {
                        *cell += first * second;
                    }
                    row.1[i] += first * target;
                }
                row.2 += target * target;
            }
            for (sum, more) in sums.matrix.iter_mut().flatten().zip(row.0.iter().flatten()) {
                *sum += f64::from(*more);
            }
            for (sum, more) in sums.right.iter_mut().zip(row.1) {
                *sum += f64::from(more);
            }
            sums.squares += f64::from(row.2);
        }
        sums
    }

    /// Of the pictures as they lie now.
    fn correlation(&self) -> f32 {
        let n = self.matrix[1][1];
        if n < 1.0 {
            return -1.0;
        }
        let (sum_a, sum_b) = (self.matrix[0][1], self.right[1]);
        let a = self.matrix[0][0] - sum_a * sum_a / n;
        let b = self.squares - sum_b * sum_b / n;
        let both = self.right[0] - sum_a * sum_b / n;
        if a <= 0.0 || b <= 0.0 { -1.0 } else { (both / (a * b).sqrt()) as f32 }
    }

    /// Gaussian elimination; `None` where the pictures do not tell (a picture of one color).
    fn solve(&self) -> Option<[f64; UNKNOWNS]> {
        let (mut matrix, mut right) = (self.matrix, self.right);
        for (i, row) in matrix.iter_mut().enumerate() {
            // Against directions in which the picture does not change: a damping far below any real slope.
            row[i] += 1e-6 * row[i] + 1e-9;
        }
        for pivot in 0..UNKNOWNS {
            let (done, below) = matrix.split_at_mut(pivot + 1);
            let pivot_row = &done[pivot];
            // The matrix is positive definite, so the diagonal serves as it stands.
            if pivot_row[pivot].abs() < 1e-12 {
                return None;
            }
            for (offset, row) in below.iter_mut().enumerate() {
                let factor = row[pivot] / pivot_row[pivot];
                for (cell, above) in row.iter_mut().zip(pivot_row).skip(pivot) {
                    *cell -= factor * above;
                }
                right[pivot + 1 + offset] -= factor * right[pivot];
            }
        }
        let mut solution = [0.0; UNKNOWNS];
        for row in (0..UNKNOWNS).rev() {
            let known: f64 = (row + 1..UNKNOWNS).map(|column| matrix[row][column] * solution[column]).sum();
            solution[row] = (right[row] - known) / matrix[row][row];
        }
        Some(solution)
    }
}
