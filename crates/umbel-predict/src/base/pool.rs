//! Things that threads take turns with, and that are made where none is free.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// As many as were ever in use at the same time. Nobody waits for another: who did, in a pool of threads that steal each
/// other's work, could wait for itself.
#[derive(Debug)]
pub struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    /// With one.
    pub fn new(first: T) -> Self {
        Pool(Mutex::new(vec![first]))
    }

    /// Lends one that is free, or a new one, to `work`. One that was in use while something panicked is not lent again.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn lend<R, E>(&self, make: impl FnOnce() -> Result<T, E>, work: impl FnOnce(&mut T) -> R) -> Result<R, E> {
        let free = self.free().pop();
        let mut lent = match free {
            Some(free) => free,
            None => make()?,
        };
        let answer = work(&mut lent);
        self.free().push(lent);
        Ok(answer)
    }

    fn free(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_is_free_is_lent_before_another_is_made() {
        let pool = Pool::new(0);
        let made = std::cell::Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            Ok::<i32, Infallible>(made.get())
        };
        assert_eq!(pool.lend(make, |lent| *lent), Ok(0));
        assert_eq!(pool.lend(make, |outer| (*outer, pool.lend(make, |inner| *inner))), Ok((0, Ok(1))));
        assert_eq!((pool.lend(make, |lent| *lent), made.get()), (Ok(0), 1));
        let panicked = catch_unwind(AssertUnwindSafe(|| pool.lend(make, |_| panic!("while it is lent"))));
        assert!(panicked.is_err());
        let both = pool.lend(make, |outer| (*outer, pool.lend(make, |inner| *inner)));
        assert_eq!((both, made.get()), (Ok((1, Ok(2))), 2), "what was in use then is gone");
        let full = Pool::new(());
        assert_eq!(full.lend(|| Err("no more"), |()| full.lend(|| Err("no more"), |()| ())), Ok(Err("no more")));
    }
}
