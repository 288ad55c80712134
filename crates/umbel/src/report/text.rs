//! Words in pictures, in the built-in font: how wide they are, how to shorten them, and their outlines.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, Point, ScaleFont};
use image::RgbImage;
use tiny_skia::{Path, PathBuilder, Pixmap};

/// Longer names are cut before they are measured; nothing this long fits a picture.
const LONGEST: usize = 300;

/// `None` only if the font that is part of the program were damaged; pictures then have no words.
static FONT: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::try_from_slice(super::FONT).ok());

/// `text` on one line: control characters become spaces, and nothing is longer than can be shown.
pub fn clean(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The width of `text` in pixels, `size` pixels to the em.
pub fn width(text: &str, size: f32) -> f32 {
    layout(text, size).1
}

/// `text`, or as much of it as fits into `room` pixels with an ellipsis at the end.
pub fn shorten(text: &str, size: f32, room: f32) -> String {
    let text = clean(text);
    if width(&text, size) <= room {
        return text;
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let shorter: String = kept.iter().collect::<String>().trim_end().to_string() + "…";
        if width(&shorter, size) <= room {
            return shorter;
        }
    }
    String::new()
}

/// The outlines of `text`, its left end and its baseline at the origin, y pointing down. `None`: nothing to see.
/// Characters that the font lacks are drawn as empty boxes; right-to-left scripts are not reordered.
pub fn path(text: &str, size: f32) -> Option<Path> {
    let font = FONT.as_ref()?;
    let unit = size / font.units_per_em().unwrap_or(2048.0);
    let mut path = PathBuilder::new();
    for (id, left) in layout(text, size).0 {
        let Some(outline) = font.outline(id) else { continue };
        let at = |point: &Point| (left + point.x * unit, -point.y * unit);
        let mut last: Option<Point> = None;
        for curve in &outline.curves {
            let (start, end) = match curve {
                OutlineCurve::Line(start, end)
                | OutlineCurve::Quad(start, _, end)
                | OutlineCurve::Cubic(start, _, _, end) => (*start, *end),
            };
            if last != Some(start) {
                // The curves of one contour follow each other; a jump starts the next.
                path.close();
                let (x, y) = at(&start);
                path.move_to(x, y);
            }
            let (x, y) = at(&end);
            match curve {
                OutlineCurve::Line(..) => path.line_to(x, y),
                OutlineCurve::Quad(_, control, _) => path.quad_to(at(control).0, at(control).1, x, y),
                OutlineCurve::Cubic(_, a, b, _) => path.cubic_to(at(a).0, at(a).1, at(b).0, at(b).1, x, y),
            }
            last = Some(end);
        }
        path.close();
    }
    path.finish()
}

/// An opaque picture's RGB bytes.
pub fn to_rgb(pixmap: &Pixmap) -> Option<RgbImage> {
    let bytes = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    RgbImage::from_raw(pixmap.width(), pixmap.height(), bytes)
}

/// ab_glyph measures a font by its height from the lowest to the highest letter, not by its em.
fn em(font: &FontRef<'_>, size: f32) -> f32 {
    size * font.height_unscaled() / font.units_per_em().unwrap_or(2048.0)
}

/// Glyphs with their places along the line, and the line's width.
fn layout(text: &str, size: f32) -> (Vec<(GlyphId, f32)>, f32) {
    let Some(font) = FONT.as_ref() else { return (Vec::new(), 0.0) };
    let scaled = font.as_scaled(em(font, size));
    let (mut glyphs, mut x) = (Vec::new(), 0.0);
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        if let Some((before, _)) = glyphs.last() {
            x += scaled.kern(*before, id);
        }
        glyphs.push((id, x));
        x += scaled.h_advance(id);
    }
    (glyphs, x)
}
