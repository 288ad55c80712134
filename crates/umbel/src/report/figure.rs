//! The figure itself: two panels and a legend, drawn by the same code as vectors and as pixels.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawing, FINE, Failure, INK, SOFT_INK, font};
use super::curves::NamedCurves;
use super::scale::{self, Scale};
use crate::base::progress::EpochRecord;

const WIDTH: u32 = 1200;
const PANELS: u32 = 450;
/// The room above a panel, for its title.
const TITLE: u32 = 50;
const LEGEND_ROW: u32 = 28;
const LEGEND_SIDE: u32 = 60;
const SWATCH: i32 = 34;
const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);

/// Okabe and Ito's colors, which people with any kind of color vision can tell apart (without their yellow, which is too
/// faint for lines on white).
const COLORS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x00, 0x00, 0x00),
];

/// What the legend says beside a swatch.
struct Entry {
    label: String,
    color: RGBColor,
    dashed: bool,
}

/// A figure laid out: its size is known before it is drawn.
pub struct Figure<'a> {
    runs: &'a [NamedCurves<'a>],
    rows: Vec<Vec<(i32, Entry)>>,
}

impl Drawing for Figure<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, PANELS + LEGEND_ROW * self.rows.len() as u32 + 12)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), Failure<DB>> {
        area.fill(&WHITE)?;
        let (panels, legend) = area.split_vertically(PANELS * FINE);
        let (left, right) = panels.split_horizontally(WIDTH * FINE / 2);
        let all = |value: fn(&EpochRecord) -> f64| self.runs.iter().flat_map(|run| run.epochs).map(value);
        let accuracies: Vec<f64> = all(|r| r.accuracy).chain(all(|r| r.val_accuracy)).collect();
        let losses: Vec<f64> = all(|r| r.loss).chain(all(|r| r.val_loss)).collect();
        self.panel(
            &left,
            ("Training and Validation Accuracy", "Accuracy"),
            &scale::accuracy(&accuracies),
            [|r| r.accuracy, |r| r.val_accuracy],
        )?;
        self.panel(
            &right,
            ("Training and Validation Loss", "Loss"),
            &scale::loss(&losses),
            [|r| r.loss, |r| r.val_loss],
        )?;
        self.legend(&legend)?;
        area.present()
    }
}

impl<'a> Figure<'a> {
    /// Lays out the legend.
    pub fn new(runs: &'a [NamedCurves<'a>]) -> Self {
        let entry = |label: &str, color, dashed| Entry { label: super::text::clean(label), color, dashed };
        let entries = match runs {
            [_] => vec![entry("Training", COLORS[0], false), entry("Validation", COLORS[1], false)],
            _ => {
                let named = runs.iter().enumerate().map(|(k, run)| entry(run.name, color(k), false));
                let kinds = [entry("training", SOFT_INK, true), entry("validation", SOFT_INK, false)];
                named.chain(kinds).collect()
            }
        };
        Figure { runs, rows: arrange(entries) }
    }

    /// One panel; `values` are the training and the validation curve.
    fn panel<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        (title, axis): (&str, &str),
        y: &Scale,
        values: [fn(&EpochRecord) -> f64; 2],
    ) -> Result<(), Failure<DB>> {
        let numbers = || self.runs.iter().flat_map(|run| run.epochs).map(|record| record.epoch);
        let x = scale::epochs(numbers().min().unwrap_or(1), numbers().max().unwrap_or(1));
        let mut chart = ChartBuilder::on(area)
            .margin_top(TITLE * FINE)
            .margin_right(24 * FINE)
            .margin_left(14 * FINE)
            .x_label_area_size(50 * FINE)
            .y_label_area_size(62 * FINE)
            .build_cartesian_2d(x, y.clone())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID.stroke_width(FINE))
            .axis_style(SOFT_INK.stroke_width(FINE))
            .label_style(font(14.0, SOFT_INK))
            .axis_desc_style(font(15.0, INK))
            .x_desc("Epoch")
            .y_desc(axis)
            .set_all_tick_mark_size(5 * FINE)
            .draw()?;
        for (k, run) in self.runs.iter().enumerate() {
            for (kind, value) in values.iter().enumerate() {
                let (color, dashed) = if self.runs.len() == 1 { (COLORS[kind], false) } else { (color(k), kind == 0) };
                for piece in scale::pieces(run.epochs, value, y.high) {
                    line(&mut chart, piece, color, dashed)?;
                }
            }
        }
        let (base, (across, down)) = (area.get_base_pixel(), chart.plotting_area().get_pixel_range());
        let middle = (across.start + across.end) / 2 - base.0;
        let heading = font(20.0, INK).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(title, (middle, (TITLE * FINE / 2) as i32), heading))?;
        let records = self.runs.iter().flat_map(|run| run.epochs);
        let shown = records.flat_map(|record| values.map(|value| value(record))).filter(|v| v.is_finite());
        let highest = shown.fold(0.0, f64::max);
        if highest > y.high {
            let note = font(13.0, SOFT_INK).pos(Pos::new(HPos::Right, VPos::Top));
            let corner = (across.end - base.0 - 8 * FINE as i32, down.start - base.1 + 8 * FINE as i32);
            area.draw(&Text::new(format!("off the scale: up to {highest:.*}", y.decimals), corner, note))?;
        }
        Ok(())
    }

    fn legend<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), Failure<DB>> {
        let fine = FINE as i32;
        for (row, entries) in self.rows.iter().enumerate() {
            let y = (row as i32 * LEGEND_ROW as i32 + LEGEND_ROW as i32 / 2) * fine;
            for (x, entry) in entries {
                let (start, end) = (x * fine, (x + SWATCH) * fine);
                let style = stroke(entry.color);
                if entry.dashed {
                    let dash = DashedPathElement::new([(start, y), (end, y)], DASH.0, DASH.1, style);
                    area.draw(&dash)?;
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

/// Dash and gap of training curves.
const DASH: (u32, u32) = (6 * FINE, 4 * FINE);

fn stroke(color: RGBColor) -> ShapeStyle {
    ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: 2 * FINE + FINE / 2 }
}

/// The color of run `k`; beyond the seventh they come again, darker.
fn color(k: usize) -> RGBColor {
    let RGBColor(r, g, b) = COLORS[k % COLORS.len()];
    let darker = |v: u8| (f32::from(v) * 0.55f32.powi((k / COLORS.len()).min(2) as i32)) as u8;
    RGBColor(darker(r), darker(g), darker(b))
}

/// Puts legend entries into centered rows: (x of the swatch, entry).
fn arrange(entries: Vec<Entry>) -> Vec<Vec<(i32, Entry)>> {
    let room = (WIDTH - 2 * LEGEND_SIDE) as i32;
    let mut rows: Vec<(i32, Vec<(i32, Entry)>)> = vec![(0, Vec::new())];
    for mut entry in entries {
        entry.label = super::text::shorten(&entry.label, 15.0, (room / 2) as f32);
        let width = SWATCH + 8 + super::text::width(&entry.label, 15.0).ceil() as i32;
        let gap = 32;
        if let Some((used, row)) = rows.last_mut()
            && (row.is_empty() || *used + gap + width <= room)
        {
            let x = if row.is_empty() { 0 } else { *used + gap };
            row.push((x, entry));
            *used = x + width;
        } else {
            rows.push((width, vec![(0, entry)]));
        }
    }
    let shifted = rows.into_iter().map(|(used, row)| {
        let start = (WIDTH as i32 - used) / 2;
        row.into_iter().map(|(x, entry)| (x + start, entry)).collect()
    });
    shifted.collect()
}

/// A piece of a curve; a single point becomes a dot, so that one epoch can be seen.
fn line<DB: DrawingBackend, X, Y>(
    chart: &mut ChartContext<'_, DB, Cartesian2d<X, Y>>,
    piece: Vec<(f64, f64)>,
    color: RGBColor,
    dashed: bool,
) -> Result<(), Failure<DB>>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    if let [point] = piece[..] {
        let dot = if dashed { stroke(color) } else { color.filled() };
        chart.draw_series([Circle::new(point, 4 * FINE, dot)])?;
    } else if dashed {
        chart.draw_series(DashedLineSeries::new(piece, DASH.0, DASH.1, stroke(color)))?;
    } else {
        chart.draw_series(LineSeries::new(piece, stroke(color)))?;
    }
    Ok(())
}
