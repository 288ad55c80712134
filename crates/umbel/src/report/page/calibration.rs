//! Whether the model's confidence can be believed, before and after calibration.

use maud::{Markup, html};

use super::section::Section;
use super::words::{figure, percent};
use super::{View, plot};
use crate::Result;
use crate::metrics::{Answers, Certainty, LEAST_IMAGES, LEAST_MISTAKES};
use crate::report::reliability::{Figure, Panel};

pub fn section(view: &View<'_>) -> Result<Option<Section>> {
    let Some(predictions) = view.measured else { return Ok(None) };
    let after = predictions.answers()?;
    let temperature = view.run.metrics.calibration.filter(|calibration| calibration.images > 0);
    let plain = temperature.map(|calibration| predictions.uncalibrated(calibration.temperature));
    let before = plain.as_ref().map(|plain| Answers::new(&predictions.labels, plain, predictions.classes.len()));
    let before = before.transpose()?;
    let diagram = |title: &str, answers: &Answers<'_>| {
        let told =
            format!("{title}: confidence against the share that is right; calibration error {:.3}", answers.ece());
        plot(title, &told, &Figure(&[Panel { title: String::new(), bins: answers.bins() }]))
    };
    let body = html! {
        div.together {
            p { "Answers by their confidence: a bar that ends on the diagonal is honest; below it, the model is too sure. The paler a bar, the fewer \
                photos it stands for." }
            div.plots {
                @match &before {
                    Some(before) => {
                        (diagram("Before calibration", before)?)
                        (diagram("After calibration", &after)?)
                    }
                    None => { (diagram("Without calibration", &after)?) }
                }
            }
        }
        (table(before.as_ref(), &after))
        @match temperature {
                Some(calibration) => p.note {
                    "Calibrated by a temperature of " (figure(calibration.temperature)) ", fitted on "
                    @if view.is_tested() { (calibration.images) " other photos, those that validated." } @else {
                        "these same " (calibration.images) " photos (so that on others the error will be somewhat larger)." }
                    " It changes no answer."
                    @if view.run.is_balanced() { " It is made for photos among which every class is as common as any other, as the \
                        model’s answers are." }
                },
                None => p.note { "Not calibrated: how sure to be is learned from mistakes, and fewer than " (LEAST_MISTAKES) " of them, or \
                    of " (LEAST_IMAGES) " photos, are too few to tell (or the run has not ended)." },
        }
        (relied_on(view))
    };
    Ok(Some(Section::new("certainty", "How sure it is", body)))
}

/// From which confidence on answers can be relied on, and how often sets of classes hold the right one.
fn relied_on(view: &View<'_>) -> Markup {
    let metrics = &view.run.metrics;
    if metrics.trusted.is_empty() && metrics.test_sets.is_empty() {
        return html! {};
    }
    let of_test = |asked: f64| metrics.test_trusted.iter().find(|own| own.asked == asked && own.right.is_finite());
    html! {
        h3 { "When to rely on it" }
        @for own in &metrics.trusted {
            p { "Of answers with at least " (percent(own.confidence)) " confidence, " (percent(own.right))
                " are right; that is " (percent(own.answered)) " of the photos that validated."
                @if let Some(test) = of_test(own.asked) { " On the test part: " (percent(test.right)) " of such answers, which "
                    (percent(test.answered)) " of its photos have." }
            }
        }
        @if !metrics.trusted.is_empty() { p.note { "Each is the lowest confidence above which at least "
            @for (number, own) in metrics.trusted.iter().enumerate() {
                @if number > 0 { " or " } (format!("{:.0}\u{a0}%", 100.0 * own.asked))
            }
            " would be right with a certainty of 90\u{a0}%; a person may look at the other photos." } }
        @if !metrics.test_sets.is_empty() {
            div.scroll tabindex="0" { table.figures.narrow {
                thead { tr { th { "Sets of classes, to hold the right one" } th.n { "Do, on the test part" } th.n { "Classes in a set" } } }
                tbody { @for own in &metrics.test_sets {
                    tr { th scope="row" { "of " (format!("{:.0}\u{a0}%", 100.0 * own.level)) " of photos" }
                        td.n { (percent(own.coverage)) } td.n { (format!("{:.2}", own.mean_size)) } }
                } }
            } }
        }
    }
}

fn table(before: Option<&Answers<'_>>, after: &Answers<'_>) -> Markup {
    let before = before.map(Certainty::new);
    let after = Certainty::new(after);
    let worse = before.is_some_and(|before| after.ece > before.ece);
    let rows = [
        ("Calibration error (expected)", before.map(|c| c.ece), after.ece),
        ("Brier score", before.map(|c| c.brier), after.brier),
        ("Loss (negative log-likelihood)", before.map(|c| c.loss), after.loss),
    ];
    html! {
        div.scroll tabindex="0" { table.figures.narrow {
            thead { tr { th { "Lower is better" } @if before.is_some() { th.n { "Before" } } th.n { "Now" } } }
            tbody { @for (name, before, after) in rows {
                tr { th scope="row" { (name) } @if let Some(before) = before { td.n { (figure(before)) } }
                    td.n { (figure(after)) } }
            } }
        } }
        @if worse { p.note { "The calibration error of these photos is larger than it was: of so few, what was learned of confidence is partly chance." } }
    }
}
