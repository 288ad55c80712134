//! The reliability diagram: how often answers of a confidence are right.

use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{self, Drawing, FINE, Failure, INK, SOFT_INK, font};
use super::ink::{COLORS, GRID};
use crate::Result;
use crate::base::fonts::Fonts;
use crate::base::lang::Lang;
use crate::metrics::Bin;

const PANEL: (u32, u32) = (520, 500);
const TITLE: u32 = 50;
/// The same where it has none.
const NO_TITLE: u32 = 16;
const BAR: RGBColor = COLORS[0];
/// How strong a bar of hardly any photos is, and one of the most.
const PALEST: f64 = 0.15;
const DARKEST: f64 = 0.85;

/// One panel.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Panel {
    /// May be empty.
    pub title: String,
    pub bins: Vec<Bin>,
}

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. A bar that ends on the diagonal
/// is honest; below it, the model is too sure. The paler a bar, the fewer photos it stands for. Empty bins have none. Fails where there is no panel.
pub fn write(folder: &Path, stem: &str, panels: &[Panel]) -> Result<Vec<PathBuf>> {
    if panels.is_empty() {
        return Err(umbel_predict::Error::Setting {
            setting: "the number of panels".into(),
            value: "0".into(),
            expected: "one or more".into(),
        }
        .into());
    }
    canvas::write(folder, stem, &Fonts::built_in(), |_| Figure::new(panels, Lang::English))
}

/// The panels of a model, from its bins and errors before and after calibration; one where it is not calibrated.
pub fn panels(calibrated: bool, ece: [f64; 2], bins: &[Vec<Bin>; 2]) -> Vec<Panel> {
    let panel = |what: &str, k: usize| Panel { title: format!("{what}: {:.3}", ece[k]), bins: bins[k].clone() };
    match calibrated {
        false => vec![panel("Calibration error", 1)],
        true => vec![panel("Calibration error before calibration", 0), panel("Calibration error after calibration", 1)],
    }
}

/// Panels side by side.
pub(super) struct Figure<'a> {
    panels: &'a [Panel],
    /// What stands at the axes, across and up.
    axes: [&'static str; 2],
}

impl<'a> Figure<'a> {
    /// Told in `lang`.
    pub(super) fn new(panels: &'a [Panel], lang: Lang) -> Self {
        Figure { panels, axes: [lang.say("Confidence"), lang.say("Share that is right")] }
    }
}

impl Drawing for Figure<'_> {
    fn size(&self) -> (u32, u32) {
        (PANEL.0 * self.panels.len() as u32, PANEL.1)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> std::result::Result<(), Failure<DB>> {
        area.fill(&WHITE)?;
        for (panel, area) in self.panels.iter().zip(area.split_evenly((1, self.panels.len()))) {
            draw_panel(&area, panel, self.axes)?;
        }
        area.present()
    }
}

fn draw_panel<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    panel: &Panel,
    [across, up]: [&str; 2],
) -> std::result::Result<(), Failure<DB>> {
    let top = if panel.title.is_empty() { NO_TITLE } else { TITLE };
    let mut chart = ChartBuilder::on(area)
        .margin_top(top * FINE)
        .margin_right(24 * FINE)
        .margin_left(14 * FINE)
        .x_label_area_size(50 * FINE)
        .y_label_area_size(62 * FINE)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(FINE))
        .axis_style(SOFT_INK.stroke_width(FINE))
        .label_style(font(14.0, SOFT_INK))
        .axis_desc_style(font(15.0, INK))
        .x_labels(6)
        .y_labels(6)
        .x_desc(across)
        .y_desc(up)
        .set_all_tick_mark_size(5 * FINE)
        .draw()?;
    let filled = panel.bins.iter().filter(|bin| bin.images > 0);
    let most = panel.bins.iter().map(|bin| bin.images).max().unwrap_or(1) as f64;
    // A bar of one photo must not look as sure as one of a hundred.
    let shade = |images: usize| PALEST + (DARKEST - PALEST) * (images as f64 / most).sqrt();
    chart
        .draw_series(filled.map(|bin| {
            Rectangle::new([(bin.low, 0.0), (bin.high, bin.accuracy)], BAR.mix(shade(bin.images)).filled())
        }))?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], INK.stroke_width(2 * FINE)))?;
    if panel.title.is_empty() {
        return Ok(());
    }
    let heading = font(17.0, INK).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw(&Text::new(panel.title.clone(), ((PANEL.0 * FINE / 2) as i32, (TITLE * FINE / 2) as i32), heading))
}
