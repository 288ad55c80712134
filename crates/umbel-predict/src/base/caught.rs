//! The panics of whatever decodes foreign bytes. It is written not to panic, but a file that makes it do so must not end a run of
//! thousands, and what a panic prints is nothing that a user should see.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder, whose panics are caught and told as a problem of the file: a program's panic hook may
/// be silent then.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// What a decoder gives; `None` where it panicked.
pub fn caught<T>(decode: impl FnOnce() -> T) -> Option<T> {
    let before = DECODING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(before);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_known_to_be_a_decoders() {
        assert!(!is_decoding());
        assert_eq!(caught(is_decoding), Some(true));
        assert_eq!(caught(|| -> u8 { std::panic::resume_unwind(Box::new("a decoder's")) }), None);
        assert_eq!(caught(|| (caught(|| ()), is_decoding())), Some((Some(()), true)));
        assert!(!is_decoding());
    }
}
