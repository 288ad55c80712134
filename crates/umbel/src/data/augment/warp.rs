//! Shows a picture through an affine map: bilinear interpolation, the outside filled by reflection, as TensorFlow's
//! `ImageProjectiveTransformV3` does for Keras.

use std::cell::RefCell;

use super::geometry::Affine;

const CHANNELS: usize = 3;

/// A pixel with an empty fourth channel, so that processors mix all of it at once.
type Padded = [f32; 4];

thread_local! {
    /// The photo as padded pixels: kept, since asking the system for this much memory anew costs as much as a warp.
    static SCRATCH: RefCell<Vec<Padded>> = const { RefCell::new(Vec::new()) };
}

/// Fills `out` with what `map` shows of `photo`; both are `size` x `size` RGB, row by row.
///
/// # Panics
/// If a slice has another length than `size * size * 3`.
pub fn warp(size: usize, photo: &[u8], map: &Affine, out: &mut [f32]) {
    warp_to(size, photo, map, size, out);
}

/// The same for a result of `out_size` x `out_size`.
///
/// # Panics
/// If `photo` has another length than `size * size * 3`, or `out` than `out_size * out_size * 3`.
pub fn warp_to(size: usize, photo: &[u8], map: &Affine, out_size: usize, out: &mut [f32]) {
    assert_eq!(photo.len(), size * size * CHANNELS, "the photo's length");
    assert_eq!(out.len(), out_size * out_size * CHANNELS, "the result's length");
    if *map == Affine::IDENTITY && size == out_size {
        for (out, &value) in out.iter_mut().zip(photo) {
            *out = f32::from(value);
        }
        return;
    }
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        let pixels = photo.as_chunks::<CHANNELS>().0.iter();
        scratch.extend(pixels.map(|&[r, g, b]| [f32::from(r), f32::from(g), f32::from(b), 0.0]));
        Source { pixels: scratch, size, columns: out_size }.show(map, out);
    });
}

fn pixels(row: &mut [f32]) -> impl Iterator<Item = &mut [f32; CHANNELS]> {
    row.as_chunks_mut().0.iter_mut()
}

struct Source<'a> {
    pixels: &'a [Padded],
    size: usize,
    /// Of the result.
    columns: usize,
}

impl Source<'_> {
    fn show(&self, map: &Affine, out: &mut [f32]) {
        let (x_step, y_step) = (map.x[0] as f32, map.y[0] as f32);
        for (row, out) in out.chunks_exact_mut(self.columns * CHANNELS).enumerate() {
            // The start of the row in double precision; along it, single precision is exact to a ten-thousandth of a
            // pixel.
            let x_start = (map.x[1] * row as f64 + map.x[2]) as f32;
            let y_start = (map.y[1] * row as f64 + map.y[2]) as f32;
            let at = |column: usize| {
                let column = column as u32 as f32;
                (x_step * column + x_start, y_step * column + y_start)
            };
            let (begin, end) = self.inside(at, (x_start, x_step), (y_start, y_step));
            let (left, rest) = out.split_at_mut(begin * CHANNELS);
            let (middle, right) = rest.split_at_mut((end - begin) * CHANNELS);
            for (column, pixel) in pixels(left).enumerate() {
                *pixel = self.reflected(at(column));
            }
            for (column, pixel) in pixels(middle).enumerate() {
                *pixel = self.interior(at(begin + column));
            }
            for (column, pixel) in pixels(right).enumerate() {
                *pixel = self.reflected(at(end + column));
            }
        }
    }

    /// The columns of a row whose places all lie where four neighbors exist, so that nothing need be reflected: a
    /// straight line meets a square in one piece.
    fn inside(&self, at: impl Fn(usize) -> (f32, f32), x: (f32, f32), y: (f32, f32)) -> (usize, usize) {
        let last = self.size as f32 - 1.0;
        let (mut begin, mut end) = (0.0f32, self.columns as f32);
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
        let (mut begin, mut end) = (begin.ceil() as usize, (end.ceil().max(0.0) as usize).min(self.columns));
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
    fn interior(&self, (x, y): (f32, f32)) -> [f32; CHANNELS] {
        let ((column, right), (row, down)) = (whole_and_rest(x), whole_and_rest(y));
        let first = row * self.size + column;
        let second = first + self.size;
        let (above, below) = (&self.pixels[first..first + 2], &self.pixels[second..second + 2]);
        let [r, g, b, _] = mix(mix(above[0], above[1], right), mix(below[0], below[1], right), down);
        [r, g, b]
    }

    /// A pixel anywhere.
    #[inline(always)]
    fn reflected(&self, (x, y): (f32, f32)) -> [f32; CHANNELS] {
        let (column, right) = whole_and_rest(reflect(x, self.size));
        let (row, down) = whole_and_rest(reflect(y, self.size));
        // Where a neighbor would lie beyond the edge, its share is zero.
        let (next_column, next_row) = ((column + 1).min(self.size - 1), (row + 1).min(self.size - 1));
        let (above, below) = (&self.pixels[row * self.size..], &self.pixels[next_row * self.size..]);
        let above = mix(above[column], above[next_column], right);
        let below = mix(below[column], below[next_column], right);
        let [r, g, b, _] = mix(above, below, down);
        [r, g, b]
    }
}

/// A place that is not negative as a pixel and the way to the next one. By way of `i32`, which processors convert in
/// one instruction.
#[inline(always)]
fn whole_and_rest(place: f32) -> (usize, f32) {
    let whole = place as i32;
    (whole as usize, place - whole as f32)
}

#[inline(always)]
fn mix(a: Padded, b: Padded, share: f32) -> Padded {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// TensorFlow's reflection, `dcba|abcd|dcba`, on coordinates: the edge pixel is repeated, and within half a pixel of it
/// the place is held at its center.
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
