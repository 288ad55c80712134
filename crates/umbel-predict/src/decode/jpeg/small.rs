//! JPEGs so small that the edges of their colors are much of the picture: what `zune-jpeg` takes there for colors is the filling up
//! of blocks, and in pictures up to four pixels wide, libjpeg smooths no colors, as all others do.

use super::markers::Frame;

/// Pictures whose shorter side has no more pixels are small: a block of halved colors.
const SMALL: u16 = 16;
/// Where there are no more columns of colors, libjpeg repeats each, and each row, instead of smoothing them.
const FEW_COLUMNS: u16 = 2;

/// Whether this is a small picture with colors of half as many pixels as there are of brightness, across, down or both.
pub(super) fn is_one(frame: &Frame) -> bool {
    let [brightness, colors @ ..] = &frame.components[..] else { return false };
    let halved = matches!((brightness.across, brightness.down), (2, 1) | (1, 2) | (2, 2));
    let whole = colors.iter().all(|component| (component.across, component.down) == (1, 1));
    frame.width.min(frame.height) <= SMALL && colors.len() == 2 && halved && whole
}

/// Whether libjpeg does not smooth the colors of such a picture.
pub(super) fn is_unsmoothed(frame: &Frame) -> bool {
    is_one(frame) && frame.components[0].across == 2 && frame.width <= 2 * FEW_COLUMNS
}

/// Makes RGB of the brightness and colors (YCbCr) of such a picture, where the decoder has smoothed the colors: each again for all
/// its pixels. What smoothing has rounded off is lost, a level or so.
pub(super) fn unsmoothed(pixels: &mut [u8], frame: &Frame) {
    let (width, down) = (usize::from(frame.width), usize::from(frame.components[0].down));
    // Of two columns, both channels.
    let mut colors = [[0; 2]; 2];
    for (y, row) in pixels.chunks_exact_mut(3 * width).enumerate() {
        if y % down == 0 {
            for channel in 0..2 {
                let at = |x: usize| i32::from(row[3 * x + 1 + channel]);
                // What lies at an edge has no neighbor, and was not smoothed.
                let first = at(0);
                let last = match width {
                    4 => at(3),
                    3 => nearer(at(2), first),
                    _ => first,
                };
                for (color, smoothed) in colors.iter_mut().zip([first, last]) {
                    let is_edge = y == 0 || down == 1;
                    color[channel] = if is_edge { smoothed } else { nearer(smoothed, color[channel]) };
                }
            }
        }
        for (pixel, x) in row.as_chunks_mut::<3>().0.iter_mut().zip(0..) {
            *pixel = rgb(pixel[0].into(), colors[x / 2]);
        }
    }
}

/// Of two neighbors the one that makes three fourths of `smoothed`, where the other is `other`. Errors of that shrink to a third.
fn nearer(smoothed: i32, other: i32) -> i32 {
    (8 * smoothed - 2 * other + 3).div_euclid(6).clamp(0, 255)
}

/// As libjpeg has it: JFIF's factors in 65536ths.
fn rgb(brightness: i32, [blue, red]: [i32; 2]) -> [u8; 3] {
    let (blue, red) = (blue - 128, red - 128);
    let rounded = |sum: i32| (sum + (1 << 15)) >> 16;
    let levels = [rounded(91_881 * red), rounded(-22_554 * blue - 46_802 * red), rounded(116_130 * blue)];
    levels.map(|level| (brightness + level).clamp(0, 255) as u8)
}
