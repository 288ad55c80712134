//! How to get the same run again, and all its settings.

use std::fmt::Display;
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
    let arithmetic = machine
        .map(|machine| {
            let values: [(&str, &dyn Display); 2] = [("isa", &machine.isa), ("precision", &machine.precision)];
            view.lang().tell(" ({isa} in {precision})", &values)
        })
        .unwrap_or_default();
    let body = html! {
            @if !view.facts.command.is_empty() { pre { (view.facts.command) } }
            p { (view.tell("or, with every setting from the run’s own file, {command}.",
                &[("command", &html! { code { "umbel train --config " (config) } })])) }
            p { (view.tell("The same photos, settings and seed give the same weights, bit for bit, with the same version of umbel and the \
                same instruction set and precision{arithmetic}; the number of threads does not matter. This page is made again by {command}.",
                &[("arithmetic", &arithmetic), ("command", &html! { code { "umbel report " (folder) } })])) }
            details {
                summary { (view.say("All settings")) }
                div.scroll tabindex="0" { table { tbody { @for (name, value) in run.all_settings() {
                    tr { th scope="row" { code { (name) } } td.path { (without_folder(value)) } }
                } } } }
            }
    };
    Section::new("again", view.say("How to get this again"), body)
}
