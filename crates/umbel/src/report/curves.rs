//! Accuracy and loss over the epochs, training and validation, side by side: SVG and PNG.

use std::path::{Path, PathBuf};

use plotters::prelude::{IntoDrawingArea, SVGBackend};
use tiny_skia::Pixmap;

use super::figure::{FINE, Figure};
use super::pixels::Pixels;
use super::text;
use crate::base::atomic;
use crate::base::progress::EpochRecord;
use crate::{Error, Result};

/// One run's curves with the name they go by.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NamedCurves<'a> {
    pub name: &'a str,
    pub epochs: &'a [EpochRecord],
}

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. One run: training against
/// validation; several: one color a run, dashed for training. Values that are not numbers leave gaps; a single epoch
/// is drawn as dots. The folder must exist.
pub fn write(folder: &Path, stem: &str, runs: &[NamedCurves<'_>]) -> Result<Vec<PathBuf>> {
    if runs.iter().all(|run| run.epochs.is_empty()) {
        return Err(Error::NoEpochs { run: folder.to_owned() });
    }
    let figure = Figure::new(runs);
    let (svg_path, png_path) = (folder.join(format!("{stem}.svg")), folder.join(format!("{stem}.png")));
    let svg = svg(&figure).map_err(|error| drawing(&svg_path, error))?;
    let png = png(&figure).map_err(|error| drawing(&png_path, error))?;
    atomic::write_bytes(&svg_path, svg.as_bytes())?;
    atomic::write_bytes(&png_path, &png)?;
    Ok(vec![svg_path, png_path])
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn drawing(path: &Path, error: AnyError) -> Error {
    Error::Io { action: "draw", path: path.to_owned(), source: std::io::Error::other(error) }
}

fn svg(figure: &Figure<'_>) -> std::result::Result<String, AnyError> {
    let (width, height) = figure.size();
    let (wide, high) = (width * FINE, height * FINE);
    let mut text = String::new();
    figure.draw(&SVGBackend::with_string(&mut text, (wide, high)).into_drawing_area())?;
    // Drawn larger for finer coordinates, shown at its proper size: the viewBox stays as it was drawn.
    let (drawn, shown) =
        (format!("width=\"{wide}\" height=\"{high}\""), format!("width=\"{width}\" height=\"{height}\""));
    Ok(text.replacen(&drawn, &shown, 1))
}

fn png(figure: &Figure<'_>) -> std::result::Result<Vec<u8>, AnyError> {
    let (width, height) = figure.size();
    let mut pixmap = Pixmap::new(width, height).ok_or("the picture is too large")?;
    figure.draw(&Pixels::new(&mut pixmap, FINE).into_drawing_area())?;
    let picture = text::to_rgb(&pixmap).ok_or("the picture is too large")?;
    let mut bytes = Vec::new();
    picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes))?;
    Ok(bytes)
}
