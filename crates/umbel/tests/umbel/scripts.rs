//! Names in scripts that the built-in font lacks, in pictures: by a font of the machine, else by number.

use std::fs;
use std::path::Path;

use crate::tiny_font::tiny_font;
use umbel::base::fonts::Fonts;
use umbel::data::{Index, PrepSpec};
use umbel::metrics::{Answers, Confusion};
use umbel::preview::preview_folder;
use umbel::report::{confusion, ranking};

/// Fonts of a machine that has one for these characters.
fn machine(folder: &Path, characters: &str) -> Fonts {
    fs::write(folder.join("some.ttf"), tiny_font(&characters.chars().collect::<Vec<_>>())).unwrap();
    Fonts::in_folders(vec![folder.to_owned()])
}

fn pictures(write: impl Fn(&Path)) -> [Vec<u8>; 2] {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    ["p.svg", "p.png"].map(|name| fs::read(folder.path().join(name)).unwrap())
}

#[test]
fn a_class_that_no_font_draws_goes_by_its_number_and_the_svg_has_its_name() {
    let place = tempfile::tempdir().unwrap();
    let fonts = machine(place.path(), "向日葵");
    let names = |first: &str| [first.to_string(), "roses".to_string()];
    let (labels, probabilities) = ([0, 1, 0, 1], [0.9, 0.1, 0.2, 0.8, 0.4, 0.6, 0.3, 0.7]);
    let answers = Answers::new(&labels, &probabilities, 2).unwrap();
    let curves = |name: &str, fonts: &Fonts| {
        pictures(|folder| {
            ranking::write(folder, "p", &names(name), &answers, fonts).unwrap();
        })
    };
    let counts = Confusion::new(&answers);
    let matrix = |name: &str, fonts: &Fonts| {
        pictures(|folder| {
            confusion::write(folder, "p", &names(name), &counts, fonts).unwrap();
        })
    };
    for draw in [&curves as &dyn Fn(&str, &Fonts) -> [Vec<u8>; 2], &matrix] {
        let ([drawn_svg, drawn], [svg, numbered]) = (draw("向日葵", &fonts), draw("向日葵", &Fonts::built_in()));
        assert_eq!(drawn_svg, svg, "whoever reads an SVG has fonts of their own");
        assert!(String::from_utf8(svg).unwrap().contains("向日葵"));
        assert_ne!(drawn, numbered);
    }
    assert_eq!(curves("向日葵", &Fonts::built_in())[1], curves("class 1", &Fonts::built_in())[1]);
    assert_eq!(curves("roses", &fonts), curves("roses", &Fonts::built_in()), "nothing is missing");
    // The matrix says why: without the line below, it would be that of a class called so.
    assert_ne!(matrix("向日葵", &Fonts::built_in())[1], matrix("class 1", &Fonts::built_in())[1]);
}

#[test]
fn a_preview_has_names_or_numbers_above_its_photos() {
    let place = tempfile::tempdir().unwrap();
    let fonts = machine(place.path(), "鬱金香");
    let preview = |names: [&str; 2], fonts: &Fonts| {
        let photos = place.path().join("photos").join(names[0]);
        for name in names {
            fs::create_dir_all(photos.join(name)).unwrap();
            image::RgbImage::from_pixel(40, 40, image::Rgb([255; 3])).save(photos.join(name).join("a.png")).unwrap();
        }
        let (index, out) = (Index::scan(&photos).unwrap(), photos.join("preview.png"));
        preview_folder(&index, &PrepSpec { image_size: 180, ..PrepSpec::default() }, 1, &out, fonts).unwrap();
        image::open(out).unwrap().to_luma8()
    };
    let names = ["鬱金香", "鬱香金"];
    let drawn = preview(names, &fonts);
    // Three letters above each, all black squares of 15 by 12 pixels.
    let dark = drawn.pixels().filter(|pixel| pixel.0[0] < 128).count();
    assert!((6 * 12 * 14..=6 * 13 * 16).contains(&dark), "{dark}");
    assert_eq!(preview(names, &Fonts::built_in()), preview(["class 1", "class 2"], &Fonts::built_in()));
}
