//! Colors. Every kind of flower may have every color of petal and center: a kind only leans to its usual ones, so that
//! the drawings look like what they are, and color alone tells little.

use super::canvas::Rgb;
use crate::base::random::Stream;

/// The petals' colors in nature: hue, saturation and value, each from low to high.
const PETALS: [[(f32, f32); 3]; 9] = [WHITE, CREAM, YELLOW, ORANGE, RED, ROSE, MAGENTA, VIOLET, BLUE];
const WHITE: [(f32, f32); 3] = [(0.0, 1.0), (0.0, 0.06), (0.93, 1.0)];
const CREAM: [(f32, f32); 3] = [(0.1, 0.14), (0.15, 0.35), (0.93, 1.0)];
const YELLOW: [(f32, f32); 3] = [(0.125, 0.155), (0.75, 0.98), (0.9, 1.0)];
const ORANGE: [(f32, f32); 3] = [(0.05, 0.11), (0.75, 0.95), (0.88, 1.0)];
const RED: [(f32, f32); 3] = [(-0.03, 0.025), (0.75, 0.95), (0.65, 0.92)];
const ROSE: [(f32, f32); 3] = [(0.9, 0.98), (0.25, 0.55), (0.9, 1.0)];
const MAGENTA: [(f32, f32); 3] = [(0.85, 0.92), (0.55, 0.85), (0.7, 0.92)];
const VIOLET: [(f32, f32); 3] = [(0.72, 0.82), (0.4, 0.7), (0.55, 0.85)];
const BLUE: [(f32, f32); 3] = [(0.6, 0.7), (0.3, 0.65), (0.65, 0.92)];

/// The usual petal colors of each class, as positions in [`PETALS`].
const USUAL_PETALS: [&[usize]; 5] = [&[0, 0, 5], &[2, 2, 3], &[4, 5, 6], &[2, 3], &[4, 2, 5, 7]];
/// How often a flower has one of its usual colors rather than any.
const USUAL: f32 = 0.65;

/// Centers: yellow, orange, brown, near black, green.
const CENTERS: [[(f32, f32); 3]; 5] = [
    [(0.12, 0.15), (0.8, 0.95), (0.85, 0.98)],
    [(0.07, 0.1), (0.8, 0.95), (0.75, 0.92)],
    [(0.04, 0.08), (0.55, 0.8), (0.3, 0.48)],
    [(0.0, 0.08), (0.3, 0.6), (0.12, 0.24)],
    [(0.18, 0.26), (0.5, 0.75), (0.5, 0.7)],
];

/// How far apart two colors must lie (of 1.73 between black and white) to be told apart easily.
const FAR_APART: f32 = 0.5;

/// The colors of one flower.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// The petals' own color, about their middle.
    pub petal: Rgb,
    /// Towards the flower's center.
    pub petal_inner: Rgb,
    /// Towards the petals' tips.
    pub petal_outer: Rgb,
    /// The disc in the middle, for flowers that have one.
    pub center: Rgb,
    /// Stem and leaves.
    pub green: Rgb,
}

impl Palette {
    /// Colors for a flower of `class` (a position in `CLASSES`).
    pub fn draw(class: usize, random: &mut Stream) -> Self {
        let petal = if random.uniform() < USUAL {
            let usual = USUAL_PETALS[class % USUAL_PETALS.len()];
            pick(&PETALS[usual[random.below(usual.len())]], random)
        } else {
            pick(&PETALS[random.below(PETALS.len())], random)
        };
        // Some petals are of one color, some have a second one at the base or at the tip.
        let second = pick(&PETALS[random.below(PETALS.len())], random);
        let (mut inner, mut outer) =
            (petal.scale(random.range(0.72, 0.95)), petal.mix(Rgb::WHITE, random.range(0.0, 0.25)));
        match random.below(6) {
            0 => inner = petal.mix(second, random.range(0.3, 0.8)),
            1 => outer = petal.mix(second, random.range(0.2, 0.6)),
            _ => {}
        }
        let center = set_off(petal, random, |random| pick(&CENTERS[random.below(CENTERS.len())], random), |c| *c);
        Palette { petal, petal_inner: inner, petal_outer: outer, center, green: green(random) }
    }
}

/// A leaf's green, from yellowish to bluish, from dark to light.
pub fn green(random: &mut Stream) -> Rgb {
    pick(&[(0.2, 0.38), (0.3, 0.7), (0.25, 0.65)], random)
}

/// Any color at all, for what stands behind flowers.
pub fn any(random: &mut Stream) -> Rgb {
    pick(&[(0.0, 1.0), (0.05, 0.75), (0.1, 0.95)], random)
}

/// Chooses something whose `color` stands out against `against`, as far as four tries give one.
pub fn set_off<T>(
    against: Rgb,
    random: &mut Stream,
    choose: impl Fn(&mut Stream) -> T,
    color: impl Fn(&T) -> Rgb,
) -> T {
    let mut chosen = choose(random);
    for _ in 0..3 {
        if color(&chosen).distance(against) >= FAR_APART {
            break;
        }
        chosen = choose(random);
    }
    chosen
}

fn pick(ranges: &[(f32, f32); 3], random: &mut Stream) -> Rgb {
    let [hue, saturation, value] = ranges.map(|(low, high)| random.range(low, high));
    Rgb::hsv(hue, saturation, value)
}
