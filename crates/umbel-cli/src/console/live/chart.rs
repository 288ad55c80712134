//! One figure over the epochs as a small chart of Braille dots (two by four to a character): training as a line,
//! validation as a broken line, so that they differ without colors, too.

use super::paint::{Ink, Paint};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    pub title: &'a str,
    /// One value an epoch; those that are not finite leave a gap.
    pub training: &'a [f64],
    pub validation: &'a [f64],
    /// How many epochs are planned.
    pub epochs: usize,
}

/// Columns of the labels beside the axis.
pub const LABEL: usize = 6;
/// Fewer columns than this hold no curve.
const LEAST_COLUMNS: usize = 8;

impl Chart<'_> {
    /// `rows + 2` lines, each `width` columns wide at most: title, curves, axis.
    pub fn lines(&self, width: usize, rows: usize, paint: Paint) -> Vec<String> {
        let columns = width.saturating_sub(LABEL + 1);
        if columns < LEAST_COLUMNS || rows == 0 {
            return vec![String::new(); rows + 2];
        }
        let scale = Scale::of(self.training.iter().chain(self.validation));
        let span = self.span(2 * columns);
        let mut canvas = Canvas::new(columns, rows);
        for (ink, values) in [(Ink::Training, self.training), (Ink::Validation, self.validation)] {
            canvas.curve(ink, values, span, &scale);
        }
        let mut lines = vec![format!("{:LABEL$} {}", "", self.title)];
        for row in 0..rows {
            let value = match row {
                0 => Some(scale.high),
                _ if row + 1 == rows => Some(scale.low),
                _ => None,
            };
            let label = value.filter(|_| scale.is_known()).map(|value| scale.label(value)).unwrap_or_default();
            let axis = format!("{label:>width$}{}", if label.is_empty() { "│" } else { "┤" }, width = LABEL);
            lines.push(paint.ink(Ink::Faint, &axis) + &canvas.row(row, paint));
        }
        lines.push(paint.ink(Ink::Faint, &axis(span, columns)));
        lines
    }

    /// Epochs from the left end to the right: all that are planned while there is a dot for each of them, then as many
    /// as there are dots, then all that are over.
    fn span(&self, dots: usize) -> usize {
        let over = self.training.len().max(self.validation.len());
        self.epochs.min(dots).max(over).max(1)
    }
}

/// `└1──────15`
fn axis(span: usize, columns: usize) -> String {
    let last = if span > 1 { span.to_string() } else { String::new() };
    format!("{:LABEL$}└1{}{last}", "", "─".repeat(columns.saturating_sub(1 + last.len())))
}

/// From round number to round number.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn of<'a>(values: impl Iterator<Item = &'a f64>) -> Self {
        let finite = values.copied().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let range = if high > low { high - low } else { (low.abs() * 0.1).max(0.1) };
        let power = 10f64.powf(range.log10().floor());
        let step = power * [0.1, 0.2, 0.5, 1.0].into_iter().find(|part| range / (part * power) <= 10.0).unwrap_or(1.0);
        let (low, mut high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        if high <= low {
            high = low + step;
        }
        Scale { low, high, step }
    }

    /// Whether there was any value.
    fn is_known(&self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    fn label(&self, value: f64) -> String {
        let decimals = (-self.step.log10().floor()).clamp(0.0, 9.0) as usize;
        let text = format!("{value:.decimals$}");
        if text.len() <= LABEL { text } else { format!("{value:.0e}") }
    }

    /// 0 at the top, 1 at the bottom.
    fn depth(&self, value: f64) -> f64 {
        (self.high - value) / (self.high - self.low)
    }
}

/// Dots of both curves.
struct Canvas {
    columns: usize,
    rows: usize,
    /// For each cell the dots of training and of validation.
    cells: Vec<[u8; 2]>,
}

/// The bit of a dot, by its row and column in the cell (Unicode's order).
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Canvas {
    fn new(columns: usize, rows: usize) -> Self {
        Canvas { columns, rows, cells: vec![[0; 2]; columns * rows] }
    }

    /// Joins the values of neighboring epochs.
    fn curve(&mut self, ink: Ink, values: &[f64], span: usize, scale: &Scale) {
        let (right, bottom) = ((2 * self.columns - 1) as f64, (4 * self.rows - 1) as f64);
        let at = |epoch: usize, value: f64| {
            let x = epoch as f64 / (span - 1).max(1) as f64 * right;
            ((x.round()) as i64, (scale.depth(value) * bottom).round() as i64)
        };
        let mut before: Option<(i64, i64)> = None;
        let mut drawn = 0;
        for (epoch, value) in values.iter().enumerate() {
            let here = value.is_finite().then(|| at(epoch, *value));
            if let Some(here) = here {
                let from = before.unwrap_or(here);
                let steps = (here.0 - from.0).abs().max((here.1 - from.1).abs()).max(1);
                for step in 0..=steps {
                    let part =
                        |from: i64, to: i64| from + ((to - from) as f64 * step as f64 / steps as f64).round() as i64;
                    // Two dots, two gaps; a curve's first dot is always there.
                    if ink == Ink::Training || drawn % 4 < 2 {
                        self.dot(ink, part(from.0, here.0), part(from.1, here.1));
                    }
                    drawn += usize::from(step > 0 || before.is_none());
                }
            }
            before = here;
        }
    }

    fn dot(&mut self, ink: Ink, x: i64, y: i64) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < 2 * self.columns && y < 4 * self.rows {
            let cell = &mut self.cells[y / 4 * self.columns + x / 2];
            cell[usize::from(ink == Ink::Validation)] |= BITS[y % 4][x % 2];
        }
    }

    /// A row of characters; cells of one color are colored together. Where curves share a cell, validation's color wins.
    fn row(&self, row: usize, paint: Paint) -> String {
        let cells = &self.cells[row * self.columns..][..self.columns];
        let ink = |cell: &[u8; 2]| {
            if cell[1] > 0 {
                Some(Ink::Validation)
            } else if cell[0] > 0 {
                Some(Ink::Training)
            } else {
                None
            }
        };
        let runs = cells.chunk_by(|left, right| ink(left) == ink(right)).map(|run| {
            let text: String = run.iter().map(|cell| character(cell[0] | cell[1])).collect();
            ink(&run[0]).map_or_else(|| text.clone(), |ink| paint.ink(ink, &text))
        });
        runs.collect()
    }
}

/// An empty cell is a space, which every font has.
fn character(dots: u8) -> char {
    if dots == 0 { ' ' } else { char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ') }
}
