//! Figures inside a page: the drawing, what it shows in words, and its legend.

use maud::{Markup, PreEscaped, html};
use plotters::style::RGBColor;

use crate::Result;
use crate::report::canvas::{self, Drawing, INK, SOFT_INK};
use crate::report::ink::COLORS;
use crate::report::legend::Entry;
use crate::report::panel::Kind;

/// A figure under its title; `told` is what it shows, for those who do not see it.
pub fn plot(title: &str, told: &str, drawing: &impl Drawing) -> Result<Markup> {
    let svg = canvas::inline_svg(drawing)?;
    Ok(html! {
        figure.plot {
            figcaption { (title) }
            div role="img" aria-label=(told) { (PreEscaped(svg)) }
        }
    })
}

/// The legend of figures that stand beside each other.
pub fn legend(entries: &[Entry]) -> Markup {
    let class = |kind| match kind {
        Kind::Solid => "swatch",
        Kind::Dashed => "swatch dashed",
        Kind::Thin => "swatch thin",
        Kind::Thick => "swatch thick",
    };
    html! {
        ul.legend {
            @for entry in entries {
                li { span class=(class(entry.kind)) style=(format!("--c:{}", color(entry.color))) {} bdi { (entry.label) } }
            }
        }
    }
}

/// The style sheet's name of a color, so that it follows light and dark.
fn color(own: RGBColor) -> String {
    match COLORS.iter().position(|color| *color == own) {
        Some(k) => format!("var(--c{k})"),
        None if own == INK => "var(--ink)".to_string(),
        None if own == SOFT_INK => "var(--soft)".to_string(),
        None => format!("rgb({} {} {})", own.0, own.1, own.2),
    }
}
