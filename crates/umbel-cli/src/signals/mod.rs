//! Ctrl-C and SIGTERM: the first asks the run to stop after the step at hand, the second ends the program at once. Ctrl-Z is
//! in `pause`.

#[cfg_attr(not(unix), path = "no_pause.rs")]
mod pause;

pub use pause::pause_tidily;

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use umbel::base::progress::Interrupt;

/// What a shell expects of a program that Ctrl-C ended.
const KILLED_BY_INTERRUPT: i32 = 130;

/// Puts the handler in place (once in a process) and gives the flag that a run looks at.
pub fn interrupt_on_signals() -> anyhow::Result<Interrupt> {
    interrupt_saying("stopping after this step, press again to quit at once")
}

/// The same for a command that has other words for what the first signal does.
pub fn interrupt_saying(words: &'static str) -> anyhow::Result<Interrupt> {
    let interrupt = Interrupt::default();
    let flag = interrupt.clone();
    let asked_before = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if asked_before.swap(true, Ordering::SeqCst) {
            crate::console::leave();
            std::process::exit(KILLED_BY_INTERRUPT);
        }
        flag.request();
        crate::console::note_after_key(words);
    })
    .context(
        "cannot listen for Ctrl-C, which takes a thread: end other programs, or raise the limit on processes or memory",
    )?;
    Ok(interrupt)
}
