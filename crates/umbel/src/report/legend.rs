//! The legend below a figure: swatches and words in centered rows.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{FINE, Failure, INK, font};
use super::panel::{DASH, Kind, stroke};
use super::text;
use crate::base::fonts::Fonts;

const ROW: u32 = 28;
const SIDE: u32 = 60;
const SWATCH: i32 = 34;
const BELOW: u32 = 12;

/// What the legend says beside a swatch.
pub struct Entry {
    pub label: String,
    pub color: RGBColor,
    pub kind: Kind,
}

/// Rows of entries: (x of the swatch, entry).
pub struct Legend(Vec<Vec<(i32, Entry)>>);

impl Legend {
    /// Lays the entries out on so many pixels.
    pub fn new(entries: Vec<Entry>, width: u32, fonts: &Fonts) -> Self {
        let room = width.saturating_sub(2 * SIDE) as i32;
        let mut rows: Vec<(i32, Vec<(i32, Entry)>)> = vec![(0, Vec::new())];
        for mut entry in entries {
            entry.label = text::shorten(&entry.label, 15.0, (room / 2) as f32, fonts);
            let wide = SWATCH + 8 + text::width(&entry.label, 15.0, fonts).ceil() as i32;
            let gap = 32;
            if let Some((used, row)) = rows.last_mut()
                && (row.is_empty() || *used + gap + wide <= room)
            {
                let x = if row.is_empty() { 0 } else { *used + gap };
                row.push((x, entry));
                *used = x + wide;
            } else {
                rows.push((wide, vec![(0, entry)]));
            }
        }
        let shifted = rows.into_iter().map(|(used, row)| {
            let start = (width as i32 - used) / 2;
            row.into_iter().map(|(x, entry)| (x + start, entry)).collect()
        });
        Legend(shifted.collect())
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        ROW * self.0.len() as u32 + BELOW
    }

    /// Draws all rows from the top of `area`.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), Failure<DB>> {
        let fine = FINE as i32;
        for (row, entries) in self.0.iter().enumerate() {
            let y = (row as i32 * ROW as i32 + ROW as i32 / 2) * fine;
            for (x, entry) in entries {
                let (start, end) = (x * fine, (x + SWATCH) * fine);
                let style = stroke(entry.color, entry.kind);
                if entry.kind == Kind::Dashed {
                    area.draw(&DashedPathElement::new([(start, y), (end, y)], DASH.0, DASH.1, style))?;
                } else {
                    area.draw(&PathElement::new([(start, y), (end, y)], style))?;
                }
                let words = font(15.0, INK).pos(Pos::new(HPos::Left, VPos::Center));
                area.draw(&Text::new(entry.label.clone(), (end + 8 * fine, y), words))?;
            }
        }
        Ok(())
    }
}
