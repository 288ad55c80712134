//! What the camera does to the scene: light from one side, exposure, white balance, contrast, blur and noise.

use super::canvas::Canvas;
use crate::base::random::Stream;

/// Turns the painted canvas into the photo.
pub fn photograph(canvas: Canvas, random: &mut Stream) -> image::RgbImage {
    let (width, height) = canvas.size();
    let mut pixels = canvas.into_rgb();
    light(&mut pixels, width, height, random);
    // Photos are looked at and trained on at any size, so the blur is a share of the picture.
    let blur = if random.uniform() < 0.5 { 0.0 } else { random.range(0.0, 0.007) * width as f32 };
    if blur > 0.3 {
        soften(&mut pixels, width as usize, height as usize, blur);
    }
    let noise = if random.uniform() < 0.3 { random.range(0.0, 0.035) } else { random.range(0.0, 0.015) };
    let mut bytes = Vec::with_capacity(pixels.len() * 3);
    for pixel in &pixels {
        let grain = bell(random) * noise;
        for value in pixel {
            let value = value + grain * 0.7 + bell(random) * noise * 0.6;
            bytes.push((value * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
        }
    }
    // One RGB triple was pushed for every pixel, so the length always fits.
    image::RgbImage::from_raw(width, height, bytes).unwrap_or_else(|| image::RgbImage::new(width, height))
}

/// Exposure, white balance, contrast, a slope of light across the picture, and darker corners.
fn light(pixels: &mut [[f32; 3]], width: u32, height: u32, random: &mut Stream) {
    let exposure = random.range(0.8, 1.25);
    let warmth = random.range(-0.12, 0.12);
    let gains = [exposure * (1.0 + warmth), exposure, exposure * (1.0 - warmth)];
    let contrast = random.range(0.8, 1.2);
    let angle = random.range(0.0, std::f32::consts::TAU);
    let slope = random.range(0.0, 0.45);
    let (slope_x, slope_y) = (slope * angle.cos(), slope * angle.sin());
    let corners = random.range(0.0, 0.4);
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let x = (index as u32 % width) as f32 / width as f32 - 0.5;
        let y = (index as u32 / width) as f32 / height as f32 - 0.5;
        let here = (1.0 + slope_x * x + slope_y * y) * (1.0 - corners * (x * x + y * y));
        for (value, gain) in pixel.iter_mut().zip(gains) {
            *value = ((*value * gain * here - 0.5) * contrast + 0.5).clamp(0.0, 1.0);
        }
    }
}

/// A Gaussian blur of `sigma` pixels, rows then columns, the edge repeated.
fn soften(pixels: &mut [[f32; 3]], width: usize, height: usize, sigma: f32) {
    let reach = (sigma * 2.5).ceil() as usize;
    let mut weights: Vec<f32> = (0..=2 * reach)
        .map(|k| {
            let distance = k as f32 - reach as f32;
            (-distance * distance / (2.0 * sigma * sigma)).exp()
        })
        .collect();
    let total: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
    let mut line = Vec::new();
    for y in 0..height {
        soften_line(pixels, &mut line, &weights, y * width, 1, width);
    }
    for x in 0..width {
        soften_line(pixels, &mut line, &weights, x, width, height);
    }
}

fn soften_line(
    pixels: &mut [[f32; 3]],
    line: &mut Vec<[f32; 3]>,
    weights: &[f32],
    start: usize,
    step: usize,
    count: usize,
) {
    line.clear();
    line.extend((0..count).map(|k| pixels[start + k * step]));
    let reach = weights.len() / 2;
    for k in 0..count {
        let mut sum = [0.0f32; 3];
        for (w, weight) in weights.iter().enumerate() {
            let from = line[(k + w).saturating_sub(reach).min(count - 1)];
            for c in 0..3 {
                sum[c] += weight * from[c];
            }
        }
        pixels[start + k * step] = sum;
    }
}

/// A bell-shaped number around 0 with a spread of one: four uniform ones of 16 bits, summed.
fn bell(random: &mut Stream) -> f32 {
    let bits = random.next_u64();
    let sum: u32 = (0..4).map(|k| (bits >> (16 * k)) as u32 & 0xffff).sum();
    (sum as f32 / 65535.0 - 2.0) * 3f32.sqrt()
}
