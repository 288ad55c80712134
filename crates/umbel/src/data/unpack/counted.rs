//! How much of a file was read, while what decompresses it reads it.

use std::cell::Cell;
use std::io::{Read, Result};

/// Counts what is read of `inner`.
pub struct Counted<'a, R> {
    pub inner: R,
    pub read: &'a Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}
