//! Fonts of a machine: found, not found, broken.

use std::fs;

use super::*;

#[path = "../../../tests/umbel/tiny_font.rs"]
mod tiny_font;

use tiny_font::{collection, tiny_font};

fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Fonts) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let fonts = Fonts::in_folders(vec![folder.path().to_owned()]);
    (folder, fonts)
}

fn is_own(face: &Face) -> bool {
    face.is(OWN.as_ref().unwrap())
}

#[test]
fn names_in_other_scripts_were_empty_boxes() {
    let (_folder, fonts) = folder(&[("some.ttf", &tiny_font(&['向', '日', '葵']))]);
    assert!(!is_own(&fonts.face('向').unwrap()));
    assert!(is_own(&fonts.face('a').unwrap()), "what the built-in font has, it draws");
    let classes = ["roses", "向日葵 (tall)", "鬱金香"].map(String::from);
    assert_eq!(fonts.labels(&classes), ["roses", "向日葵 (tall)", "class 3"]);
    assert_eq!(Fonts::built_in().labels(&classes), ["roses", "class 2", "class 3"]);
    assert_eq!(fonts.numbered(&classes[..2]), None);
    let told = Fonts::built_in().numbered(&classes).unwrap().to_string();
    assert_eq!(
        told,
        "No font of this machine draws the names of 2 classes, so PNG pictures call them by number: class 2 is 向日葵 (tall), \
         class 3 is 鬱金香. Pages and SVG pictures have all names."
    );
    // Whoever reads a page has fonts of their own.
    assert_eq!(Fonts::of_the_reader().labels(&classes), classes);
}

#[test]
fn the_built_in_font_joins_arabic_and_no_font_draws_what_takes_more_than_letters() {
    let fonts = Fonts::built_in();
    for name in ["ورد", "گل سرخ", "ורד", "роза", "Ώ", "cafe\u{301}", "a\u{3000}b"] {
        assert!(fonts.draws(name), "{name}");
    }
    let (_folder, indic) = folder(&[("indic.ttf", &tiny_font(&"गुलाब".chars().collect::<Vec<_>>()))]);
    assert!(!indic.draws("गुलाब"), "its letters would stand beside each other, unjoined and in the wrong order");
}

#[test]
fn whatever_else_lies_among_fonts_is_passed_over() {
    let good = tiny_font(&['猫']);
    let (place, fonts) = folder(&[
        ("a.ttf", b""),
        ("b.otf", b"no font"),
        ("c.ttf", &BUILT_IN[..BUILT_IN.len() / 2]),
        ("d.ttc", b"ttcf\0\x01\0\0\xff\xff\xff\xff\0\0\0\x0c"),
        ("e.ttf", &good[..good.len() - 20]),
        ("f.txt", &good),
    ]);
    fs::create_dir(place.path().join("g.ttf")).unwrap();
    #[cfg(unix)]
    {
        // A pipe would keep its reader waiting, and this link leads around in a circle.
        assert!(std::process::Command::new("mkfifo").arg(place.path().join("h.ttf")).status().unwrap().success());
        std::os::unix::fs::symlink(place.path(), place.path().join("i")).unwrap();
    }
    assert!(!fonts.draws("猫"));
    let below = place.path().join("j/k");
    fs::create_dir_all(&below).unwrap();
    fs::write(below.join("z.TTF"), &good).unwrap();
    assert!(!fonts.draws("猫"), "what was looked for is remembered");
    assert!(Fonts::in_folders(vec![place.path().to_owned()]).draws("猫"));
}

#[test]
fn a_character_is_found_in_any_face_of_a_collection_and_in_a_second_file() {
    let (_folder, fonts) =
        folder(&[("a.ttc", &collection(&[&['a'], &['猫', '犬'], &['猫']])), ("b.ttf", &tiny_font(&['鳥']))]);
    assert!(fonts.draws("猫犬鳥"));
    assert!(!fonts.draws("馬"));
    assert!(fonts.face('猫').unwrap().is(&fonts.face('犬').unwrap()));
}

#[test]
fn fonts_of_garbled_bytes_neither_crash_nor_hang() {
    let (sound, wanted) = (tiny_font(&['猫', '犬', '鳥']), ['猫', '犬', '鳥', 'é', 'Ω']);
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut found = 0;
    for case in 0..2000 {
        // The directory and the first tables of DejaVu, too: composite letters, kerning, several tables of characters.
        let mut bytes = if case % 20 == 0 { BUILT_IN.to_vec() } else { sound.clone() };
        for _ in 0..1 + random(8) {
            let at = if random(2) == 0 { random(400.min(bytes.len())) } else { random(bytes.len()) };
            bytes[at] = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)];
        }
        let Some(face) = Face::best(bytes, &wanted) else { continue };
        for id in wanted.iter().filter_map(|c| face.glyph(*c)) {
            found += 1;
            assert!(
                face.outline(id).is_some() && face.advance(id, 12.0).is_finite() && face.kern(id, id, 12.0).is_finite()
            );
        }
    }
    assert!(found > 200, "{found} letters of garbled fonts");
}
