//! The live view as lines of text: a pure function of the run's state and the terminal's size.

use super::chart::{Chart, LABEL};
use super::paint::{Ink, Paint};
use super::state::{Phase, State};
use crate::console::bytes;

/// Smaller terminals show bars only.
const LEAST: (usize, usize) = (60, 15);
/// Wider views are no clearer.
const WIDEST: usize = 140;
/// Rows of a chart, on small and on large terminals.
const CHART_ROWS: (usize, usize) = (5, 12);
/// What all but the charts' rows takes once the terminal was made half as wide and has wrapped it, and the row that stays free.
const BESIDE_CHARTS: usize = 14;
const LEAST_BAR: usize = 8;

/// The terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// The view of a training run. Every line is narrower than the terminal, and at least one row stays free.
pub fn training(state: &State, size: Size, paint: Paint) -> Vec<String> {
    let width = size.columns.saturating_sub(1).min(WIDEST);
    let mut lines = bars(state, width, paint);
    if size.columns >= LEAST.0 && size.rows >= LEAST.1 {
        lines.extend(figures(state, width));
        if paint.unicode && !state.history.is_empty() {
            // A row that scrolls away stays for ever, and half the width wraps every line: so many still stand on the screen then.
            let rows = (size.rows.saturating_sub(BESIDE_CHARTS) / 2).clamp(CHART_ROWS.0, CHART_ROWS.1);
            lines.extend(charts(state, width, rows, paint));
        }
    }
    lines.truncate(size.rows.saturating_sub(1));
    lines.iter().map(|line| console::truncate_str(line, width, "").into_owned()).collect()
}

/// The view while photos are decoded.
pub fn preparing(done: (usize, usize), seconds: f64, size: Size, paint: Paint) -> Vec<String> {
    counting("Preparing photos", done, seconds, size, paint)
}

/// The view while something is done with every photo.
pub fn counting(what: &str, (done, total): (usize, usize), seconds: f64, size: Size, paint: Paint) -> Vec<String> {
    let width = size.columns.saturating_sub(1).min(WIDEST);
    let left = seconds / done as f64 * (total - done.min(total)) as f64;
    let line =
        bar_line(what, &format!("{done}/{total}"), done as f64 / total.max(1) as f64, &time_left(left), width, paint);
    vec![console::truncate_str(&line, width, "").into_owned()]
}

/// The epochs' bar and the steps' bar, aligned.
fn bars(state: &State, width: usize, paint: Paint) -> Vec<String> {
    let now = &state.current;
    let in_epoch = now.step as f64 / now.steps.max(1) as f64;
    let in_run = (now.epoch.saturating_sub(1) as f64 + in_epoch) / now.epochs.max(1) as f64;
    let (epochs, steps) = (format!("{}/{}", now.epoch, now.epochs), format!("{}/{}", now.step, now.steps));
    let digits = epochs.len().max(steps.len());
    let rate = state.images_per_second();
    let left = if now.phase == Phase::Reporting { String::new() } else { time_left(state.seconds_left()) };
    let first = match state.fold {
        Some((fold, folds)) if left.is_empty() => format!("fold {fold} of {folds}"),
        Some((fold, folds)) => format!("{left}, fold {fold} of {folds}"),
        None => left,
    };
    let second = match now.phase {
        Phase::Validating => "validating".to_string(),
        Phase::Reporting => "making the report".to_string(),
        Phase::Training if rate.is_finite() => format!("{rate:.0} images/s"),
        Phase::Training => String::new(),
    };
    // Both bars end where the longer text begins.
    let room = first.len().max(second.len());
    vec![
        bar_line("Epoch", &format!("{epochs:>digits$}"), in_run, &format!("{first:room$}"), width, paint),
        bar_line("Step ", &format!("{steps:>digits$}"), in_epoch, &format!("{second:room$}"), width, paint),
    ]
}

/// `Epoch  3/15 ━━━━╸────── 12s left`, without the bar where there is no room for one.
fn bar_line(what: &str, count: &str, share: f64, right: &str, width: usize, paint: Paint) -> String {
    let room = width.saturating_sub(what.len() + count.len() + right.len() + 3);
    if room < LEAST_BAR {
        return format!("{what} {count} {right}").trim_end().to_string();
    }
    format!("{what} {count} {} {right}", paint.bar(share, room)).trim_end().to_string()
}

fn figures(state: &State, width: usize) -> Vec<String> {
    let now = state.current.figures;
    let mut lines: Vec<String> = Vec::new();
    if now.loss.is_finite() {
        lines.push(format!("accuracy: {:.4} - loss: {:.4} - lr: {}", now.accuracy, now.loss, four_digits(now.lr)));
    }
    if let Some(best) = state.best() {
        lines.push(format!(
            "best: epoch {} - val_accuracy: {:.4} - val_loss: {:.4}",
            best.epoch, best.val_accuracy, best.val_loss
        ));
    }
    if state.memory > 0 {
        let memory = format!("memory: {}", bytes(state.memory));
        match lines.first_mut().filter(|line| line.len() + memory.len() + 3 <= width) {
            Some(line) => *line += &format!(" - {memory}"),
            None => lines.push(memory),
        }
    }
    lines
}

/// Accuracy and loss side by side, and which line is which.
fn charts(state: &State, width: usize, rows: usize, paint: Paint) -> Vec<String> {
    const GAP: usize = 2;
    let each = (width - GAP) / 2;
    let column =
        |of: fn(&umbel::base::progress::EpochRecord) -> f64| state.history.iter().map(of).collect::<Vec<f64>>();
    let epochs = state.current.epochs;
    let chart = |title, training: &[f64], validation: &[f64]| {
        Chart { title, training, validation, epochs }.lines(each, rows, paint)
    };
    let left = chart("accuracy", &column(|r| r.accuracy), &column(|r| r.val_accuracy));
    let right = chart("loss", &column(|r| r.loss), &column(|r| r.val_loss));
    let mut lines: Vec<String> = left.iter().zip(&right).map(|(left, right)| beside(left, right, each + GAP)).collect();
    let (training, validation) = (paint.ink(Ink::Training, "⠤⠤"), paint.ink(Ink::Validation, "⠄⠄"));
    lines.push(beside("", &format!("{training} training  {validation} validation"), LABEL + 1));
    lines
}

/// `right` begins at column `at`, or right behind `left` where that is longer.
fn beside(left: &str, right: &str, at: usize) -> String {
    let pad = at.saturating_sub(console::measure_text_width(left));
    format!("{left}{}{right}", " ".repeat(pad)).trim_end().to_string()
}

/// `0.0009755`, `1e-12`: as short as four digits allow.
fn four_digits(value: f64) -> String {
    format!("{value:.3e}").parse::<f64>().map_or_else(|_| value.to_string(), |rounded| format!("{rounded:?}"))
}

/// `2m 05s left`; nothing where it is not known.
fn time_left(seconds: f64) -> String {
    if !seconds.is_finite() {
        return String::new();
    }
    let all = seconds.ceil().max(0.0) as u64;
    let (days, hours, minutes, seconds) = (all / 86_400, all / 3600 % 24, all / 60 % 60, all % 60);
    match all {
        0..60 => format!("{seconds}s left"),
        60..3600 => format!("{minutes}m {seconds:02}s left"),
        3600..86_400 => format!("{hours}h {minutes:02}m left"),
        _ => format!("{days}d {hours:02}h left"),
    }
}
