//! What stands behind and in front of a flower: meadow, sky, wall, soil or studio, far lights and leaves out of focus,
//! sharp leaves and blades. None of it depends on the class.

use tiny_skia::Transform;

use super::canvas::{Brush, Canvas, Rgb, bow, circle, closed};
use super::palette;
use crate::base::random::Stream;

/// How many times smaller than the picture the background is painted; enlarging it puts it out of focus.
const OUT_OF_FOCUS: u32 = 4;

/// Paints a background that sets off a flower of color `petal` over the whole canvas, whose sides are one unit long.
pub fn paint(canvas: &mut Canvas, petal: Rgb, random: &mut Stream) {
    let (width, height) = canvas.size();
    let (top, bottom) = palette::set_off(petal, random, tones, |(top, bottom)| top.mix(*bottom, 0.5));
    let Some(mut far) = Canvas::new(width.div_ceil(OUT_OF_FOCUS), height.div_ceil(OUT_OF_FOCUS), top) else { return };
    let unit = Transform::from_scale(far.size().0 as f32, far.size().1 as f32);
    let tilt = random.range(-0.4, 0.4);
    let whole = closed((-0.1, -0.1), &[line((1.1, -0.1)), line((1.1, 1.1)), line((-0.1, 1.1))]);
    far.fill(
        &whole,
        Brush::Linear { from: top, to: bottom, start: (0.5 - tilt, 0.0), end: (0.5 + tilt, 1.0) },
        1.0,
        unit,
    );
    for _ in 0..random.below(4) {
        lights(&mut far, top.mix(bottom, 0.5), random, unit);
    }
    for _ in 0..random.below(8) {
        let color = if random.uniform() < 0.85 { palette::green(random) } else { palette::any(random) };
        let at = (random.range(-0.1, 1.1), random.range(-0.1, 1.1));
        let size = random.range(0.15, 0.5);
        leaf(&mut far, at, random.range(0.0, 360.0), size, color, random.range(0.3, 0.9), unit);
    }
    let full = Transform::from_scale(width as f32, height as f32);
    canvas.fill(
        &whole,
        Brush::Linear { from: top, to: bottom, start: (0.5 - tilt, 0.0), end: (0.5 + tilt, 1.0) },
        1.0,
        full,
    );
    canvas.enlarge_from(&far);
    foliage(canvas, random, full);
}

/// Something between the lens and the flower: a blade of grass, a leaf's edge, a twig. It covers a part and not the whole.
pub fn occlude(canvas: &mut Canvas, random: &mut Stream) {
    let full = Transform::from_scale(canvas.size().0 as f32, canvas.size().1 as f32);
    for _ in 0..1 + random.below(2) {
        let color = if random.uniform() < 0.8 { palette::green(random) } else { palette::any(random) };
        match random.below(3) {
            0 => {
                let side = if random.uniform() < 0.5 { -0.05 } else { 1.05 };
                let at = (side, random.range(0.1, 1.0));
                let towards = if side < 0.5 { 0.0 } else { 180.0 };
                leaf(canvas, at, towards + random.range(-40.0, 40.0), random.range(0.35, 0.6), color, 0.95, full);
            }
            1 => {
                let x = random.range(0.1, 0.9);
                let end = (x + random.range(-0.35, 0.35), random.range(-0.1, 0.5));
                let blade = bow((x, 1.1), (x + random.range(-0.15, 0.15), 0.6), end);
                canvas.stroke(&blade, color, 0.95, random.range(0.015, 0.04), full);
            }
            _ => {
                let (ya, yb) = (random.range(0.0, 1.0), random.range(0.0, 1.0));
                let twig = bow((-0.1, ya), (0.5, (ya + yb) / 2.0 + random.range(-0.2, 0.2)), (1.1, yb));
                canvas.stroke(&twig, color.scale(0.7), 0.95, random.range(0.01, 0.03), full);
            }
        }
    }
}

/// A pointed leaf with its midrib, growing from `at` in the direction `degrees`.
pub fn leaf(
    canvas: &mut Canvas,
    at: (f32, f32),
    degrees: f32,
    length: f32,
    color: Rgb,
    alpha: f32,
    transform: Transform,
) {
    let own = transform.pre_translate(at.0, at.1).pre_rotate(degrees).pre_scale(length, length);
    let (belly, tip) = (0.24, (1.0, 0.06));
    let shape = closed((0.0, 0.0), &[[(0.25, -belly), (0.65, -belly), tip], [(0.7, belly), (0.25, belly), (0.0, 0.0)]]);
    let brush = Brush::Linear { from: color.scale(0.8), to: color.scale(1.15), start: (0.0, 0.2), end: (0.3, -0.2) };
    canvas.fill(&shape, brush, alpha, own);
    canvas.stroke(&bow((0.0, 0.0), (0.5, -0.02), tip), color.mix(Rgb::WHITE, 0.3), alpha * 0.6, 0.025, own);
}

/// Two tones, from the top to the bottom of the background.
fn tones(random: &mut Stream) -> (Rgb, Rgb) {
    match random.below(6) {
        0 | 1 => {
            let tone = palette::green(random);
            (tone.scale(random.range(0.7, 1.5)), palette::green(random).scale(random.range(0.6, 1.3)))
        }
        2 => (
            Rgb::hsv(random.range(0.53, 0.62), random.range(0.25, 0.6), random.range(0.75, 1.0)),
            Rgb::hsv(random.range(0.5, 0.6), random.range(0.05, 0.25), random.range(0.85, 1.0)),
        ),
        3 => {
            let soil = Rgb::hsv(random.range(0.04, 0.11), random.range(0.2, 0.55), random.range(0.25, 0.75));
            (soil, soil.scale(random.range(0.5, 1.3)))
        }
        4 => {
            let dark = palette::any(random).scale(0.3);
            (dark, dark.scale(random.range(0.3, 1.5)))
        }
        _ => (palette::any(random), palette::any(random)),
    }
}

/// Discs of light, as a lens makes them of far bright points.
fn lights(canvas: &mut Canvas, around: Rgb, random: &mut Stream, unit: Transform) {
    let color = around.mix(palette::any(random), 0.6).mix(Rgb::WHITE, random.range(0.0, 0.5));
    for _ in 0..4 + random.below(8) {
        let disc = circle(random.uniform(), random.uniform(), random.range(0.03, 0.13));
        canvas.fill(&disc, Brush::Flat(color), random.range(0.1, 0.45), unit);
    }
}

/// Leaves and blades at the flower's own distance, behind it.
fn foliage(canvas: &mut Canvas, random: &mut Stream, full: Transform) {
    let color = palette::green(random);
    if random.uniform() < 0.35 {
        for _ in 0..3 + random.below(14) {
            let x = random.range(-0.1, 1.1);
            let tip = (x + random.range(-0.3, 0.3), random.range(0.2, 0.95));
            let blade = bow((x, 1.1), (x + random.range(-0.1, 0.1), 0.9), tip);
            canvas.stroke(&blade, color.scale(random.range(0.6, 1.3)), 0.9, random.range(0.006, 0.02), full);
        }
    }
    if random.uniform() < 0.35 {
        for _ in 0..1 + random.below(5) {
            let at = (random.range(0.0, 1.0), random.range(0.2, 1.1));
            let tone = color.scale(random.range(0.7, 1.3));
            leaf(canvas, at, random.range(0.0, 360.0), random.range(0.2, 0.45), tone, 1.0, full);
        }
    }
}

/// A straight side, for [`closed`].
fn line(to: (f32, f32)) -> [(f32, f32); 3] {
    [to, to, to]
}
