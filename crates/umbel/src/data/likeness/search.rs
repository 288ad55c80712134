//! Finds pairs of pictures whose hashes are close without comparing all with all: two hashes that differ in few bits
//! agree almost in one of their quarters (multi-index hashing, Norouzi et al., 2012), and a table of quarters finds it.

use rayon::prelude::*;

use super::fingerprint::Fingerprint;
use crate::base::progress::Interrupt;
use crate::{Error, Result};

/// Bits by which two hashes of one shot may differ.
const RADIUS: u32 = 15;
const QUARTERS: usize = 4;
/// Bits by which the closest quarter differs at most: 15 bits over four quarters leave one with three or fewer.
const QUARTER_RADIUS: u32 = RADIUS / QUARTERS as u32;
const QUARTER_BITS: u32 = 16;
/// The closest pictures that are looked at for each; a folder of a film's frames would pair all with all.
const CLOSEST: usize = 24;
/// Looking ends after so many close pictures: where most of a folder looks the same, all would be compared with all. A
/// hundred thousand different photos have a few each.
const ENOUGH: usize = 2_000;

/// Pairs of positions in `prints` (the smaller first, each pair once, in order) whose hashes are close.
pub(super) fn candidates(prints: &[&Fingerprint], interrupt: &Interrupt) -> Result<Vec<(u32, u32)>> {
    let tables: [Table; QUARTERS] = std::array::from_fn(|quarter| Table::of(prints, quarter));
    let masks: Vec<u16> = (0..=u16::MAX).filter(|mask| mask.count_ones() <= QUARTER_RADIUS).collect();
    let mut pairs: Vec<(u32, u32)> = (0..prints.len())
        .into_par_iter()
        .map(|position| {
            if interrupt.requested() {
                return Err(Error::Interrupted);
            }
            Ok(closest(position, prints, &tables, &masks))
        })
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    Ok(pairs)
}

/// The pictures close to one. The hashes of its inside are asked too: another picture may be a crop of it.
fn closest(position: usize, prints: &[&Fingerprint], tables: &[Table], masks: &[u16]) -> Vec<(u32, u32)> {
    let own = prints[position];
    let mut found: Vec<(u32, u32)> = Vec::new();
    'looking: for hash in own.hashes {
        for (quarter, table) in tables.iter().enumerate() {
            let value = quarter_of(hash, quarter);
            for mask in masks {
                for &(of_other, other) in table.with(value ^ mask) {
                    let distance = (hash ^ of_other).count_ones();
                    if distance <= RADIUS && other as usize != position && own.may_equal(prints[other as usize]) {
                        found.push((distance, other));
                        if found.len() == ENOUGH {
                            break 'looking;
                        }
                    }
                }
            }
        }
    }
    found.sort_unstable();
    let mut others: Vec<u32> = Vec::with_capacity(CLOSEST.min(found.len()));
    for (_, other) in found {
        if others.len() == CLOSEST {
            break;
        }
        if !others.contains(&other) {
            others.push(other);
        }
    }
    let own = position as u32;
    others.into_iter().map(|other| (own.min(other), own.max(other))).collect()
}

fn quarter_of(hash: u64, quarter: usize) -> u16 {
    (hash >> (quarter as u32 * QUARTER_BITS)) as u16
}

/// The pictures by the value of one quarter of their hash.
struct Table {
    /// Where the pictures of each value begin; one more at the end.
    starts: Vec<u32>,
    /// Hashes and positions side by side: to fetch each hash from its fingerprint would be most of the time.
    entries: Vec<(u64, u32)>,
}

impl Table {
    fn of(prints: &[&Fingerprint], quarter: usize) -> Self {
        let value = |print: &Fingerprint| usize::from(quarter_of(print.hashes[0], quarter));
        let mut starts = vec![0u32; (1 << QUARTER_BITS) + 1];
        for print in prints {
            starts[value(print) + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, 0); prints.len()];
        for (position, print) in prints.iter().enumerate() {
            let place = &mut next[value(print)];
            entries[*place as usize] = (print.hashes[0], position as u32);
            *place += 1;
        }
        Table { starts, entries }
    }

    fn with(&self, value: u16) -> &[(u64, u32)] {
        let value = usize::from(value);
        &self.entries[self.starts[value] as usize..self.starts[value + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::likeness::Forest;

    #[test]
    fn a_folder_of_one_and_the_same_is_one_group_without_comparing_all_with_all() {
        let n = 3 * ENOUGH;
        let picture =
            image::RgbImage::from_fn(16, 16, |x, y| image::Rgb([(x * y) as u8, (x * 16) as u8, (y * 9) as u8]));
        let print = Fingerprint::of(&picture);
        let pairs = candidates(&vec![&print; n], &Interrupt::default()).unwrap();
        assert!(pairs.len() <= n * CLOSEST, "{}", pairs.len());
        let mut forest = Forest::of(n);
        pairs.iter().for_each(|&(a, b)| forest.join(a as usize, b as usize));
        assert!((0..n).all(|position| forest.root(position) == 0));
    }
}
