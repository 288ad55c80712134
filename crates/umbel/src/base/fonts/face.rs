//! A face of a font, whose file may be broken: what reading it panics at, it lacks.

use ab_glyph::{Font, FontArc, FontRef, FontVec, GlyphId, Outline};

use crate::base::caught::caught;

/// Faces of one collection.
const MOST_FACES: u32 = 64;

/// See the module. Sizes are in pixels to the em.
#[derive(Clone, Debug)]
pub struct Face(FontArc);

impl Face {
    /// Of a font that is part of the program.
    pub(super) fn built_in(bytes: &'static [u8]) -> Option<Self> {
        FontArc::try_from_slice(bytes).ok().map(Face)
    }

    /// That of a file which has most of the wanted characters, if one has any.
    pub(super) fn best(bytes: Vec<u8>, wanted: &[char]) -> Option<Self> {
        let best = || {
            let parsed = |index| Some((index, FontRef::try_from_slice_and_index(&bytes, index).ok()?));
            let faces = (0..MOST_FACES).map_while(parsed);
            let counted =
                faces.map(|(index, face)| (wanted.iter().filter(|c| glyph(&face, **c).is_some()).count(), index));
            // Of equals the first.
            counted.max_by_key(|(count, index)| (*count, MOST_FACES - index)).filter(|(count, _)| *count > 0)
        };
        let (_, index) = caught(best)??;
        caught(|| FontVec::try_from_vec_and_index(bytes, index).ok())?.map(|font| Face(FontArc::new(font)))
    }

    /// How `c` is drawn.
    pub fn glyph(&self, c: char) -> Option<GlyphId> {
        caught(|| glyph(&self.0, c)).flatten()
    }

    /// In the font's units, of which [`Face::unit`] tells the size. `None` where there is nothing to see.
    pub fn outline(&self, id: GlyphId) -> Option<Outline> {
        caught(|| self.0.outline(id)).flatten()
    }

    /// Pixels of the font's unit.
    pub fn unit(&self, size: f32) -> f32 {
        size / self.0.units_per_em().unwrap_or(2048.0)
    }

    /// How far the next letter is.
    pub fn advance(&self, id: GlyphId, size: f32) -> f32 {
        caught(|| self.0.h_advance_unscaled(id)).unwrap_or_default() * self.unit(size)
    }

    /// How much farther it is between these two; most often less.
    pub fn kern(&self, before: GlyphId, id: GlyphId, size: f32) -> f32 {
        caught(|| self.0.kern_unscaled(before, id)).unwrap_or_default() * self.unit(size)
    }

    /// Whether both are of one font.
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.0.font_data(), other.0.font_data())
    }
}

/// A glyph without outlines is a picture of its own (emoji), which is not drawn here.
fn glyph(font: &impl Font, c: char) -> Option<GlyphId> {
    let id = font.glyph_id(c);
    (id.0 != 0 && (c == ' ' || font.outline(id).is_some())).then_some(id)
}
