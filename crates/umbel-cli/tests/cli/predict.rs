//! `umbel predict`: one photo, many, folders, standard input, and what cannot be used.

use std::fs;

use crate::support::{Place, keys};

#[test]
fn one_photo_gives_the_tutorials_sentence() {
    let place = Place::with_run();
    let ran = place.umbel(&["predict", "run", "photos/rings/000.png"]);
    ran.succeeds();
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    assert!(is_sentence(ran.out.trim_end()), "{}", ran.out);

    let photo = fs::read(place.path("photos/rings/000.png")).unwrap();
    let from_input = place.umbel_with_input(&["predict", "run", "-"], &photo);
    assert_eq!(from_input.out, ran.out, "standard input gives the same answer");
    let from_file = place.umbel(&["predict", "run/model.safetensors", "photos/rings/000.png"]);
    assert_eq!(from_file.out, ran.out, "so does the model file itself");
}

#[test]
fn many_photos_are_told_apart_by_their_paths() {
    let place = Place::with_run();
    let ran = place.umbel(&["predict", "run", "photos", "photos/stripes/003.png", "--top", "2"]);
    ran.succeeds();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 21 * 3, "{}", ran.out);
    let (path, sentence) = lines[0].split_once(": ").unwrap();
    assert_eq!(path.replace('\\', "/"), "photos/rings/000.png");
    assert!(is_sentence(sentence), "{sentence}");
    assert!(lines[1].starts_with("  ") && lines[1].ends_with(" %"), "{}", lines[1]);
}

#[test]
fn json_by_contract() {
    let place = Place::with_run();
    fs::write(place.path("text.jpg"), "only words").unwrap();
    let ran = place.umbel(&["predict", "run", "photos/rings", "text.jpg", "missing.jpg", "--json"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    let answers = ran.json();
    assert_eq!(answers.len(), 12);
    let mut errors = Vec::new();
    for answer in &answers {
        if answer.get("error").is_some() {
            assert_eq!(keys(answer), ["error", "path"]);
            errors.push(answer["path"].as_str().unwrap());
            continue;
        }
        assert_eq!(keys(answer), ["class", "confidence", "path", "top"]);
        let top = answer["top"].as_array().unwrap();
        assert_eq!(top.len(), 2);
        assert_eq!(keys(&top[0]), ["class", "probability"]);
        assert_eq!(top[0]["class"], answer["class"]);
        assert_eq!(top[0]["probability"], answer["confidence"]);
        let sum: f64 = top.iter().map(|t| t["probability"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{answer}");
    }
    errors.sort_unstable();
    assert_eq!(errors, ["missing.jpg", "text.jpg"]);
}

#[test]
fn what_cannot_be_used_is_named_and_the_others_go_on() {
    let place = Place::with_run();
    fs::write(place.path("text.jpg"), "only words").unwrap();
    fs::create_dir(place.path("empty")).unwrap();
    let ran = place.umbel(&["predict", "run", "text.jpg", "photos/rings/000.png", "missing.jpg", "empty"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert_eq!(ran.out.lines().count(), 1);
    for name in ["text.jpg", "missing.jpg", "empty"] {
        let named = ran.err.lines().filter(|line| line.starts_with("error: ") && line.contains(name)).count();
        assert_eq!(named, 1, "{name}: {}", ran.err);
    }
}

#[test]
fn nothing_predicted_is_a_failure() {
    let place = Place::with_run();
    place.umbel(&["predict", "run", "missing.jpg"]).fails(1, "missing.jpg");
    let ran = place.umbel_with_input(&["predict", "run", "-"], b"");
    ran.fails(1, "-");
}

#[test]
fn unknown_and_several_views_on_demand() {
    let place = Place::with_run();
    let noise = image::RgbImage::from_fn(32, 32, |x, y| image::Rgb([((x * 7919 + y * 104_729) % 251) as u8, 0, 255]));
    noise.save(place.path("noise.png")).unwrap();
    let ran = place.umbel(&["predict", "run", "photos", "noise.png", "--keep", "0.5", "--json"]);
    let answers = ran.succeeds().json();
    let mut unknown = 0;
    for answer in &answers {
        let familiar = ["class", "confidence", "nearest", "path", "score", "threshold", "top", "unknown"];
        assert_eq!(keys(answer), familiar);
        let says = answer["unknown"].as_bool().unwrap();
        unknown += usize::from(says);
        assert_eq!(answer["class"] == "unknown", says, "{answer}");
        assert_eq!(answer["score"].as_f64() < answer["threshold"].as_f64(), says, "{answer}");
        assert_eq!(
            (&answer["nearest"], &answer["confidence"]),
            (&answer["top"][0]["class"], &answer["top"][0]["probability"])
        );
    }
    assert!((1..21).contains(&unknown), "half of the validation photos are above the threshold, half below: {unknown}");
    let ran = place.umbel(&["predict", "run", "photos", "--keep", "0.5"]);
    let said = ran.succeeds().out.lines().filter(|line| line.contains("unknown (nearest: ")).count();
    assert!((1..20).contains(&said), "{}", ran.out);

    let once = place.umbel(&["predict", "run", "photos/rings/000.png", "--json"]).succeeds().json();
    let often = place.umbel(&["predict", "run", "photos/rings/000.png", "--json", "--tta"]).succeeds().json();
    assert_eq!(keys(&once[0]), keys(&often[0]));
    assert_ne!(once[0]["confidence"], often[0]["confidence"]);
    for (tta, views) in [("--tta", 2), ("--tta=flips-and-crops", 12)] {
        let measured = place.umbel(&["eval", "run", tta, "photos", "--json"]).succeeds().json();
        assert_eq!((&measured[0]["views"], &measured[0]["images"]), (&views.into(), &20.into()));
    }
}

/// A class that the user made for everything else is no promise of --keep's, nor are photos of other things to a model from scratch.
#[test]
fn what_keep_cannot_do_is_said() {
    let place = Place::with_run();
    let photo = "photos/rings/000.png";
    let plain = place.umbel(&["predict", "run", photo, "--keep", "0.9"]);
    assert!(plain.succeeds().err.contains("learned from its own photos alone"), "{}", plain.err);
    assert!(!plain.err.contains("like the others"), "{}", plain.err);
    let mut file = umbel::model_file::ModelFile::load(&place.path("run")).unwrap();
    file.classes[1] = "None".into();
    file.known.as_mut().unwrap().from_scratch = false;
    file.save(&place.path("other.safetensors")).unwrap();
    let other = place.umbel(&["predict", "other.safetensors", photo, "--keep", "0.9"]);
    assert!(other.succeeds().err.contains("The class \"None\" is to --keep one like the others"), "{}", other.err);
    assert!(!other.err.contains("learned from its own photos alone"), "{}", other.err);
    let unasked = place.umbel(&["predict", "other.safetensors", photo]);
    assert!(unasked.succeeds().err.is_empty(), "{}", unasked.err);
}

fn is_sentence(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("This image most likely belongs to ") else { return false };
    let Some((class, rest)) = rest.split_once(" with a ") else { return false };
    let Some(number) = rest.strip_suffix(" percent confidence.") else { return false };
    ["rings", "stripes"].contains(&class) && number.split_once('.').is_some_and(|(_, digits)| digits.len() == 2)
}

#[test]
fn photos_are_copied_by_class_and_answers_written_down() {
    let place = Place::with_run();
    fs::write(place.path("text.jpg"), "only words").unwrap();
    let before = place.contents("photos");
    let args = ["predict", "run", "photos", "text.jpg", "--csv", "answers.csv", "--sort-into", "sorted"];
    assert_eq!(place.umbel(&args).code, 3);
    assert!(before == place.contents("photos"), "the photos stay as they are");
    let table = fs::read_to_string(place.path("answers.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["path", "class", "confidence", "error", "taken", "latitude", "longitude"]);
    assert_eq!(rows.len(), 22);
    assert!(rows[1..21].iter().all(|row| row[2].parse::<f64>().is_ok() && row[3].is_empty()), "{table}");
    assert!(rows[21][0] == "text.jpg" && rows[21][1].is_empty() && !rows[21][3].is_empty(), "{table}");
    let copies = |class: &str| fs::read_dir(place.path("sorted").join(class)).map_or(0, |files| files.count());
    for class in ["rings", "stripes"] {
        assert_eq!(copies(class), rows.iter().filter(|row| row[1] == class).count(), "{class}");
    }
    assert_eq!(copies("rings") + copies("stripes"), 20, "of one name, too");
    place.umbel(&args);
    assert_eq!(copies("rings") + copies("stripes"), 40, "nothing is overwritten");
    place.umbel(&["predict", "run", "photos", "--sort-into", "photos/sorted"]).fails(2, "never written to");
    // Refused before anything is read.
    place.umbel(&["predict", "run", "-", "--sort-into", "sorted"]).fails(2, "standard input");
}

#[test]
fn answers_that_are_not_sure_enough_are_told() {
    let place = Place::with_run();
    let sure = |args: &[&str]| -> Vec<bool> {
        let ran = place.umbel(&[&["predict", "run", "photos", "--json"], args].concat());
        ran.succeeds().json().iter().map(|answer| answer["sure"].as_bool().unwrap()).collect()
    };
    assert!(sure(&["--min-confidence", "0"]).iter().all(|sure| *sure));
    assert!(sure(&["--min-confidence", "1"]).iter().all(|sure| !*sure));
    let ran = place.umbel(&["predict", "run", "photos", "--json", "--threshold", "rings=1"]);
    for answer in ran.succeeds().json() {
        assert_eq!(answer["sure"], answer["class"] != "rings", "{answer}");
    }
    let ran =
        place.umbel(&["predict", "run", "photos/rings/000.png", "--min-confidence", "1", "--sort-into", "sorted"]);
    assert!(ran.succeeds().out.contains("That is not sure enough."), "{}", ran.out);
    assert!(place.path("sorted/unsure/000.png").is_file());
    place.umbel(&["predict", "run", "photos", "--threshold", "dots=0.5"]).fails(2, "dots");
    place.umbel(&["predict", "run", "photos", "--threshold", "rings"]).fails(2, "CLASS=P");
    place.umbel(&["predict", "run", "photos", "--min-confidence", "1.5"]).fails(2, "from 0 to 1");
}

/// EXIF of a photo that was taken at noon in Sydney: big-endian, a directory and those of EXIF and GPS behind it.
fn exif_of_sydney() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let far = |place: u32| place.to_be_bytes();
    let rationals = |parts: [u32; 3]| parts.iter().flat_map(|part| [*part, 1]).flat_map(u32::to_be_bytes).collect();
    let (latitude, longitude): (Vec<u8>, Vec<u8>) = (rationals([33, 51, 24]), rationals([151, 12, 36]));
    [
        &b"MM\0\x2A\0\0\0\x08"[..],
        &[0, 2],
        &entry(0x8769, 4, 1, far(38)),
        &entry(0x8825, 4, 1, far(68)),
        &[0; 4],
        &[0, 2],
        &entry(0x9003, 2, 20, far(122)),
        &entry(0x9011, 2, 7, far(142)),
        &[0; 4],
        &[0, 4],
        &entry(1, 2, 2, *b"S\0\0\0"),
        &entry(2, 5, 3, far(150)),
        &entry(3, 2, 2, *b"E\0\0\0"),
        &entry(4, 5, 3, far(174)),
        &[0; 4],
        b"2024:05:01 12:00:00\0+10:00\0\0",
        &latitude,
        &longitude,
    ]
    .concat()
}

#[test]
fn when_and_where_a_photo_was_taken_is_told_in_json_and_in_the_table_alone() {
    let place = Place::with_run();
    image::open(place.path("photos/rings/000.png")).unwrap().into_rgb8().save(place.path("plain.jpg")).unwrap();
    let plain = fs::read(place.path("plain.jpg")).unwrap();
    let exif = exif_of_sydney();
    let length = (exif.len() as u16 + 8).to_be_bytes();
    let told = [&plain[..2], b"\xFF\xE1", &length, b"Exif\0\0", &exif, &plain[2..]].concat();
    fs::write(place.path("told.jpg"), told).unwrap();
    let ran = place.umbel(&["predict", "run", "told.jpg", "plain.jpg", "--json", "--csv", "answers.csv"]);
    let answers = ran.succeeds().json();
    assert_eq!(keys(&answers[0]), ["class", "confidence", "latitude", "longitude", "path", "taken", "top"]);
    assert_eq!(answers[0]["taken"], "2024-05-01T12:00:00+10:00");
    assert_eq!((&answers[0]["latitude"], &answers[0]["longitude"]), (&(-33.856_666_7).into(), &151.21.into()));
    assert_eq!(keys(&answers[1]), ["class", "confidence", "path", "top"]);
    let table = fs::read_to_string(place.path("answers.csv")).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[1].ends_with(",,2024-05-01T12:00:00+10:00,-33.8566667,151.21"), "{table}");
    assert!(rows[2].ends_with(",,,,"), "{table}");
    let ran = place.umbel(&["predict", "run", "told.jpg", "plain.jpg", "--top", "2"]);
    assert!(!ran.succeeds().out.contains("2024"), "{}", ran.out);
}
