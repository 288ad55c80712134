//! How training went.

use maud::html;

use super::section::Section;
use super::words::figure;
use super::{View, legend, plot};
use crate::Result;
use crate::base::fonts::Fonts;
use crate::base::lang::fill;
use crate::report::compare::ComparedRun;
use crate::report::curves::{NamedCurves, entries, panels};

pub fn section(view: &View<'_>) -> Result<Section> {
    let epochs = &view.run.history.epochs;
    let runs = [NamedCurves { name: &view.run.name, epochs }];
    let [accuracy, loss] = panels(&runs).map(|panel| panel.told(view.lang()));
    let row = ComparedRun::new(&view.run.name, epochs, Some(view.run.metrics.best.epoch))?;
    let rows = match row.l2 {
        Some(_) => view.lang().count(epochs.len(), "strength of L2", "strengths of L2"),
        None => view.lang().count(epochs.len(), "epoch", "epochs"),
    };
    let (first, last) = (&epochs[0], &epochs[epochs.len() - 1]);
    let told = |pattern: &str, from: f64, to: f64| {
        fill(pattern, &[("rows", &rows), ("from", &figure(from)), ("to", &figure(to))])
    };
    let accuracies = view.say("Training and validation accuracy over {rows}; validation from {from} to {to}");
    let losses = view.say("Training and validation loss over {rows}; validation from {from} to {to}");
    let body = html! {
        div.plots {
            (plot(view.say("Accuracy"), &told(accuracies, first.val_accuracy, last.val_accuracy), &accuracy)?)
            (plot(view.say("Loss"), &told(losses, first.val_loss, last.val_loss), &loss)?)
        }
        (legend(&entries(&runs, &Fonts::of_the_reader(), view.lang())))
        p { (row.gap_in_words(view.lang())) }
    };
    Ok(Section::new("training", view.say("How training went"), body))
}
