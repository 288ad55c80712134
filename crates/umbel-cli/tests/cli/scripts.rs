//! Class names in any script, and of any length: in tables, and in pictures.

use std::fs;

use console::measure_text_width;

use crate::support::{Place, tiny_training};

/// What no font of any machine has: a character for private use.
const NOWHERE: &str = "\u{10fff0}";

#[test]
fn wide_and_long_names_stood_out_of_their_columns() {
    let (place, long) = (Place::new(), "long_".repeat(40));
    place.draw("photos", &["向日葵", "鬱金香", "ورد", "roses", &long], 4);
    let is_of_a_class = |line: &&str| {
        ["向日葵", "鬱金香", "ورد", "roses", "long_"].iter().any(|name| line.trim_start().starts_with(name))
    };
    let widths = |text: &str| text.lines().filter(is_of_a_class).map(measure_text_width).collect::<Vec<_>>();
    let check = place.umbel(&["check", "photos", "--labels", "none"]);
    let widths_of_check = widths(check.out.split("\n\n").next().unwrap());
    assert!(widths_of_check == [widths_of_check[0]; 5] && widths_of_check[0] < 60, "{check:#?}");
    let network = fs::read_to_string(place.path("tiny.toml")).unwrap().replace("units = 2", "units = 5");
    fs::write(place.path("tiny.toml"), network).unwrap();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).succeeds();
    let eval = place.umbel(&["eval", "run", "photos"]);
    let widths_of_eval = widths(eval.succeeds().out.split("\n\n").next().unwrap());
    assert!(widths_of_eval == [widths_of_eval[0]; 5] && widths_of_eval[0] < 100, "{eval:#?}");
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn a_font_in_the_users_folder_draws_names_and_without_one_numbers_are_told() {
    let place = Place::new();
    place.draw("photos", &[NOWHERE, "roses"], 4);
    let fonts = place.path("home/.local/share/fonts");
    fs::create_dir_all(&fonts).unwrap();
    let preview = |out: &str| {
        let mut command = place.command(&["preview", "photos", "--image-size", "64", "--out", out]);
        command.env("HOME", place.path("home")).env_remove("XDG_DATA_HOME").env_remove("XDG_DATA_DIRS");
        let ran = command.output().unwrap();
        assert!(ran.status.success());
        (String::from_utf8(ran.stderr).unwrap(), fs::read(place.path(out)).unwrap())
    };
    let (told, numbered) = preview("numbered.png");
    assert!(told.contains(&format!("class 2 is {NOWHERE}.")), "{told}");
    fs::write(fonts.join("private.ttf"), tiny_font::tiny_font(&NOWHERE.chars().collect::<Vec<_>>())).unwrap();
    let (told, named) = preview("named.png");
    assert_eq!(told, "");
    assert_ne!(named, numbered);
}

#[cfg(all(unix, not(target_os = "macos")))]
#[allow(dead_code)]
#[path = "../../../umbel/tests/umbel/tiny_font.rs"]
mod tiny_font;
