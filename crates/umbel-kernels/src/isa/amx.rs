//! AMX: products of whole tiles of bf16. The instructions are not among Rust's intrinsics yet, so they are written as
//! assembly; here is the proof that they may be executed, and the product of two by two tiles that `gemm::amx` is made of.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::marker::PhantomData;
use std::sync::OnceLock;

use super::{Avx512, Avx512Bf16, InstructionSet, PairVector, Vector};

/// Proof that this CPU has what [`Avx512Bf16`] stands for, AMX-TILE and AMX-BF16, and that the operating system lets this
/// process use the tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amx {
    avx512_bf16: Avx512Bf16,
}

impl InstructionSet for Amx {
    const NAME: &'static str = "amx";

    fn detect() -> Option<Self> {
        static USABLE: OnceLock<bool> = OnceLock::new();
        let token = Amx { avx512_bf16: Avx512Bf16::detect()? };
        let usable = || is_in_the_cpu() && permission() && computes(token);
        USABLE.get_or_init(usable).then_some(token)
    }
    #[inline(always)]
    fn vector(self) -> Vector {
        Vector::Avx512(self.avx512())
    }
    #[inline(always)]
    fn pairs(self) -> PairVector {
        PairVector::Avx512Bf16(self.avx512_bf16)
    }
    fn gains_from_bf16(self) -> bool {
        // Sixteen times as many products as of `f32`.
        true
    }
}

impl Amx {
    /// For everything but whole tiles.
    pub(crate) fn avx512(self) -> Avx512 {
        self.avx512_bf16.avx512()
    }
}

/// Intel's manual, volume 2, CPUID: leaf 7, EDX bits 22 (AMX-BF16) and 24 (AMX-TILE); the operating system saves both parts
/// of the tiles' state (XCR0 bits 17 and 18).
fn is_in_the_cpu() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const AMX: u32 = 1 << 22 | 1 << 24;
    const TILES: u64 = 0b11 << 17;
    // SAFETY: the system's own use of XSAVE, which is asked first, makes XGETBV executable.
    let saved = || unsafe { state_components() };
    let has_leaf = __cpuid(0).eax >= 7 && __cpuid(1).ecx & OSXSAVE != 0;
    has_leaf && __cpuid_count(7, 0).edx & AMX == AMX && saved() & TILES == TILES
}

/// # Safety
/// The operating system must use XSAVE.
#[target_feature(enable = "xsave")]
unsafe fn state_components() -> u64 {
    // SAFETY: the caller's promise.
    unsafe { _xgetbv(0) }
}

/// Linux lets a process use the tiles' large state only once it has asked; the answer holds for all of its threads
/// (Documentation/arch/x86/xstate.rst). It refuses where a thread's stack for signals is too small, for which Rust's
/// standard library provides.
#[cfg(target_os = "linux")]
fn permission() -> bool {
    const ARCH_PRCTL: u64 = 158;
    const REQUEST_PERMISSION: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let result: i64;
    // SAFETY: a system call with two numbers, which touches no memory; it clobbers rcx and r11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// Elsewhere it is not known how to ask.
#[cfg(not(target_os = "linux"))]
fn permission() -> bool {
    false
}

/// Rows and columns of a tile of C, and pairs in a row of A's.
pub(crate) const TILE: usize = 16;

/// What the assembly adds to its pointers, in bytes.
#[repr(C)]
pub(crate) struct Walk {
    /// Tiles in a segment.
    pub steps: usize,
    pub a_step: usize,
    pub b_step: usize,
    /// From behind a segment to the next; may be less than nothing.
    pub a_jump: usize,
    pub b_jump: usize,
    /// From a row to the next.
    pub a_row: usize,
    pub b_row: usize,
    pub segments: usize,
}

/// Four tiles of C: upper left, upper right, lower left, lower right.
#[repr(C, align(64))]
pub(crate) struct Sums(pub [f32; 4 * TILE * TILE]);

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
/// who keeps it calls nothing that does.
pub(crate) struct Tiles {
    /// The state is a thread's own, so that this must stay where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Tiles {
    /// For tiles of A of so many rows, and of so many pairs in a row.
    pub fn new(_: Amx, rows: usize, depth: usize) -> Self {
        assert!((1..=TILE).contains(&rows) && (1..=TILE).contains(&depth), "a tile of {rows} rows and {depth} pairs");
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
    /// All that `walk` leads to from there must be readable; of steps and segments there must be one at least.
    pub unsafe fn multiply(&self, walk: &Walk, [upper, lower]: [*const u16; 2], b: *const f32, sums: &mut Sums) {
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
                segments = inout(reg) walk.segments => _,
                left = out(reg) _,
                a_row = in(reg) walk.a_row,
                b_row = in(reg) walk.b_row,
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

/// Whether a product comes out as it must, to the last bit: its numbers are such that all sums are exact. Two segments of two
/// tiles each.
fn computes(token: Amx) -> bool {
    const DEPTH: usize = 12;
    const PAIRS: usize = 4 * DEPTH;
    let whole = |i: usize| (i * 7 % 11) as f32 - 5.0;
    let bits = |x: f32| u32::from(crate::half::round(x));
    let (left, right) = (
        |row: usize, term: usize| whole(row * 2 * PAIRS + term),
        |term: usize, column: usize| whole(3 * term + 5 * column),
    );
    let a: Vec<u16> = (0..2 * TILE * 2 * PAIRS).map(|i| bits(left(i / (2 * PAIRS), i % (2 * PAIRS))) as u16).collect();
    let pair = |i: usize| {
        let (term, column) = (i / (2 * TILE) * 2, i % (2 * TILE));
        f32::from_bits(bits(right(term, column)) | bits(right(term + 1, column)) << 16)
    };
    let b: Vec<f32> = (0..PAIRS * 2 * TILE).map(pair).collect();
    let (a_row, b_row) = (4 * PAIRS, 8 * TILE);
    let (a_step, b_step) = (4 * DEPTH, DEPTH * b_row);
    let walk = Walk { steps: 2, a_step, b_step, a_jump: 0, b_jump: 0, a_row, b_row, segments: 2 };
    let mut sums = Sums([0.0; 4 * TILE * TILE]);
    // SAFETY: two tiles of rows of A and two of columns of B, four times their depth in pairs.
    unsafe {
        Tiles::new(token, TILE, DEPTH).multiply(
            &walk,
            [&raw const a[0], &raw const a[TILE * 2 * PAIRS]],
            b.as_ptr(),
            &mut sums,
        )
    };
    sums.0.iter().enumerate().all(|(i, &sum)| {
        let (tile, row, column) = (i / (TILE * TILE), i / TILE % TILE, i % TILE);
        let (row, column) = (tile / 2 * TILE + row, tile % 2 * TILE + column);
        sum == (0..2 * PAIRS).map(|term| left(row, term) * right(term, column)).sum::<f32>()
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
}
