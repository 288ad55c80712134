//! Words in pictures, in the built-in font: how wide they are, how to shorten them, and drawing them pixel by pixel.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, Point, ScaleFont};

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

/// Draws `text` in dark grey with its left end and its baseline at `at`. What lies outside the picture is left out.
pub fn draw(picture: &mut image::RgbImage, text: &str, size: f32, at: (f32, f32)) {
    let Some(font) = FONT.as_ref() else { return };
    let (wide, high) = (picture.width() as i64, picture.height() as i64);
    for (id, x) in layout(text, size).0 {
        let glyph = id.with_scale_and_position(em(font, size), Point { x: at.0 + x, y: at.1 });
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|dx, dy, coverage| {
            let (x, y) = (corner.x as i64 + i64::from(dx), corner.y as i64 + i64::from(dy));
            if (0..wide).contains(&x) && (0..high).contains(&y) {
                for value in &mut picture.get_pixel_mut(x as u32, y as u32).0 {
                    *value = (f32::from(*value) * (1.0 - coverage) + 0x22 as f32 * coverage).clamp(0.0, 255.0) as u8;
                }
            }
        });
    }
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
