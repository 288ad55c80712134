//! Pictures whose depth is a guess: said by train and check, cured by --depth, which the model remembers.

use std::fs;

use image::{ImageBuffer, Rgb};

use crate::support::{Place, tiny_training};

#[test]
fn sixteen_bits_of_which_ten_are_used_are_told_by_train_and_check_and_cured() {
    let place = Place::new();
    for (class, slope) in [("left", 1), ("right", 3)] {
        fs::create_dir_all(place.path("deep").join(class)).unwrap();
        for number in 0..12u32 {
            let value = |x: u32, y: u32| ((x * slope + y * (4 - slope) + number * 17) * 5 % 1024) as u16;
            let picture = ImageBuffer::from_fn(48, 48, |x, y| Rgb([value(x, y), value(y, x), value(x + 7, y)]));
            picture.save(place.path(format!("deep/{class}/{number:02}.png"))).unwrap();
        }
    }
    let ran = place.umbel(&["check", "deep"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.out.contains("Of another depth") && ran.out.contains("10 bits") && ran.out.contains("--depth"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("one color all over"), "{}", ran.out);
    let cured = place.umbel(&["check", "deep", "--depth", "10"]);
    assert!(!cured.out.contains("Of another depth"), "{}", cured.out);

    let train = |more: &[&str]| {
        let args: Vec<&str> =
            tiny_training(more).into_iter().map(|arg| if arg == "photos" { "deep" } else { arg }).collect();
        place.umbel(&args)
    };
    let ran = train(&["--out", "guessed"]);
    assert!(
        format!("{}{}", ran.out, ran.err).contains("10 bits: say so, or save them anew with 8 bits (--depth 10)"),
        "{}",
        ran.out
    );
    // A model that takes white for 65,535 sees next to nothing of these.
    for command in [["predict", "guessed", "deep"], ["eval", "guessed", "deep"]] {
        let ran = place.umbel(&command);
        assert!(ran.err.contains("where the model takes 65535 for white. That looks like 10 bits"), "{}", ran.err);
    }
    let ran = train(&["--out", "told", "--depth", "10"]);
    assert!(!format!("{}{}", ran.out, ran.err).contains("--depth"), "{}", ran.out);
    let config = fs::read_to_string(place.path("told/config.toml")).unwrap();
    assert!(config.contains("depth = \"10\""), "{config}");
    for command in [["predict", "told", "deep"], ["eval", "told", "deep"]] {
        let ran = place.umbel(&command);
        ran.succeeds();
        assert!(!ran.err.contains("for white"), "{}", ran.err);
    }
}
