//! How training went.

use maud::html;

use super::section::Section;
use super::{View, legend, plot};
use crate::Result;
use crate::base::fonts::Fonts;
use crate::report::compare::ComparedRun;
use crate::report::curves::{NamedCurves, entries, panels};

pub fn section(view: &View<'_>) -> Result<Section> {
    let epochs = &view.run.history.epochs;
    let runs = [NamedCurves { name: &view.run.name, epochs }];
    let [accuracy, loss] = panels(&runs);
    let row = ComparedRun::new(&view.run.name, epochs, Some(view.run.metrics.best.epoch))?;
    let told = |what: &str, from: f64, to: f64| {
        let over = if row.l2.is_some() { "strengths of L2" } else { "epochs" };
        format!("Training and validation {what} over {} {over}; validation from {from:.3} to {to:.3}", epochs.len())
    };
    let (first, last) = (&epochs[0], &epochs[epochs.len() - 1]);
    let body = html! {
        div.plots {
            (plot("Accuracy", &told("accuracy", first.val_accuracy, last.val_accuracy), &accuracy)?)
            (plot("Loss", &told("loss", first.val_loss, last.val_loss), &loss)?)
        }
        (legend(&entries(&runs, &Fonts::of_the_reader())))
        p { (row.gap_in_words()) }
    };
    Ok(Section::new("training", "How training went", body))
}
