//! [`Product`]s of pairs of bf16 by AMX: blocks of two by two tiles of C, 16 x 16 each. It was tried in an emulator only, never
//! timed on a CPU.

use std::arch::asm;
use std::marker::PhantomData;

use super::simd::{Product, Start, check};
use crate::FusedActivation;
use crate::extent::reach;
use crate::isa::{Amx, Simd, Work};

/// Rows and columns of a tile of C, and pairs in a row of A's.
const TILE: usize = 16;
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
pub(super) fn product(token: Amx, p: &Product<'_, u16>, c: &mut [f32]) {
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
                unsafe { tiles.multiply(p, &walk, [a(first), a(second)], b, &mut sums) };
                for (tile, from, start) in [(0, row, first), (1, row + TILE, second)] {
                    let fresh = from..(from + TILE).min(p.m);
                    let part = Part { line, column, rows: fresh, tile, start };
                    token.avx512_bf16().avx512().vectorize(Finish { p, part, sums: &sums, c });
                }
            }
        }
    }
}

/// What the assembly adds to its pointers, in bytes.
#[repr(C)]
struct Walk {
    /// Tiles in a segment.
    steps: usize,
    a_step: usize,
    b_step: usize,
    /// From behind a segment to the next; may be less than nothing.
    a_jump: usize,
    b_jump: usize,
}

/// Four tiles of C: upper left, upper right, lower left, lower right.
#[repr(C, align(64))]
struct Sums([f32; 4 * TILE * TILE]);

/// LDTILECFG's operand: palette 1, then each tile's bytes in a row and its rows.
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl Shapes {
    /// Tiles 0 to 3 are C's, 4 and 5 A's, 6 and 7 B's.
    fn new(rows: usize, depth: usize) -> Self {
        let (mut row_bytes, mut tile_rows) = ([0; 16], [0; 16]);
        for tile in 0..8 {
            row_bytes[tile] = if matches!(tile, 4 | 5) { 4 * depth as u16 } else { 4 * TILE as u16 };
            tile_rows[tile] = if tile < 6 { rows as u8 } else { depth as u8 };
        }
        Shapes { palette: 1, start_row: 0, reserved: [0; 14], row_bytes, rows: tile_rows }
    }
}

/// This thread's tiles, configured. They are released when it goes, so that a switch of threads need not save them. While it
/// is there, nothing else on its thread may configure or release tiles: the compiler makes no such instructions by itself, and
/// [`product`], which keeps it, calls nothing that does.
struct Tiles {
    /// The state is a thread's own, so that this must stay where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Tiles {
    fn new(_: Amx, rows: usize, depth: usize) -> Self {
        let shapes = Shapes::new(rows, depth);
        // SAFETY: the token proves that the instruction is there, and the shapes are within what palette 1 allows.
        unsafe {
            asm!(
                "ldtilecfg [{}]",
                in(reg) &raw const shapes,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, preserves_flags, readonly),
            )
        };
        Tiles { on_this_thread: PhantomData }
    }

    /// Two rows of tiles of A, which begin at `a`, times the panel of B at `b`.
    ///
    /// # Safety
    /// All that `p` and `walk` lead to from there must be readable.
    unsafe fn multiply(
        &self,
        p: &Product<'_, u16>,
        walk: &Walk,
        [upper, lower]: [*const u16; 2],
        b: *const f32,
        sums: &mut Sums,
    ) {
        // SAFETY: the tiles are configured for this; the caller promises what is read, and `sums` has room for four tiles.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "mov {left}, qword ptr [{walk}]",
                "3:",
                "tileloadd tmm6, [{b} + {b_row}*1]",
                "tileloadd tmm7, [{b} + {b_row}*1 + 64]",
                "tileloadd tmm4, [{upper} + {a_row}*1]",
                "tileloadd tmm5, [{lower} + {a_row}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {upper}, qword ptr [{walk} + 8]",
                "add {lower}, qword ptr [{walk} + 8]",
                "add {b}, qword ptr [{walk} + 16]",
                "dec {left}",
                "jnz 3b",
                "add {upper}, qword ptr [{walk} + 24]",
                "add {lower}, qword ptr [{walk} + 24]",
                "add {b}, qword ptr [{walk} + 32]",
                "dec {segments}",
                "jnz 2b",
                "mov {left}, 64",
                "tilestored [{sums} + {left}*1], tmm0",
                "tilestored [{sums} + {left}*1 + 1024], tmm1",
                "tilestored [{sums} + {left}*1 + 2048], tmm2",
                "tilestored [{sums} + {left}*1 + 3072], tmm3",
                upper = inout(reg) upper => _,
                lower = inout(reg) lower => _,
                b = inout(reg) b => _,
                segments = inout(reg) p.segments => _,
                left = out(reg) _,
                a_row = in(reg) 2 * p.a_row,
                b_row = in(reg) 4 * p.b_row,
                walk = in(reg) &raw const *walk,
                sums = in(reg) sums.0.as_mut_ptr(),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: whoever made this had the token.
        unsafe {
            asm!(
                "tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, preserves_flags, nomem),
            )
        };
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
    c: &'a mut [f32],
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
                    let c = &mut c[at + lane..][..n];
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

/// Whether a product comes out as it must, to the last bit: its numbers are such that all sums are exact.
pub(crate) fn computes(token: Amx) -> bool {
    let (m, n, k) = (37, 45, 24);
    let whole = |i: usize| (i * 7 % 11) as f32 - 5.0;
    let bits = |x: f32| u32::from(crate::bf16::round(x));
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
    product(token, &p, &mut c);
    c.iter().enumerate().all(|(i, &sum)| {
        let (row, column) = (i / n, i % n);
        let products = (0..2 * k).map(|term| whole(row * 2 * k + term) * value(term, column));
        sum == products.sum::<f32>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_lie_where_the_instruction_reads_them() {
        assert_eq!((size_of::<Shapes>(), align_of::<Shapes>()), (64, 64));
        assert_eq!((std::mem::offset_of!(Shapes, row_bytes), std::mem::offset_of!(Shapes, rows)), (16, 48));
        let shapes = Shapes::new(7, 12);
        assert_eq!(shapes.row_bytes[..9], [64, 64, 64, 64, 48, 48, 64, 64, 0]);
        assert_eq!(shapes.rows[..9], [7, 7, 7, 7, 7, 7, 12, 12, 0]);
        assert_eq!((shapes.palette, shapes.start_row, shapes.reserved), (1, 0, [0; 14]));
        let offsets = [std::mem::offset_of!(Walk, a_step), std::mem::offset_of!(Walk, b_jump)];
        assert_eq!(offsets, [8, 32]);
    }

    #[test]
    fn where_the_tiles_are_usable_they_compute() {
        // Elsewhere there is no token, and nothing to prove.
        if let Some(token) = Amx::new() {
            assert!(computes(token));
        }
    }
}
