//! The curve of a learning-rate range test: SVG and PNG.

use std::path::{Path, PathBuf};

use super::canvas;
use super::ink::COLORS;
use super::panel::{Kind, Line, Note, Panel};
use super::scale::{self, Scale};
use crate::Result;
use crate::base::fonts::Fonts;
use crate::train::{RangePoint, RangeTest};

/// What the scale of the loss goes beyond the highest that is drawn of the curves: room for the note.
const HEADROOM: f64 = 1.12;
/// More ticks than that would run into each other.
const MOST_TICKS: i32 = 8;

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths: the loss over the logarithm of the
/// rate, thin as it was and thick smoothed, with a line at the rate that is suggested. The folder must exist.
pub fn write(folder: &Path, stem: &str, test: &RangeTest) -> Result<Vec<PathBuf>> {
    canvas::write(folder, stem, &Fonts::built_in(), |_| panel(test))
}

fn panel(test: &RangeTest) -> Panel {
    let smoothed: Vec<f64> = test.points.iter().map(|point| point.smoothed).collect();
    let y = scale::loss(&smoothed);
    let curve = |value: fn(&RangePoint) -> f64| {
        // What leaves the scale is drawn along its edge.
        let point = |point: &RangePoint| (point.rate.log10(), value(point).min(y.high));
        vec![test.points.iter().map(point).collect()]
    };
    let (at, high) = (test.rate.log10(), HEADROOM * y.high);
    let lines = vec![
        Line { pieces: curve(|point| point.loss), color: COLORS[5], kind: Kind::Thin },
        Line { pieces: curve(|point| point.smoothed), color: COLORS[0], kind: Kind::Solid },
        Line { pieces: vec![vec![(at, y.low), (at, high)]], color: COLORS[1], kind: Kind::Dashed },
    ];
    Panel {
        title: "Learning-Rate Range Test".to_string(),
        axes: ["Learning rate", "Loss"],
        scales: [powers(test), Scale { high, ..y }],
        lines,
        note: Note::Beside { at, text: format!("suggested: {}", rate(test.rate)) },
    }
}

/// The powers of ten that hold all rates, each a tick that is told as a rate.
fn powers(test: &RangeTest) -> Scale {
    let powers = || test.points.iter().map(|point| point.rate.log10());
    let first = powers().fold(test.rate.log10(), f64::min);
    let (low, high) = (first.floor(), powers().fold(first, f64::max).ceil().max(first.floor() + 1.0));
    let step = ((high - low) as i32 / MOST_TICKS + 1) as usize;
    let ticks: Vec<i32> = (low as i32..=high as i32).step_by(step).collect();
    let labels = ticks.iter().map(|power| rate(10f64.powi(*power))).collect();
    Scale { low, high, ticks: ticks.into_iter().map(f64::from).collect(), decimals: 0, labels }
}

/// A rate in two digits as it is usually written: `0.001`, and `1e-5` where that would be a row of zeros.
fn rate(rate: f64) -> String {
    let rounded: f64 = format!("{rate:.1e}").parse().unwrap_or(rate);
    if (1e-4..1e6).contains(&rounded) { rounded.to_string() } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test whose loss is lowest at ten times `rate`, and breaks out after that; the raw loss is noise up to the top.
    fn test(rate: f64) -> RangeTest {
        let minimum = 10.0 * rate;
        let point = |step: i32| {
            let rate = 10f64.powf(-6.0 + 0.06 * f64::from(step));
            let smoothed = 1.6 - 0.1 * (rate / minimum).ln_1p() + (rate / minimum - 1.0).max(0.0);
            RangePoint { rate, loss: if step % 2 == 0 { 9.0 * smoothed } else { 0.2 * smoothed }, smoothed }
        };
        let points = (0..=100).map(point).collect();
        RangeTest { rate, minimum, steepest: minimum / 3.0, diverged: true, points }
    }

    /// The numbers of an attribute.
    fn numbers(tag: &str, name: &str) -> Vec<f64> {
        let value = tag.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        value.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn the_suggestion_stood_over_the_curve_far_from_its_line() {
        for suggested in [1e-6, 2e-5, 0.002, 0.03, 0.5, 1.0] {
            let svg = canvas::inline_svg(&panel(&test(suggested))).unwrap();
            let fine = f64::from(canvas::FINE);
            let words = svg.split("<text").find(|tag| tag.contains("suggested")).unwrap();
            let (x, y) = (numbers(words, "x")[0], numbers(words, "y")[0]);
            let wide = fine
                * f64::from(super::super::text::width(
                    &format!("suggested: {}", rate(suggested)),
                    13.0,
                    &Fonts::built_in(),
                ));
            let [left, right] = if words.contains("\"end\"") { [x - wide, x] } else { [x, x + wide] };
            assert!(left >= 0.0 && right <= 520.0 * fine, "{suggested}: {left} to {right}");

            let curves: Vec<Vec<f64>> =
                svg.split("<polyline").skip(1).map(|tag| numbers(tag, "points")).filter(|at| at.len() > 100).collect();
            assert_eq!(curves.len(), 2);
            let highest = curves.iter().flatten().skip(1).step_by(2).copied().fold(f64::INFINITY, f64::min);
            assert!(y + 13.0 * fine < highest, "{suggested}: words at {y}, a curve up to {highest}");

            let dash = svg.split("<polyline").skip(1).find(|tag| tag.contains("var(--c1)")).unwrap();
            let line = numbers(dash, "points")[0];
            let gap = (left - line).abs().min((right - line).abs());
            assert!(gap < 10.0 * fine, "{suggested}: the words are {gap} away from the line");
        }
    }

    #[test]
    fn the_axis_named_powers_of_ten() {
        assert_eq!(powers(&test(0.002)).labels, ["1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]);
        // From very small to very large, they would not stand beside each other.
        let far = RangeTest { rate: 1e-12, ..test(0.002) };
        assert_eq!(powers(&far).labels, ["1e-12", "1e-10", "1e-8", "1e-6", "0.0001", "0.01", "1"]);
        assert_eq!([1.96e-3, 0.05, 3.4e-5, 12.0].map(rate), ["0.002", "0.05", "3.4e-5", "12"]);
    }
}
