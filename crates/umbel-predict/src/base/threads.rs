//! Threads for what computes in parallel: rayon's own pool panics where the system has none to give, so it is made here, of threads
//! that are there already.

use std::io::ErrorKind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Error, Result};

/// Threads that wait to be a pool's.
struct Waiting {
    hand: Sender<rayon::ThreadBuilder>,
    threads: usize,
}

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
    if let Some(Waiting { hand, threads }) = spawn(usual())? {
        let give = |thread| hand.send(thread).map_err(|_| std::io::Error::other("a thread has ended before it began"));
        // Where the program has made the pool already, it is that one, and these threads end.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).spawn_handler(give).build_global();
    }
    *done = true;
    Ok(())
}

/// As many threads as rayon would take by itself: a pool that is never given any tells.
fn usual() -> usize {
    let pool = rayon::ThreadPoolBuilder::new().spawn_handler(|_| Ok(())).build();
    pool.map_or(1, |pool| pool.current_num_threads())
}

/// As many threads as can be had, up to `most`; `None` where the system knows none, and rayon works in the caller's. (To count them by making a pool and taking it down again would not do: a thread that
/// has ended may count for some time, and the first failure of rayon's own pool is final.)
fn spawn(most: usize) -> Result<Option<Waiting>> {
    let (hand, take) = channel();
    let take = Arc::new(Mutex::new(take));
    for threads in 0..most {
        let take = Arc::clone(&take);
        let name = format!("umbel-{threads}");
        if let Err(error) = std::thread::Builder::new().name(name).spawn(move || work(&take)) {
            return match threads {
                0 if error.kind() == ErrorKind::Unsupported => Ok(None),
                0 => Err(Error::NoThread { detail: error.to_string() }),
                _ => Ok(Some(Waiting { hand, threads })),
            };
        }
    }
    Ok(Some(Waiting { hand, threads: most }))
}

fn work(take: &Mutex<Receiver<rayon::ThreadBuilder>>) {
    let thread = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
    if let Ok(thread) = thread {
        thread.run();
    }
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
