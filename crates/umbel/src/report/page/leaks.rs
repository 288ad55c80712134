//! What flatters the figures: photos that are measured on and show the same as one that was learned from.

use maud::{Markup, html};

use super::View;
use super::words::{count, percent};
use crate::data::Part;
use crate::run::{LeakRow, leaks, names};

/// Pairs that are named; all are in leaks.csv.
const NAMED: usize = 5;

/// The warning below the figures, where there is something to warn of.
pub fn warning(view: &View<'_>) -> Markup {
    let Some(found) = view.run.leaks.as_ref().filter(|leaks| !leaks.is_empty()) else { return html! {} };
    html! {
        div.warning {
            p { (sentence(view, found)) " So the figures are better than they should be: the model has seen these already." }
            ul { @for leak in found.iter().take(NAMED) {
                li { span.path { (leak.path) } " (" (leak.part.noun()) ") shows the same as " span.path { (leak.same_as) } " ("
                    (leak.same_as_part.noun()) ")" }
            } }
            @if found.len() > NAMED { p { "… and " (found.len() - NAMED) " more, in " (names::LEAKS) "." } }
        }
    }
}

/// How many, in which part.
pub fn sentence(view: &View<'_>, found: &[LeakRow]) -> String {
    let of = |part: Part| {
        let all = view.run.split.iter().filter(|row| row.part == part).count();
        let share = if all > 0 {
            format!(" ({})", percent(leaks::count(found, part) as f64 / all as f64))
        } else {
            String::new()
        };
        let many = leaks::count(found, part);
        let (one, several) = (format!("{} photo", part.noun()), format!("{} photos", part.noun()));
        (many > 0).then(|| format!("{}{share}", count(many, &one, &several)))
    };
    let (earlier, shows) = match found {
        [leak] => (format!("a {} photo", leak.same_as_part.noun()), "shows"),
        _ if found.iter().all(|leak| leak.same_as_part == Part::Train) => ("a training photo".to_string(), "show"),
        _ => ("a photo of an earlier part".to_string(), "show"),
    };
    let parts: Vec<String> = [Part::Val, Part::Test].into_iter().filter_map(of).collect();
    format!("{} {shows} the same as {earlier}.", parts.join(" and "))
}
