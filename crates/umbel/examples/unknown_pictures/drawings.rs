//! Pictures of anything but flowers; the same number gives the same picture.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};
use image::{Rgb, RgbImage};
use umbel::base::random::{Purpose, Stream};

const SEED: u64 = 20_260_102;
const SIZE: u32 = 224;
const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// What is drawn.
#[derive(Clone, Copy)]
pub enum Drawn {
    Dice,
    Text,
    Noise,
    Gradients,
    Leaves,
}

impl Drawn {
    pub const ALL: [Drawn; 5] = [Drawn::Dice, Drawn::Text, Drawn::Noise, Drawn::Gradients, Drawn::Leaves];

    pub fn name(self) -> &'static str {
        match self {
            Drawn::Dice => "dice",
            Drawn::Text => "text",
            Drawn::Noise => "noise",
            Drawn::Gradients => "gradients",
            Drawn::Leaves => "leaves",
        }
    }

    pub fn draw(self, number: u64) -> RgbImage {
        let mut random = Stream::new(SEED, Purpose::Demo, 100 + self as u64, number);
        match self {
            Drawn::Dice => dice(&mut random),
            Drawn::Text => text(&mut random),
            Drawn::Noise => noise(&mut random),
            Drawn::Gradients => gradient(&mut random),
            Drawn::Leaves => umbel::demo::draw_leaves(SEED, number, SIZE),
        }
    }
}

fn color(random: &mut Stream) -> [f32; 3] {
    std::array::from_fn(|_| random.range(0.0, 255.0))
}

fn mix(a: [f32; 3], b: [f32; 3], share: f32) -> Rgb<u8> {
    Rgb(std::array::from_fn(|c| (a[c] + (b[c] - a[c]) * share).round() as u8))
}

/// One face of a die, of any color on any ground, turned.
fn dice(random: &mut Stream) -> RgbImage {
    let (ground, face, pip) = (color(random), color(random), color(random));
    let (angle, half) = (random.range(0.0, 1.57), random.range(55.0, 95.0));
    let (sin, cos) = angle.sin_cos();
    let value = 1 + random.below(6);
    let middle = SIZE as f32 / 2.0;
    let at = |k: usize| {
        let places: &[(f32, f32)] = match value {
            1 => &[(0.0, 0.0)],
            2 => &[(-1.0, -1.0), (1.0, 1.0)],
            3 => &[(-1.0, -1.0), (0.0, 0.0), (1.0, 1.0)],
            4 => &[(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)],
            5 => &[(-1.0, -1.0), (-1.0, 1.0), (0.0, 0.0), (1.0, -1.0), (1.0, 1.0)],
            _ => &[(-1.0, -1.0), (-1.0, 0.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 0.0), (1.0, 1.0)],
        };
        places.get(k).copied()
    };
    RgbImage::from_fn(SIZE, SIZE, |x, y| {
        let (x, y) = (x as f32 - middle, y as f32 - middle);
        let (u, v) = ((x * cos + y * sin) / half, (y * cos - x * sin) / half);
        if u.abs().max(v.abs()) > 1.0 {
            return mix(ground, ground, 0.0);
        }
        let on_pip = (0..6).filter_map(at).any(|(a, b)| (u - a * 0.55).hypot(v - b * 0.55) < 0.17);
        mix(if on_pip { pip } else { face }, face, 0.0)
    })
}

/// Lines of letters, dark on light or light on dark.
fn text(random: &mut Stream) -> RgbImage {
    let (paper, ink) = (color(random), color(random));
    let mut coverage = vec![0.0f32; (SIZE * SIZE) as usize];
    let font = FontRef::try_from_slice(FONT).expect("the font that ships with umbel");
    let scale = PxScale::from(random.range(14.0, 60.0));
    let scaled = font.as_scaled(scale);
    let mut base = scale.y;
    while base < SIZE as f32 + scale.y {
        let mut x = random.range(-20.0, 10.0);
        while x < SIZE as f32 {
            let letter = char::from(b'A' + random.below(58) as u8);
            let id = scaled.glyph_id(letter);
            if letter.is_alphabetic()
                && let Some(outline) = font.outline_glyph(id.with_scale_and_position(scale, ab_glyph::point(x, base)))
            {
                let bounds = outline.px_bounds();
                outline.draw(|px, py, share| {
                    let (px, py) = (bounds.min.x + px as f32, bounds.min.y + py as f32);
                    if (0.0..SIZE as f32).contains(&px) && (0.0..SIZE as f32).contains(&py) {
                        coverage[(py as u32 * SIZE + px as u32) as usize] = share.min(1.0);
                    }
                });
            }
            x += scaled.h_advance(id);
        }
        base += scale.y * 1.1;
    }
    RgbImage::from_fn(SIZE, SIZE, |x, y| mix(paper, ink, coverage[(y * SIZE + x) as usize]))
}

/// Colored noise, from single pixels to coarse blocks.
fn noise(random: &mut Stream) -> RgbImage {
    let block = [1, 2, 4, 8, 16][random.below(5)];
    let side = SIZE / block;
    let colors: Vec<[f32; 3]> = (0..(side + 1) * (side + 1)).map(|_| color(random)).collect();
    RgbImage::from_fn(SIZE, SIZE, |x, y| {
        let color = colors[(y / block * (side + 1) + x / block) as usize];
        mix(color, color, 0.0)
    })
}

/// From one color to another, straight or around a point.
fn gradient(random: &mut Stream) -> RgbImage {
    let (from, to) = (color(random), color(random));
    let (sin, cos) = random.range(0.0, std::f32::consts::TAU).sin_cos();
    let center = (random.range(0.0, 224.0), random.range(0.0, 224.0));
    let round = random.below(2) == 0;
    RgbImage::from_fn(SIZE, SIZE, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let share = match round {
            true => (x - center.0).hypot(y - center.1) / 224.0,
            false => 0.5 + ((x - 112.0) * cos + (y - 112.0) * sin) / 224.0,
        };
        mix(from, to, share.clamp(0.0, 1.0))
    })
}
