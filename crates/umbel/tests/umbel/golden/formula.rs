//! Numbers that the golden script and these tests make alike, so that no file has to hold them (see the section of the
//! same words in golden/keras_golden.py).

/// Tensor numbers below this are weights.
const PICTURES: u64 = 1000;
const POSITIONS: u64 = 2029;

/// SplitMix64's output for the state (tensor · 2^32 + index + 1) · 0x9E3779B97F4A7C15.
fn bits(tensor: u64, index: u64) -> u64 {
    let mut z = ((tensor << 32) + index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Bytes of picture `number`.
pub fn picture(number: u64, len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (bits(PICTURES + number, i) >> 56) as u8).collect()
}

/// The positions at which a large tensor of `len` values is compared.
pub fn positions(len: usize, count: usize) -> Vec<usize> {
    (0..count as u64).map(|i| (bits(POSITIONS, i) % len as u64) as usize).collect()
}

/// The weight number `tensor` of a model, whose name ends in `kind`.
pub fn weight(tensor: usize, kind: &str, shape: &[usize]) -> Vec<f32> {
    let (scale, offset) = match kind {
        "kernel" | "depthwise_kernel" | "pointwise_kernel" => {
            let (window, channels) = shape.split_at(shape.len() - 2);
            let fans = window.iter().product::<usize>() * (channels[0] + channels[1]);
            ((6.0 / fans as f64).sqrt() as f32, 0.0)
        }
        "bias" => (0.05, 0.0),
        "gamma" => (0.25, 1.0),
        "beta" | "moving_mean" => (0.25, 0.0),
        "moving_variance" => (0.5, 1.0),
        other => panic!("no formula for a weight called {other}"),
    };
    let len = shape.iter().product::<usize>() as u64;
    (0..len)
        .map(|i| {
            let unit = (bits(tensor as u64, i) >> 40) as f32 / (1u32 << 24) as f32;
            scale * (2.0 * unit - 1.0) + offset
        })
        .collect()
}

/// Which tensor a name is: FNV-1a, 31 bits.
fn number(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
    name.bytes().fold(0xCBF2_9CE4_8422_2325, step) >> 33
}

/// A weight in timm's names and layout (see golden/timm_golden.py).
pub fn timm_weight(name: &str, shape: &[usize], (salt, shift): (u64, f32)) -> Vec<f32> {
    let (scale, offset) = match (shape, name.rsplit('.').next().unwrap()) {
        ([_, rest @ ..], _) if !rest.is_empty() => ((6.0 / rest.iter().product::<usize>() as f64).sqrt() as f32, 0.0),
        (_, "running_mean") => (0.25, 0.0),
        (_, "running_var") => (0.5, 1.0),
        (_, "bias") if name.contains("bn") || name.contains("downsample") => (0.25, shift),
        (_, "bias") => (0.1, 0.0),
        (_, "weight") => (0.25, 1.0),
        (_, other) => panic!("no formula for a weight called {other}"),
    };
    let tensor = number(name) + salt;
    let unit = |i: u64| (bits(tensor, i) >> 40) as f32 / (1u32 << 24) as f32;
    (0..shape.iter().product::<usize>() as u64).map(|i| scale * (2.0 * unit(i) - 1.0) + offset).collect()
}

/// Noise around a color of each picture's own, whole numbers from 0 to 255.
pub fn timm_pictures(count: usize, size: usize) -> Vec<f32> {
    let mut pictures = Vec::new();
    for n in 0..count as u64 {
        let colors = picture(100 + n, 3);
        let noise = picture(n, size * size * 3);
        let mixed =
            noise.iter().zip(colors.iter().cycle()).map(|(&x, &color)| (f32::from(x) + 3.0 * f32::from(color)) / 4.0);
        pictures.extend(mixed.map(f32::floor));
    }
    pictures
}

/// Where a gradient of `len` values was sampled.
pub fn timm_positions(name: &str, len: usize, count: usize) -> Vec<usize> {
    (0..count as u64).map(|i| (bits(number(name) + 1, i) % len as u64) as usize).collect()
}
