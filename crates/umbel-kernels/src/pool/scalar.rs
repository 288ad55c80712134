//! The oracle: every window, element by element.

use num_traits::Float;

use super::PoolShape;

/// Maximum of each window and which element it was (255 where a window holds none).
pub fn max_forward<T: Float>(shape: &PoolShape, x: &[T], y: &mut [T], choice: &mut [u8]) {
    for_each_window(shape, |y_index, window| {
        let mut best: Option<(usize, T)> = None;
        for &(k, x_index) in window {
            if best.is_none_or(|(_, max)| x[x_index] > max) {
                best = Some((k, x[x_index]));
            }
        }
        y[y_index] = best.map_or(T::zero(), |(_, max)| max);
        choice[y_index] = best.map_or(255, |(k, _)| k as u8);
    });
}

/// Gradient of [`max_forward`].
pub fn max_backward<T: Float>(shape: &PoolShape, dy: &[T], choice: &[u8], dx: &mut [T]) {
    dx.fill(T::zero());
    for_each_window(shape, |y_index, window| {
        for &(k, x_index) in window {
            if k == usize::from(choice[y_index]) {
                dx[x_index] = dx[x_index] + dy[y_index];
            }
        }
    });
}

/// Mean of each window's elements.
pub fn average_forward<T: Float>(shape: &PoolShape, x: &[T], y: &mut [T]) {
    for_each_window(shape, |y_index, window| {
        let sum = window.iter().fold(T::zero(), |sum, &(_, x_index)| sum + x[x_index]);
        y[y_index] = if window.is_empty() { sum } else { sum / count(window.len()) };
    });
}

/// Gradient of [`average_forward`].
pub fn average_backward<T: Float>(shape: &PoolShape, dy: &[T], dx: &mut [T]) {
    dx.fill(T::zero());
    for_each_window(shape, |y_index, window| {
        for &(_, x_index) in window {
            dx[x_index] = dx[x_index] + dy[y_index] / count(window.len());
        }
    });
}

/// Mean over all pixels.
pub fn global_average_forward<T: Float>(batch: usize, pixels: usize, channels: usize, x: &[T], y: &mut [T]) {
    for n in 0..batch {
        for c in 0..channels {
            let sum = (0..pixels).fold(T::zero(), |sum, p| sum + x[(n * pixels + p) * channels + c]);
            y[n * channels + c] = sum / count(pixels);
        }
    }
}

/// Gradient of [`global_average_forward`].
pub fn global_average_backward<T: Float>(batch: usize, pixels: usize, channels: usize, dy: &[T], dx: &mut [T]) {
    for n in 0..batch {
        for p in 0..pixels {
            for c in 0..channels {
                dx[(n * pixels + p) * channels + c] = dy[n * channels + c] / count(pixels);
            }
        }
    }
}

fn count<T: Float>(n: usize) -> T {
    T::from(n).expect("every float type holds small numbers")
}

/// Calls `f` with the index of every output element and its window: which place, and the index into x, of each element
/// that lies inside of the input.
fn for_each_window(shape: &PoolShape, mut f: impl FnMut(usize, &[(usize, usize)])) {
    let s = *shape;
    let mut window = Vec::new();
    for n in 0..s.batch {
        for i in 0..s.out_height {
            for j in 0..s.out_width {
                for c in 0..s.channels {
                    window.clear();
                    for a in 0..s.window.0 {
                        for b in 0..s.window.1 {
                            let row = (i * s.stride.0 + a).wrapping_sub(s.pad.0);
                            let column = (j * s.stride.1 + b).wrapping_sub(s.pad.1);
                            if row < s.height && column < s.width {
                                let at = ((n * s.height + row) * s.width + column) * s.channels + c;
                                window.push((a * s.window.1 + b, at));
                            }
                        }
                    }
                    f(((n * s.out_height + i) * s.out_width + j) * s.channels + c, &window);
                }
            }
        }
    }
}
