use umbel_kernels::Isa;
use umbel_kernels::dropout::mix;
use umbel_kernels::warp::{self, Line};

/// A picture with noise behind it, which must not show.
fn photo(size: usize) -> Vec<u8> {
    (0..warp::readable_len(size)).map(|i| mix(7, i as u64) as u8).collect()
}

fn lines() -> Vec<Line> {
    let line = |x_start, x_step, y_start, y_step| Line { x_start, x_step, y_start, y_step };
    vec![
        line(0.0, 1.0, 0.0, 0.0),
        line(0.25, 0.93, 1.5, 0.11),
        line(-7.3, 1.31, 25.9, -0.77),
        line(22.0, -1.0, 22.0, 0.0),
        line(-0.5, 0.5, 22.49, 0.01),
        line(-400.2, 37.7, 911.4, -61.3),
        line(-23.0, 1.0, 46.0, 1.0),
        line(-0.0, 0.0, 22.0, 0.0),
    ]
}

#[test]
fn every_instruction_set_shows_the_same_bits() {
    for size in [1, 2, 23] {
        let photo = photo(size);
        for line in lines() {
            for pixels in [0, 1, 3, 4, 5, 23] {
                let mut expected = vec![f32::NAN; 3 * pixels];
                warp::scalar::row(size, &photo, line, &mut expected);
                assert!(expected.iter().all(|value| (0.0..=255.0).contains(value)), "{line:?}");
                for isa in Isa::usable() {
                    let mut out = vec![f32::NAN; 3 * pixels];
                    warp::row(isa, size, &photo, line, &mut out);
                    assert_eq!(out, expected, "{}, size {size}, {line:?}", isa.name());
                }
            }
        }
    }
}

#[test]
fn a_place_that_is_no_number_reads_nothing_outside() {
    let photo = photo(5);
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN] {
        let line = Line { x_start: value, x_step: 1.0, y_start: 0.0, y_step: value };
        for isa in Isa::usable() {
            warp::row(isa, 5, &photo, line, &mut [0.0; 15]);
        }
    }
}

#[test]
#[should_panic(expected = "too short")]
fn a_photo_without_room_behind_it_is_refused() {
    let line = Line { x_start: 0.0, x_step: 1.0, y_start: 0.0, y_step: 0.0 };
    warp::row(Isa::best(), 4, &[0; 4 * 4 * 3], line, &mut [0.0; 12]);
}
