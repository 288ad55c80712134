//! One pair of axes with lines in it: what curves over epochs, ROC and precision-recall curves are drawn with.

use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawing, FINE, Failure, INK, SOFT_INK, font};
use super::ink::{COLORS, GRID};
use super::scale::Scale;
use super::text::width;
use crate::base::fonts::Fonts;
use crate::base::lang::Lang;

/// The room above a panel, for its title.
const TITLE: u32 = 50;
/// The same where it has none.
const NO_TITLE: u32 = 16;
/// The size of a panel that stands alone.
const ALONE: (u32, u32) = (520, 360);
/// From a note to what is beside it.
const INSIDE: i32 = 8 * FINE as i32;
/// The size of a note's letters.
const NOTE: f64 = 13.0;
/// Dash and gap of dashed lines.
pub const DASH: (u32, u32) = (6 * FINE, 4 * FINE);

/// Axes, and what they show.
pub struct Panel {
    /// May be empty.
    pub title: String,
    /// What stands at the axes, across and up.
    pub axes: [&'static str; 2],
    pub scales: [Scale; 2],
    pub lines: Vec<Line>,
    pub note: Note,
}

/// Words inside a panel.
pub enum Note {
    None,
    /// In the upper right corner.
    Corner(String),
    /// At the top, beside the place `at` of the axis across; the panel leaves room for them there.
    Beside {
        at: f64,
        text: String,
    },
}

/// A line, perhaps interrupted.
#[derive(Clone)]
pub struct Line {
    pub pieces: Vec<Vec<(f64, f64)>>,
    pub color: RGBColor,
    pub kind: Kind,
}

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Solid,
    Dashed,
    Thin,
    Thick,
}

impl Drawing for Panel {
    fn size(&self) -> (u32, u32) {
        ALONE
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), Failure<DB>> {
        area.fill(&WHITE)?;
        self.draw_on(area)?;
        area.present()
    }
}

impl Panel {
    /// What stands at its axes in a language.
    pub fn told(self, lang: Lang) -> Self {
        Panel { axes: self.axes.map(|axis| lang.say(axis)), ..self }
    }

    /// Draws onto a part of a figure.
    pub fn draw_on<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), Failure<DB>> {
        let [x, y] = &self.scales;
        let top = if self.title.is_empty() { NO_TITLE } else { TITLE };
        let mut chart = ChartBuilder::on(area)
            .margin_top(top * FINE)
            .margin_right(24 * FINE)
            .margin_left(14 * FINE)
            .x_label_area_size(50 * FINE)
            .y_label_area_size(62 * FINE)
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID.stroke_width(FINE))
            .axis_style(SOFT_INK.stroke_width(FINE))
            .label_style(font(14.0, SOFT_INK))
            .axis_desc_style(font(15.0, INK))
            .x_desc(self.axes[0])
            .y_desc(self.axes[1])
            .set_all_tick_mark_size(5 * FINE)
            .draw()?;
        for line in &self.lines {
            for piece in &line.pieces {
                draw(&mut chart, piece, line)?;
            }
        }
        let (base, (across, down)) = (area.get_base_pixel(), chart.plotting_area().get_pixel_range());
        if !self.title.is_empty() {
            let middle = (across.start + across.end) / 2 - base.0;
            let heading = font(20.0, INK).pos(Pos::new(HPos::Center, VPos::Center));
            area.draw(&Text::new(self.title.as_str(), (middle, (TITLE * FINE / 2) as i32), heading))?;
        }
        let (right, top) = (across.end - base.0, down.start - base.1 + INSIDE);
        let words = |text: &str, across: i32, side: HPos| {
            area.draw(&Text::new(text, (across, top), font(NOTE, SOFT_INK).pos(Pos::new(side, VPos::Top))))
        };
        match &self.note {
            Note::None => {}
            Note::Corner(text) => words(text, right - INSIDE, HPos::Right)?,
            Note::Beside { at, text } => {
                let line = x.map(at, (across.start - base.0, right));
                let wide = (width(text, NOTE as f32, &Fonts::built_in()) * FINE as f32).ceil() as i32;
                let has_room = line + INSIDE + wide <= right;
                let (at, side) = if has_room { (line + INSIDE, HPos::Left) } else { (line - INSIDE, HPos::Right) };
                words(text, at, side)?;
            }
        }
        Ok(())
    }
}

/// How a line of this kind is stroked.
pub fn stroke(color: RGBColor, kind: Kind) -> ShapeStyle {
    let stroke_width = match kind {
        Kind::Solid | Kind::Dashed => 2 * FINE + FINE / 2,
        Kind::Thin => FINE,
        Kind::Thick => 4 * FINE,
    };
    ShapeStyle { color: color.to_rgba(), filled: false, stroke_width }
}

/// The color of line `k`; beyond the seventh they come again, darker.
pub fn color(k: usize) -> RGBColor {
    let RGBColor(r, g, b) = COLORS[k % COLORS.len()];
    let darker = |v: u8| (f32::from(v) * 0.55f32.powi((k / COLORS.len()).min(2) as i32)) as u8;
    RGBColor(darker(r), darker(g), darker(b))
}

/// A piece of a curve; a single point becomes a dot, so that one epoch can be seen.
fn draw<DB: DrawingBackend>(
    chart: &mut ChartContext<'_, DB, Cartesian2d<Scale, Scale>>,
    piece: &[(f64, f64)],
    line: &Line,
) -> Result<(), Failure<DB>> {
    let style = stroke(line.color, line.kind);
    if let [point] = *piece {
        let dot = if line.kind == Kind::Dashed { style } else { line.color.filled() };
        chart.draw_series([Circle::new(point, 4 * FINE, dot)])?;
    } else if line.kind == Kind::Dashed {
        chart.draw_series(DashedLineSeries::new(piece.iter().copied(), DASH.0, DASH.1, style))?;
    } else {
        chart.draw_series(LineSeries::new(piece.iter().copied(), style))?;
    }
    Ok(())
}
