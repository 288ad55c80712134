//! `umbel check`: exit codes, JSON by contract, the table and the page, and that the folder is never written to.

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};

use crate::support::{Place, keys};

/// Two classes of ten pictures that have nothing in common with one another.
fn sound_folder() -> Place {
    let place = Place::new();
    for class in ["left", "right"] {
        fs::create_dir_all(place.path("photos").join(class)).unwrap();
        for number in 0..10 {
            patches(class.len() as u64 * 100 + number).save(photo(&place, class, number)).unwrap();
        }
    }
    place
}

fn photo(place: &Place, class: &str, number: u64) -> std::path::PathBuf {
    place.path("photos").join(class).join(format!("{number:03}.png"))
}

/// Patches of random colors.
fn patches(seed: u64) -> RgbImage {
    let color = |x: u64, y: u64| {
        let mut state = (seed * 64 + y * 8 + x + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 32)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let [a, b, c, ..] = (state ^ (state >> 29)).to_le_bytes();
        Rgb([a, b, c])
    };
    RgbImage::from_fn(64, 48, |x, y| color(u64::from(x / 8), u64::from(y / 8)))
}

#[test]
fn a_sound_folder_is_zero() {
    let place = sound_folder();
    let ran = place.umbel(&["check", "photos"]);
    ran.succeeds();
    assert!(ran.out.contains("Found 20 files belonging to 2 classes."), "{}", ran.out);
    assert!(ran.out.contains("Nothing is wrong"), "{}", ran.out);
    let json = place.umbel(&["check", "photos", "--json"]);
    json.succeeds();
    let report = &json.json()[0];
    assert_eq!(keys(report), ["classes", "images", "problems"]);
    assert_eq!((report["images"].as_u64(), report["problems"].as_array().unwrap().len()), (Some(20), 0));
    assert_eq!(
        report["classes"],
        serde_json::json!([{"class": "left", "images": 10}, {"class": "right", "images": 10}])
    );
}

#[test]
fn what_is_found_is_three_and_told_everywhere() {
    let place = sound_folder();
    fs::copy(photo(&place, "left", 3), photo(&place, "right", 99)).unwrap();
    fs::write(place.path("photos/left/words.jpg"), "only words").unwrap();
    let before = place.contents("photos");
    let ran = place.umbel(&["check", "photos", "--out", "made/here", "--html", "check.html"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    for words in
        ["words.jpg", "One picture in two classes: 1", "Exact duplicates: 1 in 1 group", "21 can be used, 1 cannot"]
    {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let table = fs::read_to_string(place.path("made/here/problems.csv")).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("right/099.png,label-conflict,"), "{table}");
    let page = fs::read_to_string(place.path("check.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("right/099.png"));
    for path in [Path::new("made/here/problems.csv"), Path::new("check.html")] {
        assert!(ran.out.contains(&format!("Wrote {}", path.display())), "{}", ran.out);
    }

    let json = place.umbel(&["check", "photos", "--json", "--out", "again"]);
    assert_eq!(json.code, 3, "{json:#?}");
    let lines = json.json();
    assert_eq!(lines.len(), 1, "one object and nothing else");
    let problems = lines[0]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 3);
    for problem in problems {
        assert_eq!(keys(problem), ["detail", "kind", "path"]);
    }
    assert!(json.err.contains("problems.csv"), "{}", json.err);
    assert_eq!(place.contents("photos"), before, "the user's folder is as it was");
}

#[test]
fn leaks_need_a_split() {
    let place = sound_folder();
    fs::copy(photo(&place, "left", 3), photo(&place, "left", 99)).unwrap();
    fs::create_dir(place.path("run")).unwrap();
    let rows = "path,class,part\nleft/003.png,left,train\nleft/099.png,left,val\n";
    fs::write(place.path("run/split.csv"), rows).unwrap();
    assert!(!place.umbel(&["check", "photos"]).out.contains("two parts"));
    for split in ["run", "run/split.csv"] {
        let ran = place.umbel(&["check", "photos", "--split", split]);
        assert_eq!(ran.code, 3, "{ran:#?}");
        assert!(ran.out.contains("One picture in two parts of the split: 1"), "{}", ran.out);
    }
    place.umbel(&["check", "photos", "--split", "nowhere.csv"]).fails(1, "nowhere.csv");
    fs::write(place.path("run/split.csv"), "path,class,part\nleft/none.png,left,train\n").unwrap();
    place.umbel(&["check", "photos", "--split", "run"]).fails(1, "left/none.png");
}

#[test]
fn remarks_count_only_when_strict() {
    let place = sound_folder();
    let grey = image::DynamicImage::from(patches(7777)).into_luma8();
    grey.save(place.path("photos/left/grey.png")).unwrap();
    let ran = place.umbel(&["check", "photos"]);
    ran.succeeds();
    assert!(ran.out.contains("Only remarks"), "{}", ran.out);
    assert_eq!(place.umbel(&["check", "photos", "--strict"]).code, 3);
    let json = place.umbel(&["check", "photos", "--json"]).json();
    assert_eq!(json[0]["problems"][0]["kind"], "color-grey-mix");
}

#[test]
fn nothing_is_written_into_the_folder() {
    let place = sound_folder();
    let before = place.contents("photos");
    for args in [["--out", "photos/left/checked"], ["--out", "photos"], ["--html", "photos/check.html"]] {
        place.umbel(&["check", "photos", args[0], args[1]]).fails(2, args[1]);
    }
    assert_eq!(place.contents("photos"), before);
    place.umbel(&["check", "photos", "--html", "no-such-folder/check.html"]).fails(1, "no-such-folder");
    place.umbel(&["check", "nowhere"]).fails(1, "nowhere");
}
