//! Shows a picture through an affine map: bilinear interpolation, the outside filled by reflection, as TensorFlow's
//! `ImageProjectiveTransformV3` does for Keras.

use super::geometry::Affine;

const CHANNELS: usize = 3;

/// Fills `out` with what `map` shows of `photo`; both are `size` x `size` RGB, row by row.
///
/// # Panics
/// If a slice has another length than `size * size * 3`.
pub fn warp(size: usize, photo: &[u8], map: &Affine, out: &mut [f32]) {
    assert_eq!(photo.len(), size * size * CHANNELS, "the photo's length");
    assert_eq!(out.len(), photo.len(), "the result's length");
    if *map == Affine::IDENTITY {
        for (out, &value) in out.iter_mut().zip(photo) {
            *out = f32::from(value);
        }
        return;
    }
    let source = Source { photo, size };
    let (x_step, y_step) = (map.x[0] as f32, map.y[0] as f32);
    for (row, out) in out.chunks_exact_mut(size * CHANNELS).enumerate() {
        // The start of the row in double precision; along it, single precision is exact to a ten-thousandth of a pixel.
        let x_start = (map.x[1] * row as f64 + map.x[2]) as f32;
        let y_start = (map.y[1] * row as f64 + map.y[2]) as f32;
        let at = |column: usize| {
            (
                x_step * column as f32 + x_start,
                y_step * column as f32 + y_start,
            )
        };
        let (begin, end) = source.inside(at, (x_start, x_step), (y_start, y_step));
        let (left, rest) = out.split_at_mut(begin * CHANNELS);
        let (middle, right) = rest.split_at_mut((end - begin) * CHANNELS);
        for (column, pixel) in pixels(left).enumerate() {
            source.reflected(at(column), pixel);
        }
        for (column, pixel) in pixels(middle).enumerate() {
            source.interior(at(begin + column), pixel);
        }
        for (column, pixel) in pixels(right).enumerate() {
            source.reflected(at(end + column), pixel);
        }
    }
}

fn pixels(row: &mut [f32]) -> impl Iterator<Item = &mut [f32; CHANNELS]> {
    row.as_chunks_mut().0.iter_mut()
}

struct Source<'a> {
    photo: &'a [u8],
    size: usize,
}

impl Source<'_> {
    /// The columns of a row whose places all lie where four neighbors exist, so that nothing need be reflected: a
    /// straight line meets a square in one piece.
    fn inside(
        &self,
        at: impl Fn(usize) -> (f32, f32),
        x: (f32, f32),
        y: (f32, f32),
    ) -> (usize, usize) {
        let last = self.size as f32 - 1.0;
        let (mut begin, mut end) = (0.0f32, self.size as f32);
        for (start, step) in [x, y] {
            if step == 0.0 {
                if !(0.0..last).contains(&start) {
                    return (0, 0);
                }
                continue;
            }
            let (zero, edge) = (-start / step, (last - start) / step);
            begin = begin.max(zero.min(edge));
            end = end.min(zero.max(edge));
        }
        let (mut begin, mut end) = (
            begin.ceil() as usize,
            (end.ceil().max(0.0) as usize).min(self.size),
        );
        // The divisions round; the ends are decided by the places themselves.
        let holds = |column: usize| {
            let (x, y) = at(column);
            (0.0..last).contains(&x) && (0.0..last).contains(&y)
        };
        while begin < end && !holds(begin) {
            begin += 1;
        }
        while begin < end && !holds(end - 1) {
            end -= 1;
        }
        if begin < end { (begin, end) } else { (0, 0) }
    }

    /// A pixel between four neighbors.
    #[inline(always)]
    fn interior(&self, (x, y): (f32, f32), out: &mut [f32; CHANNELS]) {
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let first = (row * self.size + column) * CHANNELS;
        let second = first + self.size * CHANNELS;
        let above: &[u8] = &self.photo[first..first + 2 * CHANNELS];
        let below: &[u8] = &self.photo[second..second + 2 * CHANNELS];
        for channel in 0..CHANNELS {
            let mix = |pair: &[u8]| {
                f32::from(pair[channel]) * (1.0 - right)
                    + f32::from(pair[channel + CHANNELS]) * right
            };
            out[channel] = mix(above) * (1.0 - down) + mix(below) * down;
        }
    }

    /// A pixel anywhere.
    fn reflected(&self, (x, y): (f32, f32), out: &mut [f32; CHANNELS]) {
        let (x, y) = (reflect(x, self.size), reflect(y, self.size));
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let last = self.size - 1;
        let value = |row: usize, column: usize, channel: usize| {
            let (row, column) = (row.min(last), column.min(last));
            f32::from(self.photo[(row * self.size + column) * CHANNELS + channel])
        };
        for (channel, out) in out.iter_mut().enumerate() {
            let mix = |row| {
                value(row, column, channel) * (1.0 - right)
                    + value(row, column + 1, channel) * right
            };
            *out = mix(row) * (1.0 - down) + mix(row + 1) * down;
        }
    }
}

/// TensorFlow's reflection, `dcba|abcd|dcba`, on coordinates: the edge pixel is repeated, and within half a pixel of it
/// the place is held at its center.
fn reflect(at: f32, size: usize) -> f32 {
    let size = size as f32;
    let period = 2.0 * size;
    let inside = if at < 0.0 {
        let at = at + period * (-at / period).trunc();
        if at < -size { at + period } else { -at - 1.0 }
    } else if at > size - 1.0 {
        let at = at - period * (at / period).trunc();
        if at >= size { period - at - 1.0 } else { at }
    } else {
        at
    };
    inside.clamp(0.0, size - 1.0)
}
