use umbel::base::augmentation::{AugmentLayer, FlipMode};
use umbel::base::random::{Purpose, Stream};
use umbel::data::augment::geometry::{self, Affine};
use umbel::data::augment::{Policy, color, warp};

use super::pictures::drawn;

const SIZE: usize = 23;

fn photo() -> Vec<u8> {
    drawn(SIZE as u32, SIZE as u32, 6).into_raw()
}

fn warped(photo: &[u8], map: &Affine) -> Vec<f32> {
    let mut out = vec![f32::NAN; photo.len()];
    warp::warp(SIZE, photo, map, &mut out);
    out
}

fn at(values: &[f32], x: usize, y: usize) -> [f32; 3] {
    values[(y * SIZE + x) * 3..][..3].try_into().unwrap()
}

fn assert_close(got: &[f32], expected: &[f32], within: f32) {
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= within, "value {i}: {got}, expected {expected}");
    }
}

/// TensorFlow's way, pixel by pixel in double precision: reflect the place, then mix four neighbors.
fn reference(photo: &[u8], map: &Affine) -> Vec<f64> {
    let reflect = |place: f64| {
        let period = 2.0 * SIZE as f64;
        let folded = (place + 0.5).rem_euclid(period);
        let folded = if folded >= SIZE as f64 { period - folded } else { folded };
        (folded - 0.5).clamp(0.0, SIZE as f64 - 1.0)
    };
    let mut out = Vec::new();
    for y in 0..SIZE {
        for x in 0..SIZE {
            let place = |row: [f64; 3]| reflect(row[0] * x as f64 + row[1] * y as f64 + row[2]);
            let (sx, sy) = (place(map.x), place(map.y));
            for channel in 0..3 {
                let value = |x: f64, y: f64| {
                    let (x, y) = ((x as usize).min(SIZE - 1), (y as usize).min(SIZE - 1));
                    f64::from(photo[(y * SIZE + x) * 3 + channel])
                };
                let (left, top) = (sx.floor(), sy.floor());
                let row = |y: f64| value(left, y) * (1.0 - (sx - left)) + value(left + 1.0, y) * (sx - left);
                out.push(row(top) * (1.0 - (sy - top)) + row(top + 1.0) * (sy - top));
            }
        }
    }
    out
}

#[test]
fn warps_agree_with_a_plain_one() {
    let photo = photo();
    for (case, map) in [
        geometry::rotation(SIZE, 0.07),
        geometry::rotation(SIZE, -0.31),
        geometry::zoom(SIZE, 1.6, 0.7),
        geometry::zoom(SIZE, 7.3, 9.1),
        geometry::translation(SIZE, 0.23, -0.41),
        geometry::translation(SIZE, -3.1, 4.7),
        geometry::flip(SIZE, true, true).then(&geometry::rotation(SIZE, 0.1)).then(&geometry::zoom(SIZE, 0.9, 0.9)),
        Affine { x: [0.0, 0.0, 4.5], y: [0.0, 0.0, 22.0] },
        Affine { x: [0.0, 1.0, 0.0], y: [1.0, 0.0, 0.0] },
    ]
    .iter()
    .enumerate()
    {
        let got = warped(&photo, map);
        for (i, (got, expected)) in got.iter().zip(reference(&photo, map)).enumerate() {
            assert!((f64::from(*got) - expected).abs() < 0.02, "case {case}, value {i}: {got}, expected {expected}");
        }
    }
}

#[test]
fn nothing_to_do_changes_nothing() {
    let photo = photo();
    let expected: Vec<f32> = photo.iter().map(|&value| f32::from(value)).collect();
    for map in [
        Affine::IDENTITY,
        geometry::flip(SIZE, false, false),
        geometry::rotation(SIZE, 0.0),
        geometry::zoom(SIZE, 1.0, 1.0),
        geometry::translation(SIZE, 0.0, 0.0),
    ] {
        assert_eq!(warped(&photo, &map), expected);
    }
    // A quarter turn four times over is whole, up to rounding.
    let quarter = geometry::rotation(SIZE, 0.25);
    assert_close(&warped(&photo, &quarter.then(&quarter).then(&quarter).then(&quarter)), &expected, 0.01);
    let mut out = vec![0.0; photo.len()];
    Policy::default().apply(SIZE, &photo, &mut Stream::new(1, Purpose::Augment, 0, 0), &mut out);
    assert_eq!(out, expected);
}

#[test]
fn flips_are_exact() {
    let photo = photo();
    let original = warped(&photo, &Affine::IDENTITY);
    let last = SIZE - 1;
    let across = warped(&photo, &geometry::flip(SIZE, true, false));
    let down = warped(&photo, &geometry::flip(SIZE, false, true));
    let both = warped(&photo, &geometry::flip(SIZE, true, true));
    for y in 0..SIZE {
        for x in 0..SIZE {
            assert_eq!(at(&across, x, y), at(&original, last - x, y));
            assert_eq!(at(&down, x, y), at(&original, x, last - y));
            assert_eq!(at(&both, x, y), at(&original, last - x, last - y));
        }
    }
}

#[test]
fn the_outside_is_filled_by_reflection() {
    let photo = photo();
    let original = warped(&photo, &Affine::IDENTITY);
    let three_pixels = 3.0 / SIZE as f64;
    let moved = warped(&photo, &geometry::translation(SIZE, 0.0, three_pixels));
    for y in 0..SIZE {
        for x in 3..SIZE {
            assert_close(&at(&moved, x, y), &at(&original, x - 3, y), 0.01);
        }
        // cba|abcd: the edge pixel comes twice.
        for x in 0..3 {
            assert_close(&at(&moved, x, y), &at(&original, 2 - x, y), 0.01);
        }
    }
}

#[test]
fn layers_compose_in_their_order() {
    let (first, second) = (geometry::translation(SIZE, 0.2, 0.0), geometry::rotation(SIZE, 0.25));
    let together = first.then(&second);
    // A place of the result goes back through the second layer, then through the first.
    let back = |map: &Affine, (x, y): (f64, f64)| {
        let row = |row: [f64; 3]| row[0] * x + row[1] * y + row[2];
        (row(map.x), row(map.y))
    };
    let (expected, got) = (back(&first, back(&second, (3.0, 5.0))), back(&together, (3.0, 5.0)));
    assert!((got.0 - expected.0).abs() < 1e-9 && (got.1 - expected.1).abs() < 1e-9);
}

#[test]
fn colors_scale_shift_and_stay_in_range() {
    let mut values = vec![0.0, 100.0, 200.0, 50.0, 100.0, 250.0];
    color::contrast(&mut values, 0.5);
    assert_eq!(values, [12.5, 100.0, 212.5, 37.5, 100.0, 237.5]);
    color::contrast(&mut values, 10.0);
    assert_eq!(values, [0.0, 100.0, 100.0, 150.0, 100.0, 255.0]);
    color::brightness(&mut values, -110.0);
    assert_eq!(values, [0.0, 0.0, 0.0, 40.0, 0.0, 145.0]);
    color::brightness(&mut values, 300.0);
    assert_eq!(values, [255.0; 6]);
}

#[test]
fn a_policy_is_a_function_of_its_stream() {
    let photo = photo();
    let mut layers = AugmentLayer::tutorial();
    layers.push(AugmentLayer::RandomTranslation { height_factor: (-0.2, 0.2), width_factor: (0.0, 0.1) });
    layers.push(AugmentLayer::RandomContrast { factor: (-0.3, 0.3) });
    layers.push(AugmentLayer::RandomBrightness { factor: (-0.2, 0.2) });
    let policy = Policy::new(&layers);
    assert!(!policy.is_empty() && Policy::new(&[]).is_empty());
    let apply = |sample: u64| {
        let mut out = vec![f32::NAN; photo.len()];
        policy.apply(SIZE, &photo, &mut Stream::new(123, Purpose::Augment, 4, sample), &mut out);
        assert!(out.iter().all(|value| (0.0..=255.0).contains(value)));
        out
    };
    assert_eq!(apply(7), apply(7));
    assert_ne!(apply(7), apply(8));
}

#[test]
fn half_of_the_photos_are_flipped() {
    let photo = photo();
    for mode in [FlipMode::Horizontal, FlipMode::Vertical, FlipMode::HorizontalAndVertical] {
        let policy = Policy::new(&[AugmentLayer::RandomFlip { mode }]);
        let original = warped(&photo, &Affine::IDENTITY);
        let mut unchanged = 0;
        for sample in 0..1000 {
            let mut out = vec![0.0; photo.len()];
            policy.apply(SIZE, &photo, &mut Stream::new(1, Purpose::Augment, 0, sample), &mut out);
            unchanged += usize::from(out == original);
        }
        assert!((430..570).contains(&unchanged), "{mode:?}: {unchanged}");
    }
}

#[test]
fn crops_show_a_part_enlarged() {
    let photo = photo();
    let half = SIZE / 2;
    // The right upper quarter, twice as large: each pixel lies a quarter of one beside the source's.
    let map = geometry::crop((half as f64, 0.0), (half as f64, half as f64), SIZE);
    let shown = |x: f64, y: f64| (map.x[0] * x + map.x[2], map.y[1] * y + map.y[2]);
    let close = |came: (f64, f64), x: f64, y: f64| (came.0 - x).abs() < 1e-9 && (came.1 - y).abs() < 1e-9;
    assert!(close(shown(-0.5, -0.5), half as f64 - 0.5, -0.5), "the part's corner is the picture's");
    let end = SIZE as f64 - 0.5;
    assert!(close(shown(end, end), 2.0 * half as f64 - 0.5, half as f64 - 0.5));
    let whole = geometry::crop((0.0, 0.0), (SIZE as f64, SIZE as f64), SIZE);
    assert_eq!(warped(&photo, &whole), warped(&photo, &Affine::IDENTITY));
    assert!(
        (map.step() - half as f64 / SIZE as f64).abs() < 1e-12
            && (geometry::rotation(SIZE, 0.1).step() - 1.0).abs() < 1e-12
    );

    let policy = Policy::new(&[AugmentLayer::RandomResizedCrop { scale: (1.0, 1.0), ratio: (1.0, 1.0) }]);
    let mut out = vec![0.0; photo.len()];
    policy.apply(SIZE, &photo, &mut Stream::new(1, Purpose::Augment, 0, 0), &mut out);
    assert_close(&out, &warped(&photo, &Affine::IDENTITY), 0.01);
}

#[test]
fn smaller_results_keep_the_mean_and_leave_nothing_out() {
    // Stripes of one pixel: a step of two would show only one kind of them without anti-aliasing.
    let size = 64;
    let photo: Vec<u8> = (0..size * size).flat_map(|i| [if i % 2 == 0 { 0 } else { 200 }; 3]).collect();
    let mut out = vec![f32::NAN; 32 * 32 * 3];
    let mut random = Stream::new(1, Purpose::Augment, 0, 0);
    Policy::default().apply_to(size, &photo, &mut random, 32, &mut out);
    assert!(out.iter().all(|value| (value - 100.0).abs() < 20.0), "{:?}", &out[..12]);
    // A gradient is the same gradient in a smaller picture.
    let ramp: Vec<u8> = (0..size * size).flat_map(|i| [(i % size * 4) as u8; 3]).collect();
    let mut out = vec![f32::NAN; 48 * 48 * 3];
    Policy::default().apply_to(size, &ramp, &mut random, 48, &mut out);
    for x in 2..46 {
        let expected = ((x as f32 + 0.5) * 64.0 / 48.0 - 0.5) * 4.0;
        assert!((out[x * 3] - expected).abs() < 1.0, "{x}: {} {expected}", out[x * 3]);
    }
}

#[test]
fn more_colors() {
    let mut values = vec![100.0, 150.0, 200.0];
    color::saturation(&mut values, 0.0);
    assert!(values.iter().all(|value| (value - 140.75).abs() < 0.01), "{values:?}");
    let mut values = vec![50.0, 7.0, 0.0, 100.0, 7.0, 255.0, 75.0, 7.0, 51.0];
    color::auto_contrast(&mut values);
    assert_eq!(values, [0.0, 7.0, 0.0, 255.0, 7.0, 255.0, 127.5, 7.0, 51.0]);
    let mut values = vec![10.0, 7.0, 0.0, 11.0, 7.0, 0.0, 12.0, 7.0, 0.0, 13.0, 7.0, 255.0];
    color::equalize(&mut values);
    assert_eq!(values, [0.0, 7.0, 0.0, 85.0, 7.0, 0.0, 170.0, 7.0, 0.0, 255.0, 7.0, 255.0]);
    let mut values = vec![255.0, 100.4, 31.0];
    color::posterize(&mut values, 4);
    assert_eq!(values, [240.0, 96.0, 16.0]);
    color::posterize(&mut values, 8);
    assert_eq!(values, [240.0, 96.0, 16.0]);
    let mut values = vec![255.0, 100.0, 128.0];
    color::solarize(&mut values, 128.0);
    assert_eq!(values, [0.0, 100.0, 127.0]);
    color::scale(&mut values, 3.0);
    assert_eq!(values, [0.0, 255.0, 255.0]);
}

#[test]
fn a_share_of_the_photos_has_a_rectangle_erased() {
    let photo = vec![128; SIZE * SIZE * 3];
    let policy = Policy::new(&[AugmentLayer::RandomErasing { factor: 0.3, scale: (0.1, 0.4) }]);
    let (mut erased, mut area) = (0, 0);
    for sample in 0..500 {
        let mut out = vec![0.0; photo.len()];
        policy.apply(SIZE, &photo, &mut Stream::new(5, Purpose::Augment, 0, sample), &mut out);
        let changed: Vec<usize> = (0..SIZE * SIZE).filter(|&i| out[i * 3..][..3] != [128.0; 3]).collect();
        if let (Some(first), Some(last)) = (changed.first(), changed.last()) {
            let (width, height) = (last % SIZE - first % SIZE + 1, last / SIZE - first / SIZE + 1);
            assert_eq!(changed.len(), width * height, "a rectangle");
            assert!(changed.iter().all(|i| out[i * 3..][..3] == out[first * 3..][..3]), "of one color");
            erased += 1;
            area += changed.len();
        }
    }
    assert!((110..190).contains(&erased), "{erased}");
    let share = area as f64 / (erased * SIZE * SIZE) as f64;
    assert!((0.15..0.35).contains(&share), "{share}");
}

#[test]
fn rand_augment_changes_photos_and_stays_in_range() {
    let photo = photo();
    let original = warped(&photo, &Affine::IDENTITY);
    let policy = Policy::new(&[AugmentLayer::RandAugment { num_ops: 2, factor: 0.9 }]);
    let mut changed = 0;
    for sample in 0..100 {
        let mut out = vec![f32::NAN; photo.len()];
        policy.apply(SIZE, &photo, &mut Stream::new(5, Purpose::Augment, 0, sample), &mut out);
        assert!(out.iter().all(|value| (0.0..=255.0).contains(value)), "{sample}");
        changed += usize::from(out != original);
    }
    assert!(changed > 90, "{changed}");
    let none = Policy::new(&[AugmentLayer::RandAugment { num_ops: 0, factor: 0.9 }]);
    let mut out = vec![0.0; photo.len()];
    none.apply(SIZE, &photo, &mut Stream::new(5, Purpose::Augment, 0, 0), &mut out);
    assert_eq!(out, original);
}
