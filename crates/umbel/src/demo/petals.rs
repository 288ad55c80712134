//! Petals of the kinds that stand in rings around a flower's middle.

use std::f32::consts::TAU;

use tiny_skia::{Path, Transform};

use super::canvas::{Brush, Canvas, bow, closed};
use super::palette::Palette;
use crate::base::random::Stream;

/// How a petal ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tip {
    /// Broad to the end, and round.
    Round,
    /// Broadest below the middle, with a sharp end.
    Pointed,
    /// A strap cut off, slightly notched.
    Square,
}

/// Petals side by side around the origin.
pub struct Ring {
    /// How many.
    pub petals: usize,
    /// From the origin to the tips.
    pub length: f32,
    /// The share of the ring that petals cover: below one, gaps show; above, they overlap.
    pub cover: f32,
    /// How they end.
    pub tip: Tip,
    /// The first petal's direction, in radians.
    pub start: f32,
    /// Where they begin, from the origin.
    pub inner: f32,
    /// How much lengths, directions and bends differ, 0 (not at all) to about 0.2.
    pub disorder: f32,
}

impl Ring {
    /// Paints the ring around the origin; `tone` darkens (below 1) or lightens it.
    pub fn paint(&self, canvas: &mut Canvas, palette: &Palette, tone: f32, place: Transform, random: &mut Stream) {
        let spacing = TAU / self.petals.max(1) as f32;
        for k in 0..self.petals {
            let angle = self.start + k as f32 * spacing + random.range(-0.5, 0.5) * spacing * self.disorder * 4.0;
            let own = place.pre_rotate(angle.to_degrees());
            let length = self.length * (1.0 - random.range(0.0, 2.0) * self.disorder);
            let half = 0.5 * spacing * self.length * 0.8 * self.cover * random.range(0.85, 1.15);
            let bend = random.range(-1.0, 1.0) * self.disorder * 0.8;
            let shape = petal(self.inner, length, half, self.tip, bend);
            let tone = tone * random.range(0.9, 1.06);
            let brush = Brush::Radial {
                from: palette.petal_inner.mix(palette.petal, 0.3).scale(tone),
                to: palette.petal.mix(palette.petal_outer, 0.7).scale(tone),
                inner: self.inner,
                outer: self.length,
            };
            canvas.fill(&shape, brush, 1.0, own);
            canvas.stroke(&shape, palette.petal_inner.scale(0.4 * tone), 0.4, 0.018, own);
            if self.tip != Tip::Square {
                let rib = bow((self.inner, 0.0), (length * 0.5, bend * 0.4), (length * 0.85, bend * 0.8));
                canvas.stroke(&rib, palette.petal_inner.scale(0.6 * tone), 0.35, 0.018, own);
            }
        }
    }
}

/// A petal along the x axis from `inner` to `length`, its tip moved sideways by `bend`.
fn petal(inner: f32, length: f32, half: f32, tip: Tip, bend: f32) -> Option<Path> {
    let span = length - inner;
    let at = |share: f32, side: f32| (inner + span * share, side * half + bend * share * share);
    match tip {
        Tip::Round => closed(
            at(0.0, 0.0),
            &[
                [at(0.15, -0.5), at(0.45, -1.1), at(0.75, -1.0)],
                [at(0.93, -0.9), at(1.0, -0.5), at(1.0, 0.0)],
                [at(1.0, 0.5), at(0.93, 0.9), at(0.75, 1.0)],
                [at(0.45, 1.1), at(0.15, 0.5), at(0.0, 0.0)],
            ],
        ),
        Tip::Pointed => closed(
            at(0.0, 0.0),
            &[
                [at(0.05, -0.7), at(0.25, -1.1), at(0.45, -1.0)],
                [at(0.7, -0.8), at(0.85, -0.25), at(1.0, 0.0)],
                [at(0.85, 0.25), at(0.7, 0.8), at(0.45, 1.0)],
                [at(0.25, 1.1), at(0.05, 0.7), at(0.0, 0.0)],
            ],
        ),
        Tip::Square => closed(
            at(0.0, -0.4),
            &[
                [at(0.3, -0.9), at(0.7, -1.0), at(0.97, -0.95)],
                [at(1.0, -0.7), at(0.95, -0.3), at(1.0, 0.0)],
                [at(0.95, 0.3), at(1.0, 0.7), at(0.97, 0.95)],
                [at(0.7, 1.0), at(0.3, 0.9), at(0.0, 0.4)],
            ],
        ),
    }
}
