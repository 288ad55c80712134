//! The five kinds. Each is drawn around the origin with a radius of about one (tulips are seen from the side, the stem
//! at the bottom), in any colors: what tells the kinds apart is how the flower is built.

use std::f32::consts::{PI, TAU};

use tiny_skia::{Path, Transform};

use super::canvas::{Brush, Canvas, Rgb, blob, bow, circle, closed};
use super::palette::Palette;
use super::petals::{Ring, Tip};
use crate::base::random::Stream;

/// Draws a flower of `class` (a position in `CLASSES`) where `place` puts the unit circle.
pub fn paint(class: usize, canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    match class {
        0 => daisy(canvas, palette, place, random),
        1 if random.uniform() < 0.2 => clock(canvas, palette, place, random),
        1 => dandelion(canvas, palette, place, random),
        2 => rose(canvas, palette, place, random),
        3 => sunflower(canvas, palette, place, random),
        _ => tulip(canvas, palette, place, random),
    }
}

/// One ring of narrow petals with gaps between, rounded at the tip, around a small smooth disc.
fn daisy(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let disc = random.range(0.2, 0.31);
    let ring = Ring {
        petals: 10 + random.below(11),
        length: 1.0,
        cover: random.range(0.6, 0.95),
        tip: Tip::Round,
        start: random.range(0.0, TAU),
        inner: disc * 0.5,
        disorder: random.range(0.02, 0.1),
    };
    ring.paint(canvas, palette, 1.0, place, random);
    shade(canvas, disc, place);
    let (light, dark) = (palette.center.mix(Rgb::WHITE, 0.2), palette.center.scale(0.65));
    canvas.fill(
        &circle(0.0, 0.0, disc),
        Brush::Radial { from: light, to: dark, inner: disc * 0.2, outer: disc },
        1.0,
        place,
    );
    seeds(canvas, disc * 0.92, 40, palette.center, 0.35, place, random);
}

/// Two or three rings of pointed petals around a disc half as wide as the flower, set with seeds in spirals.
fn sunflower(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let disc = random.range(0.42, 0.56);
    let petals = 14 + random.below(10);
    let start = random.range(0.0, TAU);
    let cover = random.range(1.1, 1.5);
    let disorder = random.range(0.04, 0.12);
    for (layer, dark) in [(0.0, 0.8), (0.5, 1.0)] {
        let ring = Ring {
            petals,
            length: if layer == 0.0 { 1.0 } else { 0.95 },
            cover,
            tip: Tip::Pointed,
            start: start + layer * TAU / petals as f32,
            inner: disc * 0.8,
            disorder,
        };
        ring.paint(canvas, palette, dark, place, random);
    }
    shade(canvas, disc, place);
    let (rim, heart) = (palette.center.scale(0.85), palette.center.scale(0.5));
    canvas.fill(
        &circle(0.0, 0.0, disc),
        Brush::Radial { from: heart, to: rim, inner: disc * 0.25, outer: disc },
        1.0,
        place,
    );
    seeds(canvas, disc * 0.96, 130, palette.center.mix(Rgb::WHITE, 0.12), 0.75, place, random);
}

/// A dense head of many thin straps in layers that get shorter towards the middle; no disc.
fn dandelion(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let layers = 5 + random.below(2);
    let per_layer = 36 + random.below(14);
    for layer in 0..layers {
        let depth = layer as f32 / layers as f32;
        let ring = Ring {
            petals: (per_layer as f32 * (1.0 - 0.45 * depth)) as usize,
            length: 1.0 - 0.78 * depth,
            cover: random.range(0.7, 1.0),
            tip: Tip::Square,
            start: random.range(0.0, TAU),
            inner: 0.0,
            disorder: 0.16,
        };
        ring.paint(canvas, palette, 0.72 + 0.36 * depth, place, random);
    }
    for _ in 0..14 {
        // The youngest straps, still curled, stand up in the middle.
        let (angle, reach) = (random.range(0.0, TAU), random.range(0.02, 0.2));
        let tip = (reach * angle.cos(), reach * angle.sin());
        canvas.stroke(&bow((0.0, 0.0), (tip.1 * 0.6, -tip.0 * 0.6), tip), palette.petal.scale(1.05), 0.9, 0.035, place);
        canvas.fill(&circle(tip.0, tip.1, 0.022), Brush::Flat(palette.petal_inner.scale(0.8)), 0.7, place);
    }
}

/// The dandelion's seed head: a ball of spokes, each with a small star at its end.
fn clock(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let down = palette.petal_outer.mix(Rgb::WHITE, random.range(0.35, 0.8));
    let heart = palette.green.mix(palette.center, 0.4).scale(0.8);
    canvas.fill(
        &circle(0.0, 0.0, 0.96),
        Brush::Radial { from: down, to: down.scale(0.9), inner: 0.1, outer: 1.0 },
        0.22,
        place,
    );
    let missing = random.range(0.0, TAU);
    let gap = if random.uniform() < 0.3 { random.range(0.3, 0.8) } else { 0.0 };
    for k in 0..80 {
        // Golden-angle spiral over the ball's front half, seen from the front.
        let reach = ((k as f32 + 0.5) / 80.0).sqrt() * 0.97;
        let angle = k as f32 * 2.399_963 + random.range(-0.08, 0.08);
        if ((angle - missing + PI).rem_euclid(TAU) - PI).abs() < gap {
            continue;
        }
        let tip = (reach * angle.cos(), reach * angle.sin());
        canvas.stroke(
            &bow((tip.0 * 0.2, tip.1 * 0.2), (tip.0 * 0.6, tip.1 * 0.6), tip),
            down.scale(0.85),
            0.5,
            0.012,
            place,
        );
        for ray in 0..6 {
            let turn = angle + ray as f32 * TAU / 6.0;
            let end = (tip.0 + 0.13 * turn.cos(), tip.1 + 0.13 * turn.sin());
            canvas.stroke(&bow(tip, tip, end), down, 0.55, 0.012, place);
        }
        canvas.fill(&circle(tip.0, tip.1, 0.018), Brush::Flat(down.scale(0.6)), 0.7, place);
    }
    canvas.fill(
        &circle(0.0, 0.0, 0.15),
        Brush::Radial { from: heart.scale(1.2), to: heart.scale(0.7), inner: 0.0, outer: 0.15 },
        1.0,
        place,
    );
}

/// Broad overlapping petals, ring within ring, closing into a spiral.
fn rose(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let rings = 4 + random.below(2);
    let mut turn = random.range(0.0, TAU);
    let edge = if random.uniform() < 0.7 { palette.petal.mix(Rgb::WHITE, 0.4) } else { palette.petal_outer.scale(0.7) };
    for ring in 0..rings {
        let depth = ring as f32 / rings as f32;
        let reach = 1.0 - 0.8 * depth;
        let petals = if ring + 1 == rings { 3 } else { 5 };
        turn += TAU / petals as f32 * 0.5 + random.range(-0.2, 0.2);
        for k in 0..petals {
            let angle = turn + k as f32 / petals as f32 * TAU + random.range(-0.1, 0.1);
            let own = place.pre_rotate(angle.to_degrees());
            let size = reach * random.range(0.92, 1.06);
            let (width, far, near) = (0.72 * size, size, 0.1 * size);
            let dent = far - random.range(0.0, 0.09) * size;
            let shape = closed(
                (near, 0.0),
                &[
                    [(near, -width * 0.7), (far * 0.55, -width * 1.15), (far * 0.86, -width * 0.55)],
                    [(far * 1.0, -width * 0.3), (far * 1.02, -width * 0.12), (dent, 0.0)],
                    [(far * 1.02, width * 0.12), (far * 1.0, width * 0.3), (far * 0.86, width * 0.55)],
                    [(far * 0.55, width * 1.15), (near, width * 0.7), (near, 0.0)],
                ],
            );
            let (deep, rim) =
                (palette.petal_inner.scale(0.5 + 0.1 * depth), palette.petal.mix(palette.petal_outer, 0.5));
            let rim = rim.scale(random.range(0.9, 1.08));
            canvas.stroke(&shape, palette.petal.scale(0.3), 0.35, 0.05 * size, own);
            canvas.fill(
                &shape,
                Brush::Radial { from: deep, to: rim, inner: 0.35 * size, outer: 0.98 * size },
                1.0,
                own,
            );
            canvas.stroke(&shape, edge, 0.55, 0.02, own);
        }
    }
    let (heart, direction) = (palette.petal_inner.scale(0.55), if random.uniform() < 0.5 { 1.0 } else { -1.0 });
    canvas.fill(&circle(0.0, 0.0, 0.17), Brush::Flat(heart), 0.9, place);
    let mut last = (0.0, 0.0);
    for k in 1..14 {
        let (angle, reach) = (turn + direction * k as f32 * 0.75, 0.016 * k as f32);
        let next = (reach * angle.cos(), reach * angle.sin());
        canvas.stroke(&bow(last, ((last.0 + next.0) * 0.55, (last.1 + next.1) * 0.55), next), edge, 0.75, 0.028, place);
        last = next;
    }
}

/// A cup seen from the side: three broad petals before, the tips of two behind.
fn tulip(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let open = random.range(-0.12, 0.28);
    let sharp = random.range(0.1, 0.32);
    let (from, to) = (palette.petal_inner.mix(palette.petal, 0.4), palette.petal_outer);
    let brush =
        |dark: f32| Brush::Linear { from: from.scale(dark), to: to.scale(dark), start: (0.0, 1.0), end: (0.0, -1.0) };
    for side in [-1.0, 1.0] {
        let back = petal_of_cup(side * (0.25 + open * 0.5), -0.92, 0.36, sharp);
        canvas.fill(&back, brush(0.62), 1.0, place);
        canvas.stroke(&back, palette.petal.scale(0.35), 0.4, 0.03, place);
    }
    let order = if random.uniform() < 0.5 { [-1.0, 1.0] } else { [1.0, -1.0] };
    for side in order {
        let tip = side * (0.5 + open);
        let outer = closed(
            (0.0, 1.0),
            &[
                [(side * 0.62, 0.98), (side * (0.98 + open * 0.3), 0.1), (tip + side * sharp * 0.3, -0.62)],
                [(tip, -0.8), (tip, -0.85), (tip, -0.98)],
                [(tip - side * 0.3, -0.7), (-side * 0.1, 0.0), (0.0, 1.0)],
            ],
        );
        canvas.fill(&outer, brush(random.range(0.8, 0.95)), 1.0, place);
        canvas.stroke(&outer, palette.petal.scale(0.35), 0.35, 0.03, place);
    }
    let lean = random.range(-0.12, 0.12);
    let front = petal_of_cup(lean, random.range(-0.85, -0.6), 0.5, sharp);
    canvas.fill(&front, brush(1.0), 1.0, place);
    canvas.stroke(&front, palette.petal.scale(0.35), 0.4, 0.03, place);
    for k in -2..=2 {
        let x = k as f32 * 0.13;
        canvas.stroke(
            &bow((x * 0.4, 0.9), (x * 1.3, 0.2), (lean + x * 0.6, -0.45)),
            palette.petal_inner.scale(0.7),
            0.3,
            0.02,
            place,
        );
    }
}

/// A petal standing on the cup's bottom (0, 1), its tip at (`x`, `y`).
fn petal_of_cup(x: f32, y: f32, half_width: f32, sharp: f32) -> Option<Path> {
    let shoulder = y + 0.3 + sharp;
    closed(
        (0.0, 1.0),
        &[
            [(-half_width * 0.9, 0.95), (x * 0.5 - half_width * 1.3, 0.2), (x - half_width * 0.75, shoulder)],
            [(x - half_width * 0.45, shoulder - 0.22), (x - half_width * 0.1, y + 0.1), (x, y)],
            [
                (x + half_width * 0.1, y + 0.1),
                (x + half_width * 0.45, shoulder - 0.22),
                (x + half_width * 0.75, shoulder),
            ],
            [(x * 0.5 + half_width * 1.3, 0.2), (half_width * 0.9, 0.95), (0.0, 1.0)],
        ],
    )
}

/// The shadow that a disc of this radius throws on the petals around it.
fn shade(canvas: &mut Canvas, disc: f32, place: Transform) {
    for (radius, alpha) in [(1.18, 0.15), (1.08, 0.25)] {
        canvas.fill(&circle(0.02, 0.03, disc * radius), Brush::Flat(Rgb::BLACK), alpha, place);
    }
}

/// Dots in the two families of spirals that seeds grow in.
fn seeds(canvas: &mut Canvas, disc: f32, count: usize, color: Rgb, alpha: f32, place: Transform, random: &mut Stream) {
    let start = random.range(0.0, TAU);
    let size = disc * 0.62 / (count as f32).sqrt();
    for k in 0..count {
        let reach = disc * ((k as f32 + 0.5) / count as f32).sqrt();
        let angle = start + k as f32 * 2.399_963;
        let dot = circle(reach * angle.cos(), reach * angle.sin(), size);
        canvas.fill(&dot, Brush::Flat(color.scale(random.range(0.75, 1.35))), alpha, place);
    }
}

/// A leafy frill that shows between petals: sepals, seen from above.
pub fn sepals(canvas: &mut Canvas, palette: &Palette, place: Transform, random: &mut Stream) {
    let n = 10 + 2 * random.below(3);
    let radii: Vec<f32> = (0..n).map(|k| if k % 2 == 0 { random.range(0.75, 1.05) } else { 0.45 }).collect();
    canvas.fill(&blob(&radii), Brush::Flat(palette.green.scale(0.8)), 1.0, place);
}
