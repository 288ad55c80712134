//! How good each class is, and how well its probability ranks photos.

use maud::{Markup, html};

use super::section::Section;
use super::words::{figure, thousands};
use super::{View, legend, plot};
use crate::Result;
use crate::html::many::{MOST_ROWS, OPEN};
use crate::metrics::{Means, NamedScore, Scores};
use crate::report::ranking::{entries, panels};
use crate::run::names;

/// Of very many classes, those that stand open.
const WEAKEST: usize = 20;

pub fn section(view: &View<'_>) -> Result<Option<Section>> {
    let (Some(scores), Some(predictions)) = (&view.scores, view.measured) else { return Ok(None) };
    let [roc, precision] = panels(&predictions.answers()?).map(|panel| panel.told(view.lang()));
    let told = |what: &str, area: f64| {
        view.lang().tell(
            "{what} curve of each class; the mean of the areas is {area}",
            &[("what", &what), ("area", &figure(area))],
        )
    };
    let both = view.say("Precision and recall");
    let body = html! {
        (table(view, scores))
        div.together {
            h3 { (view.say("At every threshold")) }
            p { (view.say("One class against the rest. ROC: how many photos of other classes (across) are taken along to find so many \
                of the class (up). Precision and recall: how many of those taken are of the class.")) }
            div.plots {
                (plot("ROC", &told("ROC", scores.roc_auc), &roc)?)
                (plot(both, &told(both, scores.average_precision), &precision)?)
            }
            (legend(&entries(&predictions.classes, view.lang())))
        }
    };
    Ok(Some(Section::new("classes", view.say("Class by class"), body)))
}

fn table(view: &View<'_>, scores: &Scores) -> Markup {
    let classes: Vec<&NamedScore> = scores.classes.iter().collect();
    html! {
        @if classes.len() <= OPEN { (rows(view, scores, &classes, true)) } @else { (weakest(view, scores, classes)) }
        p.note { (view.tell("Precision: of the photos taken for a class, the share that is of it. Recall: of the photos of a class, the \
            share that was taken for it. F1: their harmonic mean. Cohen’s kappa, agreement beyond chance: {kappa}.",
            &[("kappa", &figure(scores.kappa))])) }
    }
}

/// Those that a person would look for, and the others behind a line that opens.
fn weakest(view: &View<'_>, scores: &Scores, mut classes: Vec<&NamedScore>) -> Markup {
    let all: Vec<&NamedScore> = classes.iter().copied().take(MOST_ROWS).collect();
    classes.sort_by(|a, b| a.score.recall.total_cmp(&b.score.recall).then(a.score.f1.total_cmp(&b.score.f1)));
    // Of a class without photos nothing is known.
    classes.retain(|class| class.score.support > 0);
    classes.truncate(WEAKEST);
    html! {
        p { (view.tell("The {number} weakest of {all} classes, by recall:",
            &[("number", &classes.len()), ("all", &thousands(scores.classes.len()))])) }
        (rows(view, scores, &classes, true))
        details {
            summary { (view.tell("All {number} classes", &[("number", &thousands(scores.classes.len()))])) }
            (rows(view, scores, &all, false))
            @if scores.classes.len() > all.len() {
                p.note { (view.more(scores.classes.len() - all.len(), names::METRICS)) }
            }
        }
    }
}

/// With the means below where it stands open; else in a box of its own that scrolls.
fn rows(view: &View<'_>, scores: &Scores, classes: &[&NamedScore], is_open: bool) -> Markup {
    html! {
        div class=(if is_open { "scroll" } else { "scroll tall" }) tabindex="0" { table.figures {
            thead { tr { th { (view.say("Class")) } th.n { (view.say("Precision")) } th.n { (view.say("Recall")) } th.n { "F1" }
                th.n { "ROC AUC" } th.n { (view.say("Average precision")) } th.n { (view.say("Photos")) } } }
            tbody { @for class in classes {
                tr { th.name scope="row" title=(class.class) { span dir="auto" { (class.class) } } td.n { (figure(class.score.precision)) }
                    td.n { (figure(class.score.recall)) } td.n { (figure(class.score.f1)) } td.n { (figure(class.roc_auc)) }
                    td.n { (figure(class.average_precision)) } td.n { (thousands(class.score.support as usize)) } }
            } }
            @if is_open {
                tfoot {
                    (mean(scores, view.say("mean of the classes"), &scores.macro_means, Some([scores.roc_auc, scores.average_precision])))
                    (mean(scores, view.say("weighted mean"), &scores.weighted_means, None))
                }
            }
        } }
    }
}

fn mean(scores: &Scores, name: &str, means: &Means, ranks: Option<[f64; 2]>) -> Markup {
    html! {
        tr { th scope="row" { (name) } td.n { (figure(means.precision)) } td.n { (figure(means.recall)) }
            td.n { (figure(means.f1)) }
            @match ranks {
                Some([auc, average]) => { td.n { (figure(auc)) } td.n { (figure(average)) } }
                None => { td.n {} td.n {} }
            }
            td.n { (thousands(scores.images)) } }
    }
}
