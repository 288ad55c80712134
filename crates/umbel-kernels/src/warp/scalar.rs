//! The oracle, which is also the portable code.

use super::{CHANNELS, Line};

/// See [`super::row`]; nothing behind the picture is read.
pub fn row(size: usize, photo: &[u8], line: Line, out: &mut [f32]) {
    for (i, pixel) in out.as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
        let i = i as u32 as f32;
        let (column, right) = whole_and_rest(reflect(line.x_step * i + line.x_start, size));
        let (row, down) = whole_and_rest(reflect(line.y_step * i + line.y_start, size));
        // Where a neighbor would lie beyond the edge, its share is zero.
        let (next_column, next_row) = ((column + 1).min(size - 1), (row + 1).min(size - 1));
        let at = |row: usize, column: usize| &photo[(row * size + column) * CHANNELS..][..CHANNELS];
        let (above, below) = (at(row, column), at(next_row, column));
        let (above_right, below_right) = (at(row, next_column), at(next_row, next_column));
        for (channel, value) in pixel.iter_mut().enumerate() {
            let above = mix(above[channel].into(), above_right[channel].into(), right);
            let below = mix(below[channel].into(), below_right[channel].into(), right);
            *value = mix(above, below, down);
        }
    }
}

/// A place that is not negative as a pixel and the way to the next one. By way of `i32`, which processors convert in one
/// instruction.
fn whole_and_rest(place: f32) -> (usize, f32) {
    let whole = place as i32;
    (whole as usize, place - whole as f32)
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// TensorFlow's reflection, `dcba|abcd|dcba`, on coordinates: the edge pixel is repeated, and within half a pixel of it the
/// place is held at its center.
fn reflect(at: f32, size: usize) -> f32 {
    // Rounds toward zero; `trunc` would be a call to the mathematics library on older processors.
    let whole = |periods: f32| (periods as i32) as f32;
    let size = size as f32;
    let period = 2.0 * size;
    let inside = if at < 0.0 {
        let at = at + period * whole(-at / period);
        if at < -size { at + period } else { -at - 1.0 }
    } else if at > size - 1.0 {
        let at = at - period * whole(at / period);
        if at >= size { period - at - 1.0 } else { at }
    } else {
        at
    };
    inside.clamp(0.0, size - 1.0)
}
