//! Which photos show the same: fingerprints that stand resizing, saving anew, small crops and brightness (`fingerprint`), a
//! search that does not compare all with all (`search`), and the proof that two fingerprints are of one shot (`align`).
//! A check reports such photos, and a split keeps them on one side.

mod align;
mod fingerprint;
mod forest;
mod search;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::base::progress::Interrupt;
use crate::{Error, Result};
pub use fingerprint::{FINGERPRINT_BYTES, Fingerprint};

/// Side of the grey picture that is kept of every photo.
const SIDE: usize = 32;
pub(super) use forest::Forest;

/// Sets of positions with the same digest, in the order of their first members; those that are alone, too.
pub fn copies(digests: impl IntoIterator<Item = (usize, [u8; 32])>) -> Vec<Vec<usize>> {
    let mut by_digest: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    for (position, digest) in digests {
        by_digest.entry(digest).or_default().push(position);
    }
    let mut copies: Vec<Vec<usize>> = by_digest.into_values().collect();
    copies.sort_unstable();
    copies
}

/// Groups of positions that show the same, over more than one of the sets of [`copies`]; rising, in the order of their
/// first members. `print` gives the fingerprint of a set's first member. Blank pictures all look alike, so they are left
/// out.
pub fn near<'a>(
    copies: &[Vec<usize>],
    print: impl Fn(usize) -> Option<&'a Fingerprint>,
    interrupt: &Interrupt,
) -> Result<Vec<Vec<usize>>> {
    let known = copies.iter().filter_map(|set| Some((set, print(set[0])?)));
    let (sets, prints): (Vec<&Vec<usize>>, Vec<&Fingerprint>) = known.filter(|(_, print)| !print.blank).unzip();
    let mut forest = Forest::of(sets.len());
    for (a, b) in same_pairs(&prints, interrupt)? {
        forest.join(a as usize, b as usize);
    }
    let members = |group: Vec<usize>| -> Vec<usize> {
        let mut photos: Vec<usize> = group.into_iter().flat_map(|set| sets[set].iter().copied()).collect();
        photos.sort_unstable();
        photos
    };
    let mut groups: Vec<Vec<usize>> = forest.groups().into_iter().map(members).collect();
    groups.sort_unstable();
    Ok(groups)
}

/// Pairs of positions in `prints`, the smaller first, that show the same shot.
pub fn same_pairs(prints: &[&Fingerprint], interrupt: &Interrupt) -> Result<Vec<(u32, u32)>> {
    let pairs = search::candidates(prints, interrupt)?;
    let same = pairs
        .into_par_iter()
        .filter(|&(a, b)| !interrupt.requested() && prints[a as usize].equals(prints[b as usize]))
        .collect();
    if interrupt.requested() { Err(Error::Interrupted) } else { Ok(same) }
}

/// Groups of photos that show the same, whether by bytes or by looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookAlikes {
    /// Positions, rising; two at least in each group, and each photo in one group at most.
    pub groups: Vec<Vec<usize>>,
}

impl LookAlikes {
    /// Among photos of which `digest` and `print` are known.
    pub fn find(known: &[(usize, [u8; 32], Fingerprint)], interrupt: &Interrupt) -> Result<Self> {
        let copies = copies(known.iter().map(|(position, digest, _)| (*position, *digest)));
        let prints: HashMap<usize, &Fingerprint> =
            known.iter().map(|(position, _, print)| (*position, print)).collect();
        let mut groups = near(&copies, |position| prints.get(&position).copied(), interrupt)?;
        let grouped: std::collections::HashSet<usize> = groups.iter().flatten().copied().collect();
        groups.extend(copies.into_iter().filter(|set| set.len() > 1 && !grouped.contains(&set[0])));
        groups.sort_unstable();
        Ok(LookAlikes { groups })
    }
}
