//! What flatters the figures: photos that are measured on and show the same as one that was learned from.

use std::fmt::Display;

use maud::{Markup, html};

use super::View;
use super::words::{path, percent};
use crate::data::Part;
use crate::run::{LeakRow, leaks, names};

/// Pairs that are named; all are in leaks.csv.
const NAMED: usize = 5;

/// The warning below the figures, where there is something to warn of.
pub fn warning(view: &View<'_>) -> Markup {
    let Some(found) = view.run.leaks.as_ref().filter(|leaks| !leaks.is_empty()) else { return html! {} };
    html! {
        div.warning {
            p { (view.tell("{leaks} So the figures are better than they should be: the model has seen these already.",
                &[("leaks", &sentence(view, found))])) }
            ul { @for leak in found.iter().take(NAMED) {
                @let (photo, other) = (path(&leak.path), path(&leak.same_as));
                li { (view.tell("{path} ({part}) shows the same as {other} ({other_part})", &[
                    ("path", &photo),
                    ("part", &leak.part.told(view.lang())),
                    ("other", &other),
                    ("other_part", &leak.same_as_part.told(view.lang())),
                ])) }
            } }
            @if found.len() > NAMED {
                p { (view.more(found.len() - NAMED, names::LEAKS)) }
            }
        }
    }
}

/// How many, in which part.
pub fn sentence(view: &View<'_>, found: &[LeakRow]) -> String {
    let lang = view.lang();
    let of = |(part, one, many): (Part, &'static str, &'static str)| {
        let all = view.run.split.iter().filter(|row| row.part == part).count();
        let leaks = leaks::count(found, part);
        let share = if all > 0 { format!(" ({})", percent(leaks as f64 / all as f64)) } else { String::new() };
        (leaks > 0).then(|| lang.count(leaks, one, many) + &share)
    };
    let parts = [(Part::Val, "validation photo", "validation photos"), (Part::Test, "test photo", "test photos")];
    let photos = parts.into_iter().filter_map(of).collect::<Vec<_>>().join(lang.say(" and "));
    let value: [(&str, &dyn Display); 1] = [("photos", &photos)];
    match found {
        [leak] => lang.tell(
            "{photos} shows the same as a {part} photo.",
            &[("photos", &photos), ("part", &leak.same_as_part.told(lang))],
        ),
        _ if found.iter().all(|leak| leak.same_as_part == Part::Train) => {
            lang.tell("{photos} show the same as a training photo.", &value)
        }
        _ => lang.tell("{photos} show the same as a photo of an earlier part.", &value),
    }
}
