//! The layer table, as Keras prints it.

use std::fmt;

use serde::Serialize;

use crate::base::shown::{columns, padded, shown, thousands};

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
    /// Names of what it reads; empty in a network that is a chain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
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
        let is_chain = self.layers.iter().all(|layer| layer.inputs.is_empty());
        let shown = if is_chain { 3 } else { 4 };
        let title = ["Layer (type)", "Output Shape", "Param #", "Connected to"].map(String::from);
        let rows: Vec<[String; 4]> = self.layers.iter().map(cells).collect();
        let width =
            |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or(0).max(title[column].len());
        let widths: Vec<usize> = (0..shown).map(width).collect();
        write_line(f, ["┏", "┳", "┓"], "━", &widths)?;
        write_row(f, "┃", &title, &widths)?;
        write_line(f, ["┡", "╇", "┩"], "━", &widths)?;
        for row in &rows {
            write_row(f, "│", row, &widths)?;
        }
        write_line(f, ["└", "┴", "┘"], "─", &widths)?;
        let frozen = self.parameters - self.trainable;
        writeln!(f, " Total params: {}", with_size(self.parameters))?;
        writeln!(f, " Trainable params: {}", with_size(self.trainable))?;
        write!(f, " Non-trainable params: {}", with_size(frozen))
    }
}

fn cells(layer: &SummaryLayer) -> [String; 4] {
    let axes: Vec<String> = layer.output.iter().map(ToString::to_string).collect();
    [
        format!("{} ({})", shown(&layer.name), layer.kind),
        format!("(None, {})", axes.join(", ")),
        thousands(layer.parameters),
        shown(&layer.inputs.join(", ")).into_owned(),
    ]
}

fn write_line(f: &mut fmt::Formatter<'_>, corners: [&str; 3], dash: &str, widths: &[usize]) -> fmt::Result {
    let parts: Vec<String> = widths.iter().map(|width| dash.repeat(width + 2)).collect();
    writeln!(f, "{}{}{}", corners[0], parts.join(corners[1]), corners[2])
}

fn write_row(f: &mut fmt::Formatter<'_>, bar: &str, cells: &[String; 4], widths: &[usize]) -> fmt::Result {
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        match column {
            // Digits.
            2 => write!(f, "{bar} {}{cell} ", " ".repeat(width.saturating_sub(cell.len())))?,
            _ => write!(f, "{bar} {} ", padded(cell, width))?,
        }
    }
    writeln!(f, "{bar}")
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
