//! ROC and precision-recall curves, one class against the rest and their mean, side by side: SVG and PNG.

use std::path::{Path, PathBuf};

use super::canvas::{self, INK, SOFT_INK};
use super::figure::Figure;
use super::ink::{COLORS, GRID};
use super::legend::Entry;
use super::panel::{Kind, Line, Note, Panel, color};
use super::scale;
use crate::Result;
use crate::base::fonts::Fonts;
use crate::base::lang::Lang;
use crate::base::shown::thousands;
use crate::metrics::{Answers, Outlines, Point, macro_precision_recall, macro_roc};

/// Points that lie closer than this to the last one, on both axes, are left out: nobody could see them.
const VISIBLE: f64 = 0.002;
/// Of more classes, only so many are drawn, those with the smallest areas: all of them would be one grey field.
const DRAWN: usize = 60;

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. Up to seven classes have a color
/// each; more are drawn thin and grey, of very many the weakest. Classes without a curve (no photo is of them, or all are) are left out; one whose name
/// the fonts do not draw goes by its number in the PNG. Fails where there is not one name for each class.
pub fn write(
    folder: &Path,
    stem: &str,
    names: &[String],
    answers: &Answers<'_>,
    fonts: &Fonts,
) -> Result<Vec<PathBuf>> {
    if names.len() != answers.n_classes() {
        return Err(umbel_predict::Error::Setting {
            setting: "the number of class names".into(),
            value: names.len().to_string(),
            expected: format!("{}, as many as classes", answers.n_classes()),
        }
        .into());
    }
    let figure = |fonts: &Fonts| {
        let mut panels = panels(answers);
        for (panel, title) in panels.iter_mut().zip(["ROC", "Precision and recall"]) {
            panel.title = title.to_string();
        }
        Figure::new(panels, entries(&fonts.labels(names), Lang::English), fonts)
    };
    canvas::write(folder, stem, fonts, figure)
}

/// ROC and precision-recall, without titles.
pub(super) fn panels(answers: &Answers<'_>) -> [Panel; 2] {
    let Outlines { roc, precision_recall } = answers.outlines();
    let mean = [macro_roc(&roc), macro_precision_recall(&precision_recall)];
    let [mean_roc, mean_precision] = mean;
    // What answers at random would give.
    let chance = Line { pieces: vec![vec![(0.0, 0.0), (1.0, 1.0)]], color: GRID, kind: Kind::Solid };
    let mut roc_lines = vec![chance];
    roc_lines.extend(lines(roc, mean_roc, |curve| curve));
    [
        panel(["False positive rate", "True positive rate"], roc_lines),
        panel(["Recall", "Precision"], lines(precision_recall, mean_precision, steps)),
    ]
}

/// What the legend of these classes says.
pub(super) fn entries(names: &[String], lang: Lang) -> Vec<Entry> {
    let mean = Entry { label: lang.say("mean of the classes").to_string(), color: INK, kind: Kind::Thick };
    if !has_colors(names.len()) {
        let label = match names.len() {
            few if few <= DRAWN => lang.tell("each of {number} classes", &[("number", &few)]),
            many => {
                lang.tell("the {number} weakest of {all} classes", &[("number", &DRAWN), ("all", &thousands(many))])
            }
        };
        return vec![Entry { label, color: SOFT_INK, kind: Kind::Thin }, mean];
    }
    let named = names.iter().enumerate();
    let named = named.map(|(k, name)| Entry { label: name.clone(), color: color(k), kind: Kind::Solid });
    named.chain([mean]).collect()
}

/// The last color is the black of the mean.
fn has_colors(classes: usize) -> bool {
    classes < COLORS.len()
}

fn lines(
    curves: Vec<Option<Vec<Point>>>,
    mean: Option<Vec<Point>>,
    shape: impl Fn(Vec<Point>) -> Vec<Point>,
) -> Vec<Line> {
    let colors = has_colors(curves.len());
    let own = |k: usize| if colors { (color(k), Kind::Solid) } else { (SOFT_INK, Kind::Thin) };
    let shapes = curves.into_iter().enumerate().filter_map(|(k, curve)| Some((shape(curve?), own(k))));
    let mut classes: Vec<(Vec<Point>, _)> = shapes.collect();
    if classes.len() > DRAWN {
        classes.sort_by(|a, b| area(&a.0).total_cmp(&area(&b.0)));
        classes.truncate(DRAWN);
    }
    let all = classes.into_iter().chain(mean.map(|curve| (shape(curve), (INK, Kind::Thick))));
    all.map(|(curve, (color, kind))| Line { pieces: vec![visible(curve)], color, kind }).collect()
}

/// Below straight lines between the points.
fn area(curve: &[Point]) -> f64 {
    curve.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0).sum()
}

fn panel(axes: [&'static str; 2], lines: Vec<Line>) -> Panel {
    Panel { title: String::new(), axes, scales: [scale::share(), scale::share()], lines, note: Note::None }
}

/// Between two points, the precision is that of the next one.
fn steps(curve: Vec<Point>) -> Vec<Point> {
    let mut points = Vec::with_capacity(2 * curve.len());
    for pair in curve.windows(2) {
        points.extend([pair[0], (pair[0].0, pair[1].1)]);
    }
    points.extend(curve.last());
    points
}

fn visible(curve: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let last = curve.len().saturating_sub(1);
    for (k, point) in curve.into_iter().enumerate() {
        let far = |from: &Point| (point.0 - from.0).abs() > VISIBLE || (point.1 - from.1).abs() > VISIBLE;
        if k == last || kept.last().is_none_or(far) {
            kept.push(point);
        }
    }
    kept
}
