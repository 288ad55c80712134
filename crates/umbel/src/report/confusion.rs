//! The confusion matrix as a picture: counts and row rates, side by side.

use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{self, Drawing, FINE, Failure, INK, font};
use super::text;
use crate::Result;
use crate::base::fonts::Fonts;
use crate::metrics::Confusion;

/// Room for the class names beside and below a panel, and for its title above.
const NAMES: u32 = 120;
const TITLE: u32 = 50;
const GAP: u32 = 24;
/// The side of a panel with few classes, and of one with many.
const SIDES: (u32, u32) = (420, 900);
/// How large a cell should be, and below which size there is no room for its words.
const CELL: u32 = 56;
const LEAST_CELL: f64 = 13.0;
/// The color of a rate of 1; a rate of 0 is white.
const DARK: RGBColor = RGBColor(0x00, 0x42, 0x7a);

/// With more classes than can be named at this size, only those are drawn that are most often mistaken, as many as have room for
/// their numbers, too: a million cells of less than a pixel would tell nothing.
const NAMED: usize = (SIDES.1 as f64 / LEAST_CELL) as usize;
const DRAWN: usize = 30;

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. Rows are the true classes, in
/// the order of `names`; of more than 69 classes, the 30 that are most often mistaken, which the title says. A class that the fonts do not
/// draw goes by its number in the PNG. Fails where there is not one name for each class.
pub fn write(folder: &Path, stem: &str, names: &[String], counts: &Confusion, fonts: &Fonts) -> Result<Vec<PathBuf>> {
    let n = counts.rows().len();
    if n == 0 || names.len() != n {
        return Err(umbel_predict::Error::Setting {
            setting: "the number of class names".into(),
            value: names.len().to_string(),
            expected: format!("{n}, as many as classes, and one at least"),
        }
        .into());
    }
    canvas::write(folder, stem, fonts, |fonts| Figure::new(names, counts, fonts))
}

struct Figure {
    labels: Vec<String>,
    /// By true class: all its photos, and those taken for each of the classes that are drawn.
    rows: Vec<(u64, Vec<u64>)>,
    /// What the titles add.
    of: String,
    /// What is said below.
    axis: &'static str,
    fonts: Fonts,
}

impl Drawing for Figure {
    fn size(&self) -> (u32, u32) {
        let side = self.side();
        (2 * (NAMES + side + GAP), TITLE + side + NAMES)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> std::result::Result<(), Failure<DB>> {
        area.fill(&WHITE)?;
        let (left, right) = area.split_horizontally((NAMES + self.side() + GAP) * FINE);
        self.panel(&left, "Photos", |count, _| count.to_string())?;
        self.panel(&right, "Share of each true class, in percent", |_, rate| format!("{:.0}", 100.0 * rate))?;
        area.present()
    }
}

impl Figure {
    fn new(names: &[String], counts: &Confusion, fonts: &Fonts) -> Self {
        let n = names.len();
        let (drawn, of) = match n {
            few if few <= NAMED => ((0..n).collect(), String::new()),
            many => (most_mistaken(counts), format!(" (the {DRAWN} classes most often mistaken, of {many})")),
        };
        let row = |own: &usize| {
            let row = &counts.rows()[*own];
            (row.iter().sum(), drawn.iter().map(|said| row[*said]).collect())
        };
        let labels = fonts.labels(names);
        let axis = match labels == names {
            true => "Predicted class (rows: true class)",
            false => "Predicted class (rows: true class; numbered: no font here)",
        };
        Figure {
            labels: drawn.iter().map(|class| labels[*class].clone()).collect(),
            rows: drawn.iter().map(row).collect(),
            of,
            axis,
            fonts: fonts.clone(),
        }
    }

    fn side(&self) -> u32 {
        (self.labels.len() as u32).saturating_mul(CELL).clamp(SIDES.0, SIDES.1)
    }

    fn panel<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        title: &str,
        words: impl Fn(u64, f64) -> String,
    ) -> std::result::Result<(), Failure<DB>> {
        let cell = f64::from(self.side()) / self.labels.len() as f64;
        let letters = (cell * 0.3).clamp(8.0, 15.0);
        let (x0, y0) = (f64::from(NAMES), f64::from(TITLE));
        let at = |x: f64, y: f64| ((x * f64::from(FINE)) as i32, (y * f64::from(FINE)) as i32);
        let middle = x0 + f64::from(self.side()) / 2.0;
        let centered = |size: f64, color| font(size, color).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(format!("{title}{}", self.of), at(middle, y0 / 2.0), centered(18.0, INK)))?;
        for (row, (support, counts)) in self.rows.iter().enumerate() {
            let y = y0 + row as f64 * cell;
            for (column, count) in counts.iter().enumerate() {
                let x = x0 + column as f64 * cell;
                let rate = *count as f64 / (*support).max(1) as f64;
                // The paper is as white as an empty cell.
                if *count > 0 {
                    let corners = [at(x, y), at(x + cell, y + cell)];
                    area.draw(&Rectangle::new(corners, shade(rate).filled()))?;
                }
                if cell >= LEAST_CELL * 2.0 {
                    let ink = if rate > 0.5 { WHITE } else { INK };
                    let text =
                        Text::new(words(*count, rate), at(x + cell / 2.0, y + cell / 2.0), centered(letters, ink));
                    area.draw(&text)?;
                }
            }
            if cell >= LEAST_CELL {
                self.names(area, row, (x0, y0, cell))?;
            }
        }
        let frame = [at(x0, y0), at(x0 + f64::from(self.side()), y0 + f64::from(self.side()))];
        area.draw(&Rectangle::new(frame, INK.stroke_width(FINE)))?;
        let below = at(middle, y0 + f64::from(self.side() + NAMES) - 14.0);
        area.draw(&Text::new(self.axis, below, centered(14.0, INK)))
    }

    /// The name of class `k` beside its row and, upright, below its column.
    fn names<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        k: usize,
        (x0, y0, cell): (f64, f64, f64),
    ) -> std::result::Result<(), Failure<DB>> {
        let letters = (cell * 0.6).clamp(8.0, 13.0);
        let name = text::shorten(&self.labels[k], letters as f32, (NAMES - 36) as f32, &self.fonts);
        let at = |x: f64, y: f64| ((x * f64::from(FINE)) as i32, (y * f64::from(FINE)) as i32);
        let center = (k as f64 + 0.5) * cell;
        let beside = font(letters, INK).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(name.clone(), at(x0 - 8.0, y0 + center), beside))?;
        let upright = font(letters, INK).transform(FontTransform::Rotate270).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(name, at(x0 + center, y0 + f64::from(self.side()) + 8.0), upright))
    }
}

/// As many classes as are drawn, in their order: those of the most frequent mistakes, and the first others where these are too few.
fn most_mistaken(counts: &Confusion) -> Vec<usize> {
    let mistaken = counts.mistakes().into_iter().flat_map(|own| [own.class, own.taken_for]);
    let mut drawn: Vec<usize> = Vec::new();
    for class in mistaken.chain(0..counts.rows().len()) {
        if drawn.len() == DRAWN {
            break;
        }
        if !drawn.contains(&class) {
            drawn.push(class);
        }
    }
    drawn.sort_unstable();
    drawn
}

/// From white to [`DARK`].
fn shade(rate: f64) -> RGBColor {
    let mix = |dark: u8| (255.0 + (f64::from(dark) - 255.0) * rate.clamp(0.0, 1.0)).round() as u8;
    RGBColor(mix(DARK.0), mix(DARK.1), mix(DARK.2))
}
