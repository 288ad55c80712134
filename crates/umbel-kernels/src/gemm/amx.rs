//! [`Product`]s of pairs of bf16 by AMX: blocks of two by two tiles of C, 16 x 16 each. It was tried in an emulator only, never
//! timed on a CPU.

use super::simd::{Product, Start, check};
use crate::FusedActivation;
use crate::extent::reach;
use crate::isa::amx::{Amx, Sums, TILE, Tiles, Walk};
use crate::isa::{Simd, Work};
use crate::parallel::Spread;

/// Columns of a block: a panel's.
const WIDTH: usize = 2 * TILE;

/// Whether a product is of the kind: rows of A with their pairs side by side, and a B that has whole blocks of columns even
/// where C has not (panels do; elsewhere what is behind a row is read, and left).
pub(super) fn fits(p: &Product<'_, u16>) -> bool {
    p.a_col == 2 && p.n > 0 && p.k > 0 && p.segments > 0 && p.b.len() >= whole_reach(p)
}

/// How far whole blocks of columns reach in B.
fn whole_reach(p: &Product<'_, u16>) -> usize {
    let blocks = (p.n.div_ceil(WIDTH), p.b_panel.unwrap_or(WIDTH));
    reach(&[blocks, (p.k, p.b_row), (p.segments, p.b_segment), (WIDTH, 1)])
}

/// As [`product`](super::simd::product).
pub(super) fn product(token: Amx, p: &Product<'_, u16>, c: &Spread<'_>) {
    if p.m == 0 || p.n == 0 || p.lines == 0 {
        return;
    }
    check(p, 2, c.len(), WIDTH);
    assert!(fits(p), "the last block of B is not whole");
    let panel = p.b_panel.unwrap_or(WIDTH);
    let rows = p.m.min(TILE);
    // Tiles of the same depth that leave nothing over.
    let depth = (1..=TILE).rev().find(|depth| p.k.is_multiple_of(*depth)).expect("1 divides everything");
    let walk = Walk {
        steps: p.k / depth,
        a_step: 4 * depth,
        b_step: 4 * depth * p.b_row,
        a_jump: (2 * p.a_segment).wrapping_sub(4 * p.k),
        b_jump: (4 * p.b_segment).wrapping_sub(4 * p.k * p.b_row),
        a_row: 2 * p.a_row,
        b_row: 4 * p.b_row,
        segments: p.segments,
    };
    let tiles = Tiles::new(token, rows, depth);
    let mut sums = Sums([0.0; 4 * TILE * TILE]);
    for column in (0..p.n).step_by(WIDTH) {
        for line in 0..p.lines {
            for row in (0..p.m).step_by(2 * TILE) {
                // Where fewer rows than a tile's are left, it starts earlier and computes some again.
                let [first, second] = [row, row + TILE].map(|row| row.min(p.m - rows));
                let a = |row: usize| &raw const p.a[line * p.a_line + row * p.a_row];
                let b = &raw const p.b[column / WIDTH * panel];
                // SAFETY: checked above for all rows of A below `m` and whole rows of B's panels, in all segments.
                unsafe { tiles.multiply(&walk, [a(first), a(second)], b, &mut sums) };
                for (tile, from, start) in [(0, row, first), (1, row + TILE, second)] {
                    let fresh = from..(from + TILE).min(p.m);
                    let part = Part { line, column, rows: fresh, tile, start };
                    token.avx512().vectorize(Finish { p, part, sums: &sums, c });
                }
            }
        }
    }
}

/// Rows of C whose sums are in two tiles side by side, of which the first row is C's row `start`.
struct Part {
    line: usize,
    column: usize,
    rows: std::ops::Range<usize>,
    tile: usize,
    start: usize,
}

/// Adds what the sums start from, applies the activation, and writes C.
struct Finish<'a, 'b> {
    p: &'a Product<'b, u16>,
    part: Part,
    sums: &'a Sums,
    c: &'a Spread<'a>,
}

impl Work for Finish<'_, '_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Finish { p, part, sums, c } = self;
        let (low, high) = p.activation.bounds();
        let (low, high) = (s.splat(low), s.splat(high));
        for row in part.rows {
            let from = (2 * part.tile * TILE + row - part.start) * TILE;
            for (half, column) in [(0, part.column), (1, part.column + TILE)] {
                if column >= p.n {
                    break;
                }
                let n = (p.n - column).min(TILE);
                let at = part.line * p.c_line + row * p.c_row + column;
                for lane in (0..n).step_by(S::LANES) {
                    let n = (n - lane).min(S::LANES);
                    assert!(at + lane + n <= c.len(), "C is too short");
                    // SAFETY: within C, as has just been asserted; what is written belongs to the product.
                    let c = unsafe { std::slice::from_raw_parts_mut(c.as_mut_ptr().add(at + lane), n) };
                    let sum = s.load(&sums.0[from + half * TILE * TILE + lane..][..n]);
                    let sum = match p.start {
                        Start::Zero => sum,
                        Start::Bias(bias) => s.add(sum, s.load(&bias[column + lane..][..n])),
                        Start::Accumulate => s.add(sum, s.load(c)),
                    };
                    let bounded = s.min(high, s.max(low, sum));
                    s.store(c, if p.activation == FusedActivation::Linear { sum } else { bounded });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::isa::Kind;

    /// Elsewhere there is no token, and nothing to prove. The numbers are such that all sums are exact.
    #[test]
    fn where_the_tiles_are_usable_they_compute() {
        let Kind::Amx(token) = Isa::best().kind() else { return };
        let (m, n, k) = (37, 45, 24);
        let whole = |i: usize| (i * 7 % 11) as f32 - 5.0;
        let bits = |x: f32| u32::from(crate::half::round(x));
        let a: Vec<u16> = (0..m * 2 * k).map(|i| bits(whole(i)) as u16).collect();
        let value = |term: usize, column: usize| if column < n { whole(3 * term + 5 * column) } else { 0.0 };
        let mut b = Vec::new();
        for column in [0, WIDTH] {
            for pair in 0..k {
                let joined = |column| bits(value(2 * pair, column)) | bits(value(2 * pair + 1, column)) << 16;
                b.extend((column..column + WIDTH).map(|column| f32::from_bits(joined(column))));
            }
        }
        let p = Product {
            m,
            n,
            k,
            a: &a,
            a_row: 2 * k,
            a_col: 2,
            b: &b,
            b_row: WIDTH,
            b_panel: Some(k * WIDTH),
            c_row: n,
            ..Product::default()
        };
        let mut c = vec![0.0; m * n];
        product(token, &p, &(&mut c[..]).into());
        for (i, &sum) in c.iter().enumerate() {
            let (row, column) = (i / n, i % n);
            let products = (0..2 * k).map(|term| whole(row * 2 * k + term) * value(term, column));
            assert_eq!(sum, products.sum::<f32>(), "row {row}, column {column}");
        }
    }
}
