//! The page of `umbel compare`: several runs beside each other, and what of it is more than chance.

use std::path::Path;

use maud::{Markup, html};

use super::compare::{ComparedRun, Comparison, Difference};
use super::compare_words::over_fitting_takes;
use super::curves::{NamedCurves, entries, panels};
use super::page::{STYLE, duration, figure, interval, legend, listed, percent, plot, signed};
use crate::Result;
use crate::base::atomic;
use crate::base::fonts::Fonts;
use crate::base::lang::Lang;
use crate::html;
use crate::metrics::Scores;
use crate::run::RunRecords;

/// The page's name in the folder of a comparison.
pub const FILE_NAME: &str = "compare.html";

/// Differences that the page begins with; with more pairs of runs, the others are rows of a table.
const LED_BY: usize = 3;
/// Pairs of runs that the table shows at once; the others open.
const OPEN: usize = 30;
/// Runs that the title names, and a sentence.
const IN_THE_TITLE: usize = 4;
const NAMED: usize = 20;

/// Writes the page, atomically. `runs` are those that were compared.
pub fn write(comparison: &Comparison, runs: &[(String, RunRecords)], path: &Path) -> Result<()> {
    Ok(atomic::write_bytes(path, render(comparison, runs)?.as_bytes())?)
}

/// The page.
pub fn render(comparison: &Comparison, runs: &[(String, RunRecords)]) -> Result<String> {
    let scores = runs.iter().map(|(_, run)| run.scores()).collect::<Result<Vec<_>>>()?;
    let names = names(comparison.runs.iter());
    let body = html! {
        main {
            header {
                p.soft { "umbel’s comparison of " (runs.len()) " runs" }
                h1 { (listed(Lang::English, &names, IN_THE_TITLE)) }
                @for difference in surest(comparison) { p.verdict { (difference) } }
                @if comparison.differences.len() > LED_BY {
                    p.note { "The surest " (LED_BY) " of " (comparison.differences.len()) " differences; all are in the table below." }
                }
            }
            (figures(comparison, &scores))
            (differences(comparison))
            (curves(runs)?)
            (gap(comparison))
            (settings(comparison))
        }
    };
    Ok(html::page(("umbel’s comparison of runs", Lang::English), STYLE, "", &body))
}

fn curves(runs: &[(String, RunRecords)]) -> Result<Markup> {
    let curves: Vec<NamedCurves<'_>> =
        runs.iter().map(|(name, run)| NamedCurves { name, epochs: &run.history.epochs }).collect();
    let [accuracy, loss] = panels(&curves);
    let told =
        |what: &str| format!("Training and validation {what} of {} runs; the figures are in the table", runs.len());
    Ok(html! {
        section {
            h2 { "How training went" }
            div.plots { (plot("Accuracy", &told("accuracy"), &accuracy)?) (plot("Loss", &told("loss"), &loss)?) }
            (legend(&entries(&curves, &Fonts::of_the_reader(), Lang::English)))
        }
    })
}

fn figures(comparison: &Comparison, scores: &[Option<Scores>]) -> Markup {
    html! {
        section {
            h2 { "How good the best epochs are" }
            div.scroll tabindex="0" { table.figures {
                thead { tr { th { "Run" } th.n { "Epoch" } th.n { "Accuracy" } th.n { "95 % interval" } th.n { "Macro F1" }
                    th.n { "Loss" } th.n { "95 % interval" } th.n { "Calibration error" } th.n { "Time" } } }
                tbody { @for (run, scores) in comparison.runs.iter().zip(scores) { (row(run, scores.as_ref())) } }
            } }
            p.note { "Each on its own validation part, after calibration; intervals: 95 %, of the accuracy Wilson’s, else by the bootstrap. Intervals that overlap do \
                not mean that two runs are alike: see below." }
            @for sentence in comparison.runs.iter().filter_map(ComparedRun::leaks_in_words) { p.warning { (sentence) } }
        }
    }
}

fn row(run: &ComparedRun, scores: Option<&Scores>) -> Markup {
    html! {
        tr {
            th.name scope="row" dir="auto" { (run.run) } td.n { (run.best_epoch) "/" (run.epochs) }
            @match scores {
                Some(scores) => {
                    td.n { (percent(scores.accuracy)) } td.n { (interval(Lang::English, scores.intervals.accuracy, percent)) }
                    td.n { (figure(scores.macro_f1)) }
                    td.n { (figure(scores.loss)) } td.n { (interval(Lang::English, scores.intervals.loss, figure)) }
                    td.n { (figure(scores.ece)) }
                }
                None => { td.n { (percent(run.best_val_accuracy)) } td.n { "–" } td.n { "–" } td.n { "–" } td.n { "–" }
                    td.n { "–" } }
            }
            td.n { (duration(run.seconds)) }
        }
    }
}

fn differences(comparison: &Comparison) -> Markup {
    html! {
        section {
            h2 { "What is more than chance" }
            @if !comparison.differences.is_empty() {
                @let (open, others) = comparison.differences.split_at(comparison.differences.len().min(OPEN));
                (pairs(open))
                @if !others.is_empty() { details { summary { "The other " (others.len()) " pairs" } (pairs(others)) } }
                p.note { "Paired on the validation photos that both runs have: intervals by the paired bootstrap, p by the exact \
                    McNemar test, corrected for the number of pairs (Holm). It tells whether these two models differ on photos \
                    like these; another seed may make as much of a difference as another setting, so compare several seeds \
                    before you believe in a setting." }
            }
            @for note in &comparison.notes { p.note { (note) } }
            @if comparison.differences.is_empty() && comparison.notes.is_empty() { p.note { "There is one run only." } }
        }
    }
}

/// Those that the page begins with: where there are more, the least likely to be chance, and of equals the largest.
fn surest(comparison: &Comparison) -> Vec<&Difference> {
    let mut surest: Vec<&Difference> = comparison.differences.iter().collect();
    if surest.len() > LED_BY {
        let size = |own: &Difference| -own.paired.accuracy.abs();
        surest.sort_by(|a, b| a.p_corrected.total_cmp(&b.p_corrected).then(size(a).total_cmp(&size(b))));
        surest.truncate(LED_BY);
    }
    surest
}

fn pairs(differences: &[Difference]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.figures {
            thead { tr { th { "Second against first" } th.n { "Accuracy, points" } th.n { "95 % interval" }
                th.n { "Loss" } th.n { "95 % interval" } th.n { "Only first right" } th.n { "Only second right" }
                th.n { "p" } th.n { "p, corrected" } } }
            tbody { @for difference in differences { (pair(difference)) } }
        } }
    }
}

fn pair(difference: &Difference) -> Markup {
    let paired = &difference.paired;
    let points = |[low, high]: [f64; 2]| format!("{} to {}", signed(low), signed(high));
    let loss = |value: f64| format!("{value:+.3}").replace('-', "−");
    let class = if difference.larger_than_chance { "n better" } else { "n" };
    html! {
        tr {
            th.name scope="row" { bdi { (difference.second) } " against " bdi { (difference.first) } }
            td class=(class) { (signed(paired.accuracy)) } td.n { (points(paired.accuracy_interval)) }
            td.n { (loss(paired.loss)) } td.n { (loss(paired.loss_interval[0])) " to " (loss(paired.loss_interval[1])) }
            td.n { (paired.only_first) } td.n { (paired.only_second) }
            td.n { (p(paired.p)) } td class=(class) { (p(difference.p_corrected)) }
        }
    }
}

fn p(value: f64) -> String {
    if value < 0.001 { "< 0.001".to_string() } else { format!("{value:.3}") }
}

/// The tutorial's lesson.
fn gap(comparison: &Comparison) -> Markup {
    html! {
        section {
            h2 { "Over-fitting" }
            p { "With few examples a model may learn noise and details of its training photos that do not hold for new ones. \
                Then training accuracy goes on rising while validation accuracy stalls, and the gap between them tells. \
                Augmentation and dropout work against it." }
            div.scroll tabindex="0" { table.figures {
                thead { tr { th { "Run, after its last epoch" } th.n { "Training accuracy" } th.n { "Validation accuracy" }
                    th.n { "Gap, points" } th.n { "Training loss" } th.n { "Validation loss" } th.n { "Lowest (epoch)" } } }
                tbody { @for run in &comparison.runs {
                    tr { th.name scope="row" dir="auto" { (run.run) } td.n { (percent(run.accuracy)) } td.n { (percent(run.val_accuracy)) }
                        td class=(if run.overfits { "n better" } else { "n" }) { (signed(run.accuracy_gap)) }
                        td.n { (figure(run.loss)) } td.n { (figure(run.val_loss)) }
                        td.n { (figure(run.lowest_val_loss)) " (" (run.lowest_val_loss_epoch) ")" } }
                } }
            } }
            (gaps_in_words(comparison))
        }
    }
}

/// A run that is alone in its kind has its own sentence; what holds for several is said once.
fn gaps_in_words(comparison: &Comparison) -> Markup {
    let runs = |is_of_kind: fn(&ComparedRun) -> bool| -> Vec<&ComparedRun> {
        comparison.runs.iter().filter(|run| is_of_kind(run)).collect()
    };
    let takes = over_fitting_takes(Lang::English);
    let of_kinds = [
        (runs(|run| run.overfits), "Over-fit", format!("{takes}, and theirs are so.")),
        (
            runs(|run| !run.overfits && run.l2.is_none()),
            "Not taken for over-fitting",
            format!("{takes}. Training accuracy is measured while a run trains, under augmentation and dropout where it has them."),
        ),
        (
            runs(|run| run.l2.is_some()),
            "Fit a last layer alone",
            "to convergence at several strengths of L2 regularization, the strongest first: the weaker, the closer it comes to its \
             own photos, which says nothing of others. The strength with the lowest loss on photos that the layer was not fitted \
             on is kept."
                .to_string(),
        ),
    ];
    html! {
        @for (runs, kind, words) in &of_kinds {
            @match runs.as_slice() {
                [] => {}
                [run] => p { (run.gap_in_words(Lang::English)) },
                several => p { (kind) " (" (listed(Lang::English, &names(several.iter().copied()), NAMED)) "): " (words) },
            }
        }
    }
}

/// The names of runs.
fn names<'a>(runs: impl Iterator<Item = &'a ComparedRun>) -> Vec<&'a str> {
    runs.map(|run| run.run.as_str()).collect()
}

fn settings(comparison: &Comparison) -> Markup {
    html! {
        section {
            h2 { "Settings that differ" }
            @if comparison.settings.is_empty() { p { "None." } } @else {
                div.scroll tabindex="0" { table.settings {
                    thead { tr { th { "Setting" } @for run in &comparison.runs { th.name dir="auto" { (run.run) } } } }
                    tbody { @for setting in &comparison.settings {
                        tr { th scope="row" { code { (setting.setting) } }
                            @for value in &setting.values { td.path { (value.as_deref().unwrap_or("not set")) } } }
                    } }
                } }
            }
        }
    }
}
