//! The curve of a learning-rate range test: SVG and PNG.

use std::path::{Path, PathBuf};

use super::canvas;
use super::ink::COLORS;
use super::panel::{Kind, Line, Panel};
use super::scale::{self, Scale};
use crate::Result;
use crate::base::fonts::Fonts;
use crate::train::RangeTest;

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths: the loss over the rate's power of
/// ten, thin as it was and thick smoothed, with a line at the rate that is suggested. The folder must exist.
pub fn write(folder: &Path, stem: &str, test: &RangeTest) -> Result<Vec<PathBuf>> {
    let powers = || test.points.iter().map(|point| point.rate.log10());
    let first = powers().fold(test.rate.log10(), f64::min);
    let (low, high) = (first.floor(), powers().fold(first, f64::max).ceil().max(first.floor() + 1.0));
    let ticks: Vec<f64> = (low as i32..=high as i32).map(f64::from).collect();
    let smoothed: Vec<f64> = test.points.iter().map(|point| point.smoothed).collect();
    let y = scale::loss(&smoothed);
    let curve = |value: fn(&crate::train::RangePoint) -> f64| {
        // What leaves the scale is drawn along its edge.
        let point = |point: &crate::train::RangePoint| (point.rate.log10(), value(point).min(y.high));
        vec![test.points.iter().map(point).collect()]
    };
    let at = test.rate.log10();
    let lines = vec![
        Line { pieces: curve(|point| point.loss), color: COLORS[5], kind: Kind::Thin },
        Line { pieces: curve(|point| point.smoothed), color: COLORS[0], kind: Kind::Solid },
        Line { pieces: vec![vec![(at, y.low), (at, y.high)]], color: COLORS[1], kind: Kind::Dashed },
    ];
    let panel = |_: &Fonts| Panel {
        title: "Learning-Rate Range Test".to_string(),
        axes: ["Learning rate, power of ten", "Loss"],
        scales: [Scale { low, high, ticks: ticks.clone(), decimals: 0, labels: Vec::new() }, y.clone()],
        lines: lines.clone(),
        note: format!("suggested: {:.1e}", test.rate),
    };
    canvas::write(folder, stem, &Fonts::built_in(), panel)
}
