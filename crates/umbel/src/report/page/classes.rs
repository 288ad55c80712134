//! How good each class is, and how well its probability ranks photos.

use maud::{Markup, html};

use super::section::Section;
use super::words::{figure, thousands};
use super::{View, legend, plot};
use crate::Result;
use crate::metrics::{Means, Scores};
use crate::report::ranking::{entries, panels};

pub fn section(view: &View<'_>) -> Result<Option<Section>> {
    let (Some(scores), Some(predictions)) = (&view.scores, view.measured) else { return Ok(None) };
    let [roc, precision] = panels(&predictions.answers()?);
    let told = |what: &str, area: f64| format!("{what} curve of each class; the mean of the areas is {area:.3}");
    let body = html! {
        (table(scores))
        div.together {
            h3 { "At every threshold" }
            p { "One class against the rest. ROC: how many photos of other classes (across) are taken along to find so many \
                of the class (up). Precision and recall: how many of those taken are of the class." }
            div.plots {
                (plot("ROC", &told("ROC", scores.roc_auc), &roc)?)
                (plot("Precision and recall", &told("Precision-recall", scores.average_precision), &precision)?)
            }
            (legend(&entries(&predictions.classes)))
        }
    };
    Ok(Some(Section::new("classes", "Class by class", body)))
}

fn table(scores: &Scores) -> Markup {
    let mean = |name: &str, means: &Means, ranks: Option<[f64; 2]>| {
        html! {
            tr { th scope="row" { (name) } td.n { (figure(means.precision)) } td.n { (figure(means.recall)) }
                td.n { (figure(means.f1)) }
                @match ranks {
                    Some([auc, average]) => { td.n { (figure(auc)) } td.n { (figure(average)) } }
                    None => { td.n {} td.n {} }
                }
                td.n { (thousands(scores.images)) } }
        }
    };
    html! {
        div.scroll tabindex="0" { table.figures {
            thead { tr { th { "Class" } th.n { "Precision" } th.n { "Recall" } th.n { "F1" } th.n { "ROC AUC" }
                th.n { "Average precision" } th.n { "Photos" } } }
            tbody { @for class in &scores.classes {
                tr { th scope="row" { (class.class) } td.n { (figure(class.score.precision)) }
                    td.n { (figure(class.score.recall)) } td.n { (figure(class.score.f1)) } td.n { (figure(class.roc_auc)) }
                    td.n { (figure(class.average_precision)) } td.n { (thousands(class.score.support as usize)) } }
            } }
            tfoot {
                (mean("mean of the classes", &scores.macro_means, Some([scores.roc_auc, scores.average_precision])))
                (mean("weighted mean", &scores.weighted_means, None))
            }
        } }
        p.note { "Precision: of the photos taken for a class, the share that is of it. Recall: of the photos of a class, the \
            share that was taken for it. F1: their harmonic mean. Cohen’s kappa, agreement beyond chance: "
            (figure(scores.kappa)) "." }
    }
}
