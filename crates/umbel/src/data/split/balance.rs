//! Deals units that may hold photos of several classes out to parts, so that every part has its share of every class as
//! nearly as whole units allow: greedily in random order, then by moving and once more by mending what is missing.

use super::Index;
use super::units::Unit;
use crate::base::random::{Purpose, Stream};

/// Passes over all units in which single units are moved; each lowers the cost, and few are ever needed.
const PASSES: usize = 16;
/// How much the size of a part counts beside the shares of its classes: enough to decide between equals.
const SIZE_WEIGHT: f64 = 0.1;

/// The part of each unit, 0 to `shares.len()`, under `seed`. `shares` add up to 1. Every class is in every part, those
/// named first before the others, as far as it has units enough.
pub fn assign(index: &Index, units: &[Unit], shares: &[f64], seed: u64) -> Vec<usize> {
    let mut dealer = Dealer::new(index, units, shares);
    let mut order: Vec<usize> = (0..units.len()).collect();
    Stream::new(seed, Purpose::Split, u64::MAX, 0).shuffle(&mut order);
    for &unit in &order {
        let part = dealer.best_part(unit);
        dealer.put(unit, part);
    }
    for _ in 0..PASSES {
        let mut moved = false;
        for &unit in &order {
            moved |= dealer.improve(unit);
        }
        if !moved {
            break;
        }
    }
    for part in 0..shares.len() {
        for class in 0..dealer.classes {
            dealer.mend(part, class, &order);
        }
    }
    dealer.part_of
}

/// Counts of photos: a column for each class, and one for all.
struct Dealer {
    classes: usize,
    parts: usize,
    /// Column and photos of each unit.
    contents: Vec<Vec<(usize, f64)>>,
    /// `[part][column]`
    target: Vec<Vec<f64>>,
    count: Vec<Vec<f64>>,
    part_of: Vec<usize>,
}

/// The part of a unit that is not dealt out yet.
const NONE: usize = usize::MAX;

impl Dealer {
    fn new(index: &Index, units: &[Unit], shares: &[f64]) -> Self {
        let classes = index.classes.len();
        let contents: Vec<Vec<(usize, f64)>> = units.iter().map(|unit| contents(index, unit)).collect();
        let mut all = vec![0.0; classes + 1];
        for &(column, photos) in contents.iter().flatten() {
            all[column] += photos;
        }
        let target = shares.iter().map(|share| all.iter().map(|photos| photos * share).collect()).collect();
        Dealer {
            classes,
            parts: shares.len(),
            contents,
            target,
            count: vec![vec![0.0; classes + 1]; shares.len()],
            part_of: vec![NONE; units.len()],
        }
    }

    /// Adds a unit to a part, after taking it from the one that it is in.
    fn put(&mut self, unit: usize, part: usize) {
        self.add(unit, self.part_of[unit], -1.0);
        self.add(unit, part, 1.0);
        self.part_of[unit] = part;
    }

    fn add(&mut self, unit: usize, part: usize, sign: f64) {
        let Some(count) = self.count.get_mut(part) else { return };
        for &(column, photos) in &self.contents[unit] {
            count[column] += sign * photos;
        }
    }

    /// What it costs to have the unit in `part`, where it is not now: squared distance from the target, in units of it.
    fn cost(&self, unit: usize, part: usize) -> f64 {
        let term = |&(column, photos): &(usize, f64)| {
            let (target, count) = (self.target[part][column].max(1e-9), self.count[part][column]);
            let weight = if column == self.classes { SIZE_WEIGHT } else { 1.0 };
            weight * photos * (2.0 * (count - target) + photos) / target
        };
        self.contents[unit].iter().map(term).sum()
    }

    fn best_part(&self, unit: usize) -> usize {
        (0..self.parts).min_by(|&a, &b| self.cost(unit, a).total_cmp(&self.cost(unit, b))).unwrap_or(0)
    }

    /// Moves a unit to where it costs less, if there is such a part.
    fn improve(&mut self, unit: usize) -> bool {
        let from = self.part_of[unit];
        self.add(unit, from, -1.0);
        let best = self.best_part(unit);
        // Rounding must not move a unit back and forth.
        let better = self.cost(unit, best) < self.cost(unit, from) - 1e-9;
        self.add(unit, from, 1.0);
        if better {
            self.put(unit, best);
        }
        better
    }

    /// Brings a class to a part that has none of it: the unit that costs least of those that leave no other part
    /// without one of its classes (but a part may lose what an earlier one needs).
    fn mend(&mut self, part: usize, class: usize, order: &[usize]) {
        if self.count[part][class] > 0.0 {
            return;
        }
        let holds = |unit: &usize| self.contents[*unit].iter().any(|&(column, _)| column == class);
        let may_leave = |unit: &usize| {
            let from = self.part_of[*unit];
            let leaves_some = |&(column, photos): &(usize, f64)| self.count[from][column] > photos + 0.5;
            from > part || self.contents[*unit].iter().all(leaves_some)
        };
        let candidates = order.iter().copied().filter(|unit| holds(unit) && may_leave(unit));
        let cheapest = candidates.min_by(|&a, &b| self.cost(a, part).total_cmp(&self.cost(b, part)));
        if let Some(unit) = cheapest {
            self.put(unit, part);
        }
    }
}

/// Photos of a unit by column: each class that it has, and all of them.
fn contents(index: &Index, unit: &Unit) -> Vec<(usize, f64)> {
    let mut counts = std::collections::BTreeMap::new();
    for &position in unit {
        *counts.entry(index.photos[position].class as usize).or_insert(0.0) += 1.0;
    }
    counts.insert(index.classes.len(), unit.len() as f64);
    counts.into_iter().collect()
}
