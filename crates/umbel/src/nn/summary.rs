//! The layer table, as Keras prints it.

use std::fmt;

use serde::Serialize;

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SummaryLayer {
    pub name: String,
    /// Keras' class name.
    pub kind: String,
    /// Without the batch axis.
    pub output: Vec<usize>,
    pub parameters: usize,
}

/// The table and its sums (JSON by contract).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Summary {
    pub parameters: usize,
    pub trainable: usize,
    pub layers: Vec<SummaryLayer>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = ["Layer (type)", "Output Shape", "Param #"].map(String::from);
        let rows: Vec<[String; 3]> = self.layers.iter().map(cells).collect();
        let width = |column: usize| {
            let widest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            widest.max(title[column].len())
        };
        let widths = [width(0), width(1), width(2)];
        write_line(f, ["┏", "┳", "┓"], "━", widths)?;
        write_row(f, "┃", &title, widths)?;
        write_line(f, ["┡", "╇", "┩"], "━", widths)?;
        for row in &rows {
            write_row(f, "│", row, widths)?;
        }
        write_line(f, ["└", "┴", "┘"], "─", widths)?;
        let frozen = self.parameters - self.trainable;
        writeln!(f, " Total params: {}", with_size(self.parameters))?;
        writeln!(f, " Trainable params: {}", with_size(self.trainable))?;
        write!(f, " Non-trainable params: {}", with_size(frozen))
    }
}

fn cells(layer: &SummaryLayer) -> [String; 3] {
    let axes: Vec<String> = layer.output.iter().map(ToString::to_string).collect();
    [format!("{} ({})", layer.name, layer.kind), format!("(None, {})", axes.join(", ")), thousands(layer.parameters)]
}

fn write_line(f: &mut fmt::Formatter<'_>, corners: [&str; 3], dash: &str, widths: [usize; 3]) -> fmt::Result {
    let [a, b, c] = widths.map(|width| dash.repeat(width + 2));
    writeln!(f, "{}{a}{}{b}{}{c}{}", corners[0], corners[1], corners[1], corners[2])
}

fn write_row(f: &mut fmt::Formatter<'_>, bar: &str, cells: &[String; 3], widths: [usize; 3]) -> fmt::Result {
    let [name, shape, parameters] = cells;
    let [a, b, c] = widths;
    writeln!(f, "{bar} {name:<a$} {bar} {shape:<b$} {bar} {parameters:>c$} {bar}")
}

/// `3,989,285`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3,989,285 (15.22 MB)`; Keras' MB are 1024 · 1024 bytes.
fn with_size(parameters: usize) -> String {
    let mut size = (parameters * size_of::<f32>()) as f64;
    let mut unit = "B";
    for larger in ["KB", "MB", "GB"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    format!("{} ({size:.2} {unit})", thousands(parameters))
}
