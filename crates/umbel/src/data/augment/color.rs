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
