//! The weight gradient through 2 x 2 max-pooling, see `f32`'s: here a term is a pair of neighboring pooled pixels, whose
//! eight inputs lie side by side, and each channel picks its two by their bytes.

use super::super::picked::open;
use super::super::strips::InputRows;
use super::super::{Conv2dShape, lay_quads, pooled::Picked};
use crate::Isa;
use crate::extent::{total, volume};
use crate::isa::{Pairs, Simd, per_pairs};
use crate::parallel::whole_lines;

per_pairs! {
    fn split_choice(dy: &[f32], choice: &[u8], masked: &mut [f32], index: &mut [f32], db: &mut [f32]) = split_choice_body;
    fn add_picked(p: &Picked<'_>, dw: &mut [f32]) = super::super::picked::add_terms;
}

/// As in `f32`.
const OCTET_FLOATS: usize = 64 * 1024;

/// How the scratch is cut.
struct Layout {
    /// Pooled rows that are gone over together.
    rows: usize,
    pixels: usize,
    /// Pairs of pooled pixels in a row.
    pairs: usize,
    octet_row: usize,
    octets: usize,
    gradient: usize,
}

impl Layout {
    fn new(shape: &Conv2dShape) -> Self {
        let pixels = shape.out_width / 2;
        let pairs = pixels.div_ceil(2);
        let octet_row = volume(&[4 * (pairs - 1) + shape.kernel.1, shape.channels_in, 4]);
        let input_rows = (OCTET_FLOATS / octet_row).max(shape.kernel.0 + 1);
        let rows = (input_rows - shape.kernel.0) / 2 + 1;
        let rows = rows.min(shape.out_height / 2);
        let octets = whole_lines(volume(&[2 * (rows - 1) + shape.kernel.0, octet_row]));
        let gradient = whole_lines(volume(&[rows, pairs, shape.channels_out]));
        Layout { rows, pixels, pairs, octet_row, octets, gradient }
    }
}

/// Floats of scratch that [`weight_gradient`] needs.
pub(super) fn scratch_len(shape: &Conv2dShape) -> usize {
    let layout = Layout::new(shape);
    total(&[layout.octets, layout.gradient, layout.gradient])
}

/// Pairs that a row of [`InputRows`] must hold for [`weight_gradient`].
pub(super) fn pitch(shape: &Conv2dShape) -> usize {
    Layout::new(shape).octet_row / 4 + 2 * shape.channels_in
}

/// Adds to `dw` and `db` the share of some pooled rows of one image: `dy` and `choice` hold these rows, `x_rows` the pairs
/// of neighboring inputs under them.
#[allow(clippy::too_many_arguments)]
pub(super) fn weight_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    x_rows: InputRows<'_>,
    dy: &[f32],
    choice: &[u8],
    dw: &mut [f32],
    db: &mut [f32],
    scratch: &mut [f32],
) {
    let layout = Layout::new(shape);
    let (octets, gradient) = scratch.split_at_mut(layout.octets);
    let (masked, index) = gradient.split_at_mut(layout.gradient);
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let row_len = layout.pixels * co;
    let block_len = layout.rows * row_len;
    for (block, (dy, choice)) in dy.chunks(block_len).zip(choice.chunks(block_len)).enumerate() {
        let rows = dy.len() / row_len;
        let input_rows = 2 * (rows - 1) + shape.kernel.0;
        for (row, octets) in octets.chunks_exact_mut(layout.octet_row).take(input_rows).enumerate() {
            let upper = &x_rows.data[(2 * block * layout.rows + row) * x_rows.pitch..];
            lay_quads(isa, upper, &upper[x_rows.pitch..], 2 * ci, octets);
        }
        let pairs_len = layout.pairs * co;
        let (masked, index) = (&mut masked[..rows * pairs_len], &mut index[..rows * pairs_len]);
        let gradients = dy.chunks_exact(row_len).zip(choice.chunks_exact(row_len));
        for ((dy, choice), (masked, index)) in
            gradients.zip(masked.chunks_exact_mut(pairs_len).zip(index.chunks_exact_mut(pairs_len)))
        {
            split_choice(isa, dy, choice, masked, index, db);
        }
        let picked = Picked {
            quads: octets,
            quad_row: layout.octet_row,
            rows,
            pixels: layout.pairs,
            kernel_rows: shape.kernel.0,
            taps: shape.kernel.1 * ci,
            pixel_step: 4 * ci * 4,
            channels: co,
            dy: masked,
            index,
        };
        add_picked(isa, &picked, dw);
    }
}

/// Takes the choices of a row apart: the pairs of gradient that they let through, and the bytes of what each channel picks
/// of an octet (input, and that of the next pooled pixel; their right neighbors; then the same a row lower). `db` gets the
/// sums.
#[inline(always)]
fn split_choice_body<T: Pairs>(t: T, dy: &[f32], choice: &[u8], masked: &mut [f32], index: &mut [f32], db: &mut [f32]) {
    let s = t.simd();
    let (channels, lanes) = (db.len(), T::S::LANES);
    let pairs = dy.len().div_ceil(2 * channels);
    assert!(choice.len() == dy.len(), "a choice for each gradient");
    assert!(masked.len().min(index.len()) >= volume(&[pairs, channels]), "room for each pair");
    // The two bytes of each place, in the upper half, for the first of a pair and for the second.
    let [first_bytes, second_bytes] = [0, 4].map(|at| [0, 2, 8, 10].map(|place| pair_of_bytes(at + place)));
    for c in (0..channels).step_by(lanes) {
        let n = (channels - c).min(lanes);
        let mut sum = s.load(&db[c..c + n]);
        for pair in 0..pairs {
            let at = 2 * pair * channels + c;
            let (low, low_place) = open(s, &dy[at..at + n], &choice[at..at + n]);
            let next = at + channels;
            let (high, high_place) = match next < dy.len() {
                true => open(s, &dy[next..next + n], &choice[next..next + n]),
                false => (s.splat(0.0), s.splat(0.0)),
            };
            // SAFETY: both tables hold four floats.
            let (low_bytes, high_bytes) =
                unsafe { (s.pick_at(first_bytes.as_ptr(), low_place), s.pick_at(second_bytes.as_ptr(), high_place)) };
            let to = pair * channels + c..pair * channels + c + n;
            s.store(&mut masked[to.clone()], t.join(low, high));
            s.store(&mut index[to], s.join_halves(low_bytes, high_bytes));
            sum = s.add(sum, s.add(low, high));
        }
        s.store(&mut db[c..c + n], sum);
    }
}

/// The numbers of two adjacent bytes, in the upper half of a float's bits.
fn pair_of_bytes(first: u32) -> f32 {
    f32::from_bits((first | (first + 1) << 8) << 16)
}
