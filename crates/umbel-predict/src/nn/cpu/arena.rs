//! One long buffer, and the rule by which others get their places in it: what is never alive at the same time may lie at
//! the same place.

use std::ops::{Deref, Range};

/// Every place starts at a multiple of so many `f32`: a cache line, and a vector of the widest instruction set.
pub(super) const ALIGNMENT: usize = 16;

/// A buffer of `f32` that starts at a cache line.
pub(super) struct Arena {
    data: Vec<f32>,
    start: usize,
    len: usize,
}

/// A vector of so many values, or `None` where the memory cannot be had.
pub(super) fn zeros<T: Clone>(len: usize, zero: T) -> Option<Vec<T>> {
    let mut data = Vec::new();
    data.try_reserve_exact(len).ok()?;
    // Writing them now brings the pages in, so that no step has to.
    data.resize(len, zero);
    Some(data)
}

impl Arena {
    /// `None` where the memory cannot be had.
    pub fn new(len: usize) -> Option<Self> {
        let data = zeros(len.checked_add(ALIGNMENT)?, 0.0)?;
        let start = data.as_ptr().align_offset(ALIGNMENT * size_of::<f32>()).min(ALIGNMENT);
        Some(Arena { data, start, len })
    }

    /// The whole buffer.
    pub fn all(&mut self) -> &mut [f32] {
        &mut self.data[self.start..][..self.len]
    }

    /// Several places at once. `0..0` stands for one that is not there.
    ///
    /// # Panics
    /// Where two of them overlap: the program gave a buffer away while it was in use.
    pub fn disjoint<const N: usize>(&mut self, ranges: [Range<usize>; N]) -> [&mut [f32]; N] {
        self.all().get_disjoint_mut(ranges).expect("buffers that are alive at one time do not overlap")
    }
}

impl Deref for Arena {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.data[self.start..][..self.len]
    }
}

/// Where a buffer lies, for any number of samples: it holds `fixed + n · per_sample` values. The default is one that is
/// not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub offset: usize,
    pub per_sample: usize,
    pub fixed: usize,
}

impl Place {
    /// The values in use with `n` samples.
    pub fn range(&self, n: usize) -> Range<usize> {
        self.offset..self.offset + self.fixed + n * self.per_sample
    }
}

/// A buffer that is alive from the tick `born` to the tick `dies`, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub per_sample: usize,
    pub fixed: usize,
    pub born: usize,
    pub dies: usize,
}

impl Request {
    fn len(&self, batch: usize) -> u128 {
        let len = self.fixed as u128 + self.per_sample as u128 * batch as u128;
        len.next_multiple_of(ALIGNMENT as u128)
    }
}

/// Gives every request its place, largest first, each at the lowest offset where it meets nothing that is alive at the
/// same time. Also the length of it all; where that does not fit a `usize`, the places mean nothing.
pub(super) fn place(requests: &[Request], batch: usize) -> (Vec<Place>, u128) {
    let mut order: Vec<usize> = (0..requests.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(requests[index].len(batch)), index));
    let mut ends: Vec<Option<(u128, u128)>> = vec![None; requests.len()];
    let mut total = 0;
    for index in order {
        let request = &requests[index];
        let mut taken: Vec<(u128, u128)> = (0..requests.len())
            .filter(|&other| requests[other].born <= request.dies && request.born <= requests[other].dies)
            .filter_map(|other| ends[other])
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, end) in taken {
            if offset + request.len(batch) <= start {
                break;
            }
            offset = offset.max(end);
        }
        ends[index] = Some((offset, offset + request.len(batch)));
        total = total.max(offset + request.len(batch));
    }
    let place = |(request, span): (&Request, Option<(u128, u128)>)| Place {
        offset: span.map_or(0, |(start, _)| start as usize),
        per_sample: request.per_sample,
        fixed: request.fixed,
    };
    (requests.iter().zip(ends).map(place).collect(), total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alive_together_lies_apart_and_the_rest_is_shared() {
        let request = |fixed, born, dies| Request { per_sample: 0, fixed, born, dies };
        // A chain: each buffer is born when the one before is read for the last time.
        let chain = [request(100, 0, 1), request(50, 1, 2), request(100, 2, 3), request(7, 3, 4)];
        let (places, total) = place(&chain, 1);
        for (a, first) in chain.iter().enumerate() {
            for (b, second) in chain.iter().enumerate().skip(a + 1) {
                let (p, q) = (places[a].range(1), places[b].range(1));
                let together = first.born <= second.dies && second.born <= first.dies;
                assert!(!together || p.end <= q.start || q.end <= p.start, "{a} and {b}");
            }
        }
        // 100 and 50, each rounded up to whole cache lines: the other two lie where these did.
        assert_eq!(total, 112 + 64);
        assert!(places.iter().all(|place| place.offset.is_multiple_of(ALIGNMENT)));
    }

    #[test]
    fn arenas_start_at_a_cache_line_and_absent_places_overlap_nothing() {
        let mut arena = Arena::new(40).unwrap();
        assert_eq!(arena.as_ptr().align_offset(64), 0);
        let [absent, x, gone, y] = arena.disjoint([0..0, 0..20, 0..0, 20..40]);
        assert_eq!((absent.len(), x.len(), gone.len(), y.len()), (0, 20, 0, 20));
    }
}
