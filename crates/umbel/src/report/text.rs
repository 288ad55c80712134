//! Words in pictures: how wide they are, how to shorten them, and their outlines.

use ab_glyph::{GlyphId, OutlineCurve, Point};
use image::RgbImage;
use tiny_skia::{Path, PathBuilder, Pixmap};

use crate::base::fonts::{Face, Fonts, clean, visual};
use crate::base::shown::columns;

/// The width of `text` in pixels, `size` pixels to the em.
pub fn width(text: &str, size: f32, fonts: &Fonts) -> f32 {
    layout(text, size, fonts).1
}

/// `text`, or as much of its beginning and end as fits into `room` pixels around an ellipsis: figures and what tells names apart often
/// stand at the end.
pub fn shorten(text: &str, size: f32, room: f32, fonts: &Fonts) -> String {
    let text = clean(text);
    if width(&text, size, fonts) <= room {
        return text;
    }
    let all: Vec<char> = text.chars().collect();
    for kept in (0..all.len()).rev() {
        let (start, end) = (&all[..kept.div_ceil(2)], &all[all.len() - kept / 2..]);
        let shorter = String::from_iter(start).trim_end().to_string() + "…" + String::from_iter(end).trim_start();
        if width(&shorter, size, fonts) <= room {
            return shorter;
        }
    }
    String::new()
}

/// The outlines of `text`, its left end and its baseline at the origin, y pointing down. `None`: nothing to see.
/// Characters that no font has are drawn as empty boxes.
pub fn path(text: &str, size: f32, fonts: &Fonts) -> Option<Path> {
    let mut path = PathBuilder::new();
    for Glyph { face, id, left } in layout(text, size, fonts).0 {
        let unit = face.unit(size);
        let Some(outline) = face.outline(id) else { continue };
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

/// A letter in its place along the line.
struct Glyph {
    face: Face,
    id: GlyphId,
    left: f32,
}

/// Glyphs with their places along the line, and the line's width.
fn layout(text: &str, size: f32, fonts: &Fonts) -> (Vec<Glyph>, f32) {
    let Some(own) = Fonts::own() else { return (Vec::new(), 0.0) };
    let (mut glyphs, mut x): (Vec<Glyph>, f32) = (Vec::new(), 0.0);
    for c in visual(text).chars() {
        let known = fonts.face(c);
        let face = known.clone().unwrap_or_else(|| own.clone());
        // The first glyph of a font is its empty box.
        let id = face.glyph(c).unwrap_or(GlyphId(0));
        if let Some(before) = glyphs.last().filter(|before| before.face.is(&face)) {
            x += face.kern(before.id, id, size);
        }
        let wide = face.advance(id, size);
        glyphs.push(Glyph { face, id, left: x });
        // Whoever has a font for it draws a wide character as wide as it is high.
        x += if known.is_none() && columns(c.encode_utf8(&mut [0; 4])) > 1 { size } else { wide };
    }
    (glyphs, x)
}
