//! L-BFGS: minimizes a smooth function of many variables from its values and gradients (Nocedal 1980, "Updating Quasi-Newton
//! Matrices with Limited Storage"; Liu & Nocedal 1989), with backtracking along the line. All sums run in order, so the
//! same function gives the same bits.

use std::collections::VecDeque;

/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 20;
/// A step is taken where the value falls by this share of what the slope promises (Armijo 1966).
const SUFFICIENT: f64 = 1e-4;
/// Halvings of a step before the value is taken to be as low as its rounding lets it be.
const MOST_HALVINGS: usize = 30;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// Where no value of the gradient is larger.
    pub gradient: f64,
    /// Where a step lowers the value by a smaller share of it.
    pub progress: f64,
    /// After so many steps.
    pub steps: usize,
}

/// Where it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    pub value: f64,
    pub steps: usize,
    /// How often the function was asked.
    pub evaluations: usize,
}

/// One step and what it did to the gradient.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// 1 / (step · change).
    inverse: f64,
}

/// Moves `point` to a minimum. `function` fills in the gradient and gives the value; its error ends the search.
pub fn minimize<E>(
    point: &mut [f64],
    stop: Stop,
    mut function: impl FnMut(&[f64], &mut [f64]) -> Result<f64, E>,
) -> Result<Minimum, E> {
    let mut gradient = vec![0.0; point.len()];
    let mut value = function(point, &mut gradient)?;
    let mut found = Minimum { value, steps: 0, evaluations: 1 };
    let mut memory: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let (mut next, mut next_gradient) = (point.to_vec(), gradient.clone());
    while found.steps < stop.steps && largest(&gradient) > stop.gradient {
        let direction = direction(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        // Before anything is known of the curvature, a step as long as one unit.
        let mut length = if memory.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut lower = None;
        for _ in 0..MOST_HALVINGS {
            for ((next, at), towards) in next.iter_mut().zip(point.iter()).zip(&direction) {
                *next = at + length * towards;
            }
            let there = function(&next, &mut next_gradient)?;
            found.evaluations += 1;
            if there <= value + SUFFICIENT * length * slope {
                lower = Some(there);
                break;
            }
            length *= 0.5;
        }
        let Some(lower) = lower else {
            if memory.is_empty() {
                break;
            }
            // What is remembered may mislead; once more from the plain gradient.
            memory.clear();
            continue;
        };
        remember(&mut memory, (point, &next), (&gradient, &next_gradient));
        point.copy_from_slice(&next);
        gradient.copy_from_slice(&next_gradient);
        let progress = (value - lower) / lower.abs().max(f64::MIN_POSITIVE);
        value = lower;
        found.value = value;
        found.steps += 1;
        if progress < stop.progress {
            break;
        }
    }
    Ok(found)
}

/// The negative gradient through the inverse of the remembered curvature (the two-loop recursion).
fn direction(gradient: &[f64], memory: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|value| -value).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let share = pair.inverse * dot(&pair.step, &direction);
        add(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    if let Some(last) = memory.back() {
        let scale = 1.0 / (last.inverse * dot(&last.change, &last.change));
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for (pair, share) in memory.iter().zip(shares.into_iter().rev()) {
        let correction = share - pair.inverse * dot(&pair.change, &direction);
        add(&mut direction, correction, &pair.step);
    }
    direction
}

fn remember(memory: &mut VecDeque<Pair>, (from, to): (&[f64], &[f64]), (before, after): (&[f64], &[f64])) {
    let difference = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(to, from)| to - from).collect();
    let (step, change): (Vec<f64>, Vec<f64>) = (difference(to, from), difference(after, before));
    let curvature = dot(&step, &change);
    // Only rounding makes it negative, the function being convex.
    if curvature > 1e-12 * dot(&change, &change) {
        if memory.len() == MEMORY {
            memory.pop_front();
        }
        memory.push_back(Pair { step, change, inverse: 1.0 / curvature });
    }
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += factor * what);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: Stop = Stop { gradient: 1e-10, progress: 0.0, steps: 1000 };

    /// A bowl whose axes differ a thousandfold, turned out of the coordinates.
    #[test]
    fn it_finds_the_lowest_point_of_a_bowl() {
        let n = 20;
        let target: Vec<f64> = (0..n).map(|i| f64::from(i) * 0.37 - 2.0).collect();
        let weight = |i: usize| 1000f64.powf(i as f64 / (target.len() - 1) as f64);
        let mut point = vec![0.0; target.len()];
        let found = minimize(&mut point, TIGHT, |x, gradient| {
            let away: Vec<f64> = x.iter().zip(&target).map(|(x, target)| x - target).collect();
            let mean = away.iter().sum::<f64>();
            gradient.iter_mut().enumerate().for_each(|(i, g)| *g = weight(i) * away[i] + mean);
            let own: f64 = away.iter().enumerate().map(|(i, away)| 0.5 * weight(i) * away * away).sum();
            Ok::<f64, ()>(own + 0.5 * mean * mean)
        })
        .unwrap();
        assert!(found.steps < 200 && found.evaluations < 400, "{found:?}");
        for (point, target) in point.iter().zip(&target) {
            assert!((point - target).abs() < 1e-8, "{point} instead of {target}");
        }
    }

    /// Rosenbrock's valley bends, so steps have to be shortened and curvature relearned.
    #[test]
    fn it_follows_a_bent_valley() {
        let mut point = vec![-1.2, 1.0];
        let found = minimize(&mut point, TIGHT, |p, gradient| {
            let (x, y) = (p[0], p[1]);
            gradient[0] = -400.0 * x * (y - x * x) - 2.0 * (1.0 - x);
            gradient[1] = 200.0 * (y - x * x);
            Ok::<f64, ()>(100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2))
        })
        .unwrap();
        assert!((point[0] - 1.0).abs() < 1e-7 && (point[1] - 1.0).abs() < 1e-7, "{point:?} {found:?}");
    }

    #[test]
    fn an_error_of_the_function_ends_it() {
        let mut left = 3;
        let stopped = minimize(&mut [1.0, 2.0], TIGHT, |x, gradient| {
            left -= 1;
            gradient.copy_from_slice(&[4.0 * x[0].powi(3), 2.0 * x[1]]);
            if left == 0 { Err("enough") } else { Ok(x[0].powi(4) + x[1] * x[1]) }
        });
        assert_eq!(stopped, Err("enough"));
    }

    #[test]
    fn at_the_minimum_nothing_moves() {
        let mut point = vec![0.0, 0.0];
        let found = minimize(&mut point, TIGHT, |_, gradient| {
            gradient.fill(0.0);
            Ok::<f64, ()>(5.0)
        });
        assert_eq!(found, Ok(Minimum { value: 5.0, steps: 0, evaluations: 1 }));
        assert_eq!(point, [0.0, 0.0]);
    }
}
