//! Ctrl-Z: the live view is taken off the terminal before the program is stopped, and drawn anew when it goes on.

use std::thread;

use nix::sys::signal::{SigSet, Signal, raise};

use crate::console;

/// Takes over what Ctrl-Z does, where there may be a view on the terminal. To be called before there is any other thread: the
/// signal is kept from all of them, which only those that begin later inherit, and a thread of its own waits for it.
pub fn pause_tidily() {
    if !console::is_live() {
        return;
    }
    let mut signal = SigSet::empty();
    signal.add(Signal::SIGTSTP);
    if signal.thread_block().is_err() {
        return;
    }
    let waiting = thread::Builder::new().name("pause".into()).spawn(move || {
        while signal.wait().is_ok() {
            console::away(|| pause(signal));
        }
    });
    if waiting.is_err() {
        // The program can be stopped all the same, if not as tidily.
        let _ = signal.thread_unblock();
    }
}

/// Stops the program as the signal does by itself: not where it is ignored, nor where there is no shell that would have it go on.
fn pause(signal: SigSet) {
    // Raised while it is still blocked, and let in once, so that a second Ctrl-Z meanwhile does not stop the program again
    // later: going on throws away what has not been let in.
    let _ = raise(Signal::SIGTSTP);
    let _ = signal.thread_unblock();
    let _ = signal.thread_block();
}
