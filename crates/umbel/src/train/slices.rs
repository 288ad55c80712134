//! The sum over the slices of an update: always over the same binary tree, so that it has the same bits whoever computed which
//! slice, and in whatever order the parts came together.
//!
//! A node stands for 2^k slices from a multiple of 2^k on and is the sum of its two halves; what is left over at the end, where
//! the number of slices is no power of two, is added from the right.

use std::collections::BTreeMap;

use crate::nn::LossSum;

/// What has come together of an update's slices: as few nodes as that takes, at most one of each size once all have come.
#[derive(Clone, Debug, Default)]
pub struct SliceSums {
    /// By their first slice.
    nodes: BTreeMap<usize, Node>,
    /// Buffers to be used again.
    spare: Vec<Vec<f32>>,
}

/// The sum over some slices that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// How many slices, a power of two.
    pub slices: usize,
    /// What each gave ([`Train::gradients`](crate::nn::Train::gradients)) times its samples.
    pub values: Vec<f32>,
    /// Sums of losses and hits.
    pub loss: LossSum,
}

impl SliceSums {
    /// Takes the slice of this number, from 0: what it gave, for the mean over its samples.
    ///
    /// # Panics
    /// Where it is there already.
    pub fn add(&mut self, slice: usize, gradients: &[f32], loss: LossSum) {
        let mut values = self.spare.pop().unwrap_or_default();
        let samples = loss.samples as f32;
        values.clear();
        values.extend(gradients.iter().map(|value| value * samples));
        self.insert(slice, Node { slices: 1, values, loss });
    }

    /// Takes a node that was summed elsewhere.
    ///
    /// # Panics
    /// Where one of its slices is there already.
    pub fn insert(&mut self, mut first: usize, mut node: Node) {
        loop {
            let sibling = first ^ node.slices;
            match self.nodes.get(&sibling) {
                Some(other) if other.slices == node.slices => {}
                _ => break,
            }
            let other = self.nodes.remove(&sibling).expect("it was just seen");
            let (left, right) = if sibling < first { (other, node) } else { (node, other) };
            first = first.min(sibling);
            node = self.sum(left, right);
        }
        let twin = self.nodes.insert(first, node);
        assert!(twin.is_none(), "slice {first} came twice");
    }

    /// All nodes with their first slices, for whoever sums the rest; none is left.
    pub fn take(&mut self) -> Vec<(usize, Node)> {
        std::mem::take(&mut self.nodes).into_iter().collect()
    }

    /// The mean over all samples goes into `gradients`; gives the sums of losses and hits, and begins anew.
    ///
    /// # Panics
    /// Where not all of so many slices have come.
    pub fn finish(&mut self, slices: usize, gradients: &mut [f32]) -> LossSum {
        let nodes = self.take();
        let (came, whole) =
            nodes.iter().fold((0, true), |(end, whole), (first, node)| (first + node.slices, whole && *first == end));
        assert!(whole && came == slices, "not all of {slices} slices have come");
        let all = nodes.into_iter().map(|(_, node)| node).rev().reduce(|right, left| self.sum(left, right));
        let Some(Node { values, loss, .. }) = all else { return LossSum::default() };
        let each = 1.0 / loss.samples.max(1) as f32;
        gradients.iter_mut().zip(&values).for_each(|(gradient, sum)| *gradient = sum * each);
        self.spare.push(values);
        loss
    }

    fn sum(&mut self, mut left: Node, right: Node) -> Node {
        left.values.iter_mut().zip(&right.values).for_each(|(left, right)| *left += right);
        self.spare.push(right.values);
        add(&mut left.loss, &right.loss);
        left.slices += right.slices;
        left
    }
}

/// Adds the sums over other samples.
pub(super) fn add(total: &mut LossSum, more: &LossSum) {
    total.loss += more.loss;
    total.correct += more.correct;
    total.correct_top_k += more.correct_top_k;
    total.samples += more.samples;
}

/// How many buffers as long as the gradients it takes at most to sum so many slices.
pub(super) fn buffers(slices: usize) -> usize {
    // One of each size, and the one that is just coming.
    if slices > 1 { slices.ilog2() as usize + 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers whose sum depends on the order.
    fn values(slice: usize) -> Vec<f32> {
        (0..5).map(|i| ((slice * 37 + i * 11) % 97) as f32 * 1.1e-3 + 10f32.powi((slice % 7) as i32 - 3)).collect()
    }

    fn loss(slice: usize) -> LossSum {
        LossSum { loss: 1.0 / (slice + 3) as f64, correct: slice % 3, correct_top_k: 2, samples: 3 + slice % 2 }
    }

    fn sum(slices: usize, order: impl Iterator<Item = usize>, workers: usize) -> (Vec<f32>, LossSum) {
        let mut parts: Vec<SliceSums> = vec![SliceSums::default(); workers];
        order.enumerate().for_each(|(at, slice)| parts[at % workers].add(slice, &values(slice), loss(slice)));
        let mut all = parts.pop().unwrap();
        for mut part in parts {
            part.take().into_iter().for_each(|(first, node)| all.insert(first, node));
        }
        let mut gradients = vec![f32::NAN; 5];
        let loss = all.finish(slices, &mut gradients);
        (gradients, loss)
    }

    #[test]
    fn the_sum_is_the_same_whoever_adds_what_and_when() {
        for slices in 1..40 {
            let expected = sum(slices, 0..slices, 1);
            assert_eq!(sum(slices, (0..slices).rev(), 1), expected, "{slices} backward");
            for workers in 1..9 {
                assert_eq!(sum(slices, 0..slices, workers), expected, "{slices} by {workers}");
            }
        }
    }

    #[test]
    fn it_is_the_mean_over_the_samples() {
        let (gradients, total) = sum(12, 0..12, 1);
        let samples: usize = (0..12).map(|slice| loss(slice).samples).sum();
        for (place, gradient) in gradients.iter().enumerate() {
            let wide: f64 = (0..12).map(|s| f64::from(values(s)[place]) * loss(s).samples as f64).sum();
            assert!((f64::from(*gradient) - wide / samples as f64).abs() < 1e-3 * wide.abs() / samples as f64);
        }
        assert_eq!(total.samples, samples);
    }

    #[test]
    fn no_more_buffers_are_taken_than_foreseen() {
        for slices in 2..70 {
            let mut sums = SliceSums::default();
            (0..slices).for_each(|slice| sums.add(slice, &values(slice), loss(slice)));
            sums.finish(slices, &mut [0.0; 5]);
            assert!(sums.spare.len() <= buffers(slices), "{slices}: {} buffers", sums.spare.len());
        }
    }

    #[test]
    #[should_panic(expected = "not all of 5 slices")]
    fn a_slice_that_is_missing_is_noticed() {
        let mut sums = SliceSums::default();
        (1..5).for_each(|slice| sums.add(slice, &values(slice), loss(slice)));
        sums.finish(5, &mut [0.0; 5]);
    }

    #[test]
    #[should_panic(expected = "came twice")]
    fn a_slice_that_comes_twice_is_noticed() {
        let mut sums = SliceSums::default();
        [0, 2, 2].into_iter().for_each(|slice| sums.add(slice, &values(slice), loss(slice)));
    }
}
