//! Accuracy and loss over the epochs, training and validation, side by side: SVG and PNG.

use std::path::{Path, PathBuf};

use super::canvas::{self, SOFT_INK};
use super::figure::Figure;
use super::ink::COLORS;
use super::legend::Entry;
use super::panel::{Kind, Line, Note, Panel, color};
use super::scale::{self, Scale};
use crate::base::fonts::Fonts;
use crate::base::lang::Lang;
use crate::base::progress::EpochRecord;
use crate::{Result, run};

/// One run's curves with the name they go by.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NamedCurves<'a> {
    pub name: &'a str,
    pub epochs: &'a [EpochRecord],
}

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. One run: training against
/// validation; several: one color a run, dashed for training. Values that are not numbers leave gaps; a single epoch
/// is drawn as dots. The folder must exist.
pub fn write(folder: &Path, stem: &str, runs: &[NamedCurves<'_>]) -> Result<Vec<PathBuf>> {
    write_with(folder, stem, runs, &Fonts::default())
}

/// The same in these fonts. A run whose name they do not draw goes by its number in the PNG.
pub fn write_with(folder: &Path, stem: &str, runs: &[NamedCurves<'_>], fonts: &Fonts) -> Result<Vec<PathBuf>> {
    if runs.iter().all(|run| run.epochs.is_empty()) {
        return Err(run::Error::NoEpochs { run: folder.to_owned() }.into());
    }
    let figure = |fonts: &Fonts| {
        let mut panels = panels(runs);
        let titles = ["Training and Validation Accuracy", "Training and Validation Loss"];
        for (panel, title) in panels.iter_mut().zip(titles) {
            panel.title = title.to_string();
        }
        Figure::new(panels, entries(runs, fonts, Lang::English), fonts)
    };
    canvas::write(folder, stem, fonts, figure)
}

/// Whether the rows of a history are no epochs but strengths of L2 regularization.
pub(super) fn is_of_strengths(rows: &[EpochRecord]) -> bool {
    !rows.is_empty() && rows.iter().all(|row| row.l2.is_some())
}

/// Accuracy and loss, without titles.
pub(super) fn panels(runs: &[NamedCurves<'_>]) -> [Panel; 2] {
    let all = |value: fn(&EpochRecord) -> f64| runs.iter().flat_map(|run| run.epochs).map(value);
    let accuracies: Vec<f64> = all(|r| r.accuracy).chain(all(|r| r.val_accuracy)).collect();
    let losses: Vec<f64> = all(|r| r.loss).chain(all(|r| r.val_loss)).collect();
    [
        panel(runs, "Accuracy", scale::accuracy(&accuracies), [|r| r.accuracy, |r| r.val_accuracy]),
        panel(runs, "Loss", scale::loss(&losses), [|r| r.loss, |r| r.val_loss]),
    ]
}

/// What the legend of these runs says, in these fonts and in `lang`.
pub(super) fn entries(runs: &[NamedCurves<'_>], fonts: &Fonts, lang: Lang) -> Vec<Entry> {
    let entry = |label: &str, color, kind| Entry { label: label.to_string(), color, kind };
    match runs {
        [_] => vec![
            entry(lang.say("Training"), COLORS[0], Kind::Solid),
            entry(lang.say("Validation"), COLORS[1], Kind::Solid),
        ],
        _ => {
            let named =
                runs.iter().enumerate().map(|(k, run)| entry(&fonts.label("run", k, run.name), color(k), Kind::Solid));
            let kinds = [
                entry(lang.say("training"), SOFT_INK, Kind::Dashed),
                entry(lang.say("validation"), SOFT_INK, Kind::Solid),
            ];
            named.chain(kinds).collect()
        }
    }
}

/// One panel; `values` are the training and the validation curve.
fn panel(runs: &[NamedCurves<'_>], axis: &'static str, y: Scale, values: [fn(&EpochRecord) -> f64; 2]) -> Panel {
    let records = || runs.iter().flat_map(|run| run.epochs);
    let numbers = || records().map(|record| record.epoch);
    let (x, across) = match runs {
        [run] if is_of_strengths(run.epochs) => (scale::strengths(run.epochs), "Strength of L2"),
        _ => (scale::epochs(numbers().min().unwrap_or(1), numbers().max().unwrap_or(1)), "Epoch"),
    };
    let mut lines = Vec::new();
    for (k, run) in runs.iter().enumerate() {
        for (which, value) in values.iter().enumerate() {
            let (color, kind) = match (runs.len(), which) {
                (1, _) => (COLORS[which], Kind::Solid),
                (_, 0) => (color(k), Kind::Dashed),
                _ => (color(k), Kind::Solid),
            };
            lines.push(Line { pieces: scale::pieces(run.epochs, value, y.high), color, kind });
        }
    }
    let shown = records().flat_map(|record| values.map(|value| value(record))).filter(|v| v.is_finite());
    let highest = shown.fold(0.0, f64::max);
    let off_scale = || Note::Corner(format!("off the scale: up to {highest:.*}", y.decimals));
    let note = if highest > y.high { off_scale() } else { Note::None };
    Panel { title: String::new(), axes: [across, axis], scales: [x, y], lines, note }
}
