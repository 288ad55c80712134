//! The memory that all photos in hand may take together. Each asks for what it needs before it takes any, and waits until the
//! others have left room.

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::memory;

/// Where the system doesn't say how much memory there is.
const UNKNOWN: u64 = 8 << 30;
/// On small machines a large photo should still have room.
const LEAST: u64 = 1 << 30;
/// Files have this share, pictures the rest. A file is held while its picture waits, so one must never wait for the other:
/// who holds room for a picture has all that it needs, goes on, and leaves.
const FILES: u64 = 4;

/// A bound in bytes. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<Rooms>);

#[derive(Debug)]
struct Rooms {
    bytes: u64,
    files: Arc<Room>,
    pictures: Arc<Room>,
}

impl MemoryBudget {
    /// At most so many bytes. One that nothing fits into refuses every photo.
    pub fn new(bytes: u64) -> Self {
        let files = bytes / FILES;
        MemoryBudget(Arc::new(Rooms { bytes, files: Room::new(files), pictures: Room::new(bytes - files) }))
    }

    /// The whole bound.
    pub fn bytes(&self) -> u64 {
        self.0.bytes
    }

    /// The most that was given away at a time so far.
    pub fn most_taken(&self) -> u64 {
        self.0.files.state().most + self.0.pictures.state().most
    }

    /// Waits for room for a file's bytes.
    ///
    /// # Errors
    /// The most that a file may take, where this is more.
    pub fn for_file(&self, bytes: u64) -> Result<Share, u64> {
        self.0.files.share(bytes)
    }

    /// Waits for room for a picture and what is made of it, until the share is dropped. Who has one must not ask for another.
    ///
    /// # Errors
    /// The most that a picture may take, where this is more.
    pub fn for_picture(&self, bytes: u64) -> Result<Share, u64> {
        self.0.pictures.share(bytes)
    }
}

impl Default for MemoryBudget {
    /// A quarter of the machine's memory, or of what this process may have of it; 1 GiB at least, where there is as much.
    fn default() -> Self {
        let all = memory::total_bytes().unwrap_or(UNKNOWN);
        MemoryBudget::new((all / 4).max(all.min(LEAST)))
    }
}

/// Two are equal where they are one.
impl PartialEq for MemoryBudget {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for MemoryBudget {}

#[derive(Debug)]
struct Room {
    bytes: u64,
    state: Mutex<State>,
    left: Condvar,
}

/// Who comes first is served first, so that small photos do not keep a large one waiting for good.
#[derive(Debug, Default)]
struct State {
    taken: u64,
    most: u64,
    next_ticket: u64,
    serving: u64,
}

impl Room {
    fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Room { bytes, state: Mutex::default(), left: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn share(self: &Arc<Self>, bytes: u64) -> Result<Share, u64> {
        if bytes > self.bytes {
            return Err(self.bytes);
        }
        let mut state = self.state();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        while state.serving != ticket || state.taken + bytes > self.bytes {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.serving += 1;
        state.taken += bytes;
        state.most = state.most.max(state.taken);
        self.left.notify_all();
        Ok(Share { room: Arc::clone(self), bytes })
    }
}

/// Bytes that were asked for, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    room: Arc<Room>,
    bytes: u64,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.state().taken -= self.bytes;
        self.room.left.notify_all();
    }
}

/// Something in memory with its share, if there is a bound.
#[derive(Debug)]
pub struct Held<T> {
    value: T,
    _share: Option<Share>,
}

impl<T> Held<T> {
    pub(crate) fn new(value: T, share: Option<Share>) -> Self {
        Held { value, _share: share }
    }

    /// With what is made of it in its place.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Held<U> {
        Held { value: make(self.value), _share: self._share }
    }

    /// Without its share, which is given back: the bound knows of it no longer.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Of which no bound knows.
impl<T> From<T> for Held<T> {
    fn from(value: T) -> Self {
        Held::new(value, None)
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        self.value.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn what_is_taken_at_a_time_stays_within_the_bound() {
        let budget = MemoryBudget::new(4000);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..8 {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for round in 0..200 {
                        let bytes = 1 + (thread * 977 + round * 389) % 3000;
                        let share = budget.for_picture(bytes).unwrap();
                        most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!((1500..=3000).contains(&most.into_inner()));
        assert!(budget.most_taken() <= 3000);
        assert!(budget.for_picture(3000).is_ok(), "all was given back");
    }

    #[test]
    fn what_can_never_fit_is_refused_at_once() {
        let budget = MemoryBudget::new(4000);
        let _all = budget.for_picture(3000).unwrap();
        assert_eq!(budget.for_picture(3001).unwrap_err(), 3000);
        assert_eq!(budget.for_file(1001).unwrap_err(), 1000);
        assert!(budget.for_file(1000).is_ok(), "files do not wait for pictures");
        assert_eq!(MemoryBudget::new(0).for_file(1).unwrap_err(), 0);
    }

    #[test]
    fn a_large_photo_does_not_wait_for_all_small_ones_to_come() {
        let budget = MemoryBudget::new(4000);
        let small = budget.for_picture(1000).unwrap();
        thread::scope(|scope| {
            let large = scope.spawn(|| budget.for_picture(3000).map(drop));
            while budget.0.pictures.state().next_ticket < 2 {
                thread::yield_now();
            }
            let next = scope.spawn(|| budget.for_picture(10).map(drop));
            while budget.0.pictures.state().next_ticket < 3 {
                thread::yield_now();
            }
            assert_eq!(budget.0.pictures.state().serving, 1, "the small one stands behind the large one");
            drop(small);
            assert!(large.join().unwrap().is_ok() && next.join().unwrap().is_ok());
        });
    }
}
