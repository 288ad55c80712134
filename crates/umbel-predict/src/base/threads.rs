//! Threads for what computes in parallel: rayon's own pool panics where the system has none to give, so they are asked for before.

use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// Makes sure that rayon has a pool to work in. Where the system has fewer threads to give than there are cores, it is a smaller one;
/// results are the same for any number. Called again it does nothing.
///
/// # Errors
/// [`Error::NoThread`] where there is not even one.
pub fn ready() -> Result<()> {
    static DONE: Mutex<bool> = Mutex::new(false);
    // Whoever works in a pool already has one.
    if rayon::current_thread_index().is_some() {
        return Ok(());
    }
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if *done {
        return Ok(());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // 0: as many as rayon would take by itself.
    let mut wanted =
        std::iter::once(0).chain(std::iter::successors(Some(cores / 2), |n| Some(n / 2)).take_while(|n| *n > 0));
    let mut refused = String::new();
    let given = wanted.find(|threads| match try_out(*threads) {
        Ok(()) => true,
        Err(error) => {
            refused = error.to_string();
            false
        }
    });
    let Some(threads) = given else { return Err(Error::NoThread { detail: refused }) };
    // Where the program has made the pool already, it is that one.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    *done = true;
    Ok(())
}

/// Whether so many threads can be had. They have ended when this returns. (The first failure of rayon's own pool is final.)
fn try_out(threads: usize) -> std::result::Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_scoped(|thread| thread.run(), |_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_there_before_they_are_used() {
        ready().unwrap();
        ready().unwrap();
        assert!(rayon::current_num_threads() > 0);
        rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(ready).unwrap();
    }
}
