//! The color layers, in place, on values from 0 to 255 (Keras' default `value_range`), clipped to it.

const CHANNELS: usize = 3;

/// Scales each value's distance from its channel's mean by `factor`.
pub fn contrast(photo: &mut [f32], factor: f32) {
    let n = (photo.len() / CHANNELS) as f64;
    let mut sums = [0.0f64; CHANNELS];
    // Summed in single precision over a stretch short enough to be exact to a thousandth, in double beyond it.
    for stretch in photo.chunks(CHANNELS * 64) {
        let mut part = [0.0f32; CHANNELS];
        for pixel in stretch.as_chunks::<CHANNELS>().0 {
            for channel in 0..CHANNELS {
                part[channel] += pixel[channel];
            }
        }
        for channel in 0..CHANNELS {
            sums[channel] += f64::from(part[channel]);
        }
    }
    let means = sums.map(|sum| (sum / n) as f32);
    for pixel in photo.as_chunks_mut::<CHANNELS>().0 {
        for channel in 0..CHANNELS {
            pixel[channel] = ((pixel[channel] - means[channel]) * factor + means[channel]).clamp(0.0, 255.0);
        }
    }
}

/// Adds `delta` to every value.
pub fn brightness(photo: &mut [f32], delta: f32) {
    for value in photo {
        *value = (*value + delta).clamp(0.0, 255.0);
    }
}

/// Multiplies every value by `factor`: 0 is black.
pub fn scale(photo: &mut [f32], factor: f32) {
    for value in photo {
        *value = (*value * factor).clamp(0.0, 255.0);
    }
}

/// Scales each pixel's distance from its own grey (ITU-R 601) by `factor`: 0 is grey, above 1 more colorful.
pub fn saturation(photo: &mut [f32], factor: f32) {
    for pixel in photo.as_chunks_mut::<CHANNELS>().0 {
        let grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
        pixel.iter_mut().for_each(|value| *value = (grey + (*value - grey) * factor).clamp(0.0, 255.0));
    }
}

/// Stretches each channel so that it reaches from 0 to 255. One that holds a single value stays.
pub fn auto_contrast(photo: &mut [f32]) {
    let (mut low, mut high) = ([f32::INFINITY; CHANNELS], [f32::NEG_INFINITY; CHANNELS]);
    for pixel in photo.as_chunks::<CHANNELS>().0 {
        for channel in 0..CHANNELS {
            low[channel] = low[channel].min(pixel[channel]);
            high[channel] = high[channel].max(pixel[channel]);
        }
    }
    for pixel in photo.as_chunks_mut::<CHANNELS>().0 {
        for channel in 0..CHANNELS {
            let span = high[channel] - low[channel];
            if span > 0.0 {
                pixel[channel] = (pixel[channel] - low[channel]) / span * 255.0;
            }
        }
    }
}

/// Gives each channel values that are spread evenly from 0 to 255 (histogram equalization over 256 levels).
pub fn equalize(photo: &mut [f32]) {
    let level = |value: f32| value.clamp(0.0, 255.0).round() as usize;
    let mut counts = [[0u32; 256]; CHANNELS];
    for pixel in photo.as_chunks::<CHANNELS>().0 {
        for channel in 0..CHANNELS {
            counts[channel][level(pixel[channel])] += 1;
        }
    }
    let n = (photo.len() / CHANNELS) as u32;
    let tables = counts.map(|counts| {
        // The darkest level becomes 0, the brightest 255.
        let darkest = counts.iter().copied().find(|count| *count > 0).unwrap_or(0);
        let span = n.saturating_sub(darkest);
        let mut below = 0;
        let mut table = [0.0f32; 256];
        for (level, (to, count)) in table.iter_mut().zip(counts).enumerate() {
            below += count;
            *to = if span == 0 { level as f32 } else { below.saturating_sub(darkest) as f32 / span as f32 * 255.0 };
        }
        table
    });
    for pixel in photo.as_chunks_mut::<CHANNELS>().0 {
        for channel in 0..CHANNELS {
            pixel[channel] = tables[channel][level(pixel[channel])];
        }
    }
}

/// Keeps the highest `bits` of eight of every value.
pub fn posterize(photo: &mut [f32], bits: u32) {
    let mask = !(0xFFu32 >> bits.min(8)) & 0xFF;
    for value in photo {
        *value = (value.clamp(0.0, 255.0).round() as u32 & mask) as f32;
    }
}

/// Turns every value from `threshold` on into its negative.
pub fn solarize(photo: &mut [f32], threshold: f32) {
    for value in photo {
        *value = if *value >= threshold { 255.0 - *value } else { *value };
    }
}
