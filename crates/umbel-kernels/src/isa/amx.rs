//! AMX: products of whole tiles of bf16. The instructions are not among Rust's intrinsics yet, so they are written as
//! assembly, in `gemm::amx`; here is the proof that they may be executed.

use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::sync::OnceLock;

use super::Avx512Bf16;

/// Proof that this CPU has what [`Avx512Bf16`] stands for, AMX-TILE and AMX-BF16, and that the operating system lets this
/// process use the tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amx {
    avx512_bf16: Avx512Bf16,
}

impl Amx {
    /// The token, where the CPU and the operating system have the instructions, and what they compute has been seen to be
    /// right: no such CPU was at hand when this was written.
    pub(crate) fn new() -> Option<Self> {
        static USABLE: OnceLock<bool> = OnceLock::new();
        let token = Amx { avx512_bf16: Avx512Bf16::new()? };
        let usable = || is_in_the_cpu() && permission() && crate::gemm::amx_computes(token);
        USABLE.get_or_init(usable).then_some(token)
    }

    /// For everything but whole tiles.
    pub(crate) fn avx512_bf16(self) -> Avx512Bf16 {
        self.avx512_bf16
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
        std::arch::asm!(
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
