//! How to get the same run again, and all its settings.

use std::path::Path;

use maud::html;

use super::View;
use super::section::Section;
use super::words::without_folder;
use crate::base::shell;
use crate::run::names;

pub fn section(view: &View<'_>) -> Section {
    let run = view.run;
    let folder = shell::quote(&run.name);
    let config = shell::quote(&Path::new(&run.name).join(names::CONFIG).display().to_string());
    let machine = run.metrics.machine.as_ref();
    let arithmetic = machine.map(|machine| format!(" ({} in {})", machine.isa, machine.precision)).unwrap_or_default();
    let body = html! {
            @if !view.facts.command.is_empty() { pre { (view.facts.command) } }
            p { "or, with every setting from the run’s own file, " code { "umbel train --config " (config) } "." }
            p { "The same photos, settings and seed give the same weights, bit for bit, with the same version of umbel and the \
                same instruction set and precision" (arithmetic)
                "; the number of threads does not matter. This page is made again by "
                code { "umbel report " (folder) } "." }
            details {
                summary { "All settings" }
                div.scroll tabindex="0" { table { tbody { @for (name, value) in run.all_settings() {
                    tr { th scope="row" { code { (name) } } td.path { (without_folder(value)) } }
                } } } }
            }
    };
    Section::new("again", "How to get this again", body)
}
