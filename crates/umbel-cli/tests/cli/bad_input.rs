//! The list of bad input, line by line: one clear message, the right exit code, no panic, nothing touched.

use std::fs;

use crate::support::{Place, huge_png, tiny_training};

#[test]
fn no_folder() {
    Place::new().umbel(&tiny_training(&[])).fails(1, "photos");
}

#[test]
fn a_file_instead_of_a_folder() {
    let place = Place::new();
    fs::write(place.path("photos"), "").unwrap();
    place.umbel(&tiny_training(&[])).fails(1, "photos");
}

#[test]
fn an_empty_folder() {
    let place = Place::new();
    fs::create_dir(place.path("photos")).unwrap();
    place.umbel(&tiny_training(&[])).fails(1, "photos");
}

#[test]
fn one_class_only() {
    let place = Place::new();
    place.draw("photos", &["rings"], 5);
    place.umbel(&tiny_training(&[])).fails(1, "rings");
    assert!(!place.path("runs").exists(), "nothing is left of a run that never began");
}

#[test]
fn a_class_with_one_picture_is_trained_on() {
    let place = Place::new();
    place.draw("photos", &["rings"], 9);
    place.draw("photos", &["stripes"], 1);
    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"]));
    ran.succeeds();
    assert!(ran.out.contains("Found 10 files belonging to 2 classes."), "{}", ran.out);
}

#[test]
fn bad_pictures_are_listed_and_left_out() {
    let place = Place::with_photos();
    let rings = place.path("photos/rings");
    let whole = fs::read(rings.join("000.png")).unwrap();
    fs::write(rings.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(rings.join("text.jpg"), "only words").unwrap();
    fs::write(rings.join("nothing.gif"), "").unwrap();
    fs::write(rings.join("huge.png"), huge_png()).unwrap();
    let before = place.contents("photos");
    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"]));
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(!ran.err.contains("panicked"), "{ran:#?}");
    let problems = fs::read_to_string(place.path("run/problems.csv")).unwrap();
    assert!(problems.starts_with("path,kind,detail"), "{problems}");
    for (name, kind) in
        [("cut.png", "damaged"), ("text.jpg", "not-a-picture"), ("nothing.gif", "empty"), ("huge.png", "too-large")]
    {
        assert!(ran.out.contains(name), "{name} is named: {}", ran.out);
        let row = problems.lines().find(|line| line.starts_with(&format!("rings/{name},{kind},")));
        assert!(row.is_some(), "{name},{kind}: {problems}");
    }
    assert!(ran.out.contains("Using 16 files for training."), "{}", ran.out);
    assert_eq!(place.contents("photos"), before);

    place.umbel(&tiny_training(&["--epochs", "1", "--out", "strict", "--strict"])).fails(1, "rings/cut.png");
    assert!(!place.path("strict").exists(), "nothing is left of a run that never began");
}

#[test]
fn of_many_bad_pictures_ten_are_shown() {
    let place = Place::with_photos();
    for number in 0..13 {
        fs::write(place.path(format!("photos/rings/bad-{number:02}.jpg")), "words").unwrap();
    }
    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"]));
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert_eq!(ran.out.lines().filter(|line| line.contains("bad-")).count(), 10, "{}", ran.out);
    assert!(ran.out.contains("… and 3 more, see problems.csv"), "{}", ran.out);
    let problems = fs::read_to_string(place.path("run/problems.csv")).unwrap();
    assert_eq!(problems.lines().count(), 14);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let place = Place::with_photos();
    let name = OsStr::from_bytes(b"caf\xe9.png");
    fs::copy(place.path("photos/rings/000.png"), place.path("photos/rings").join(name)).unwrap();
    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"]));
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(fs::read_to_string(place.path("run/problems.csv")).unwrap().contains(",name,"));

    // As an argument such a name is as good as any.
    let photo = place.path("photos/rings").join(name);
    place.umbel(&[OsStr::new("predict"), OsStr::new("run"), photo.as_os_str()]).succeeds();
}

#[test]
fn a_model_file_cut_short_or_of_another_kind_or_time() {
    let place = Place::with_run();
    let model = fs::read(place.path("run/model.safetensors")).unwrap();
    let photo = "photos/rings/000.png";
    for length in [0, 7, 100, model.len() / 2, model.len() - 1] {
        fs::write(place.path("cut.safetensors"), &model[..length]).unwrap();
        place.umbel(&["predict", "cut.safetensors", photo]).fails(1, "cut.safetensors");
    }
    place.umbel(&["predict", photo, photo]).fails(1, "000.png");
    place.umbel(&["predict", "nowhere", photo]).fails(1, "nowhere");
    place.umbel(&["summary", "photos"]).fails(1, "photos");

    let mut damaged = model.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(place.path("damaged.safetensors"), &damaged).unwrap();
    place.umbel(&["predict", "damaged.safetensors", photo]).fails(1, "damaged.safetensors");

    fs::write(place.path("future.safetensors"), from_the_future(&model)).unwrap();
    let ran = place.umbel(&["predict", "future.safetensors", photo]);
    ran.fails(1, "future.safetensors");
    assert!(ran.err.contains("newer"), "{}", ran.err);
}

/// The same file with its format number raised, by giving every small number in the header's metadata a try.
fn from_the_future(model: &[u8]) -> Vec<u8> {
    let length = u64::from_le_bytes(model[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&model[8..8 + length]).unwrap();
    let metadata = header["__metadata__"].as_object_mut().unwrap();
    let key = metadata.keys().find(|key| key.contains("format")).expect("a format number in the header").clone();
    metadata[&key] = "999".into();
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(&model[8 + length..]);
    file
}

#[test]
fn a_network_or_config_with_an_unknown_key() {
    let place = Place::with_photos();
    let network = crate::support::TINY.replace("filters = 4", "filters = 4\ncolour = 3");
    fs::write(place.path("tiny.toml"), network).unwrap();
    place.umbel(&tiny_training(&[])).fails(2, "colour");
    place.umbel(&["summary", "--model", "tiny.toml"]).fails(2, "colour");
    fs::write(place.path("config.toml"), "epochen = 3\n").unwrap();
    place.umbel(&["train", "photos", "--config", "config.toml"]).fails(2, "epochen");
    place.umbel(&["train", "photos", "--config", "missing.toml"]).fails(1, "missing.toml");
}

#[test]
fn a_network_whose_shapes_do_not_fit() {
    let place = Place::with_photos();
    let network = crate::support::TINY.replace("kind = \"flatten\"", "kind = \"conv2d\"\nfilters = 2\nkernel = 99");
    fs::write(place.path("tiny.toml"), network).unwrap();
    place.umbel(&tiny_training(&[])).fails(2, "conv2d_1");
}

#[test]
fn a_run_folder_that_is_there_already() {
    let place = Place::with_run();
    let before = place.contents("run");
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).fails(1, "run");
    assert_eq!(place.contents("run"), before);
}

#[test]
fn an_output_that_cannot_be_written() {
    let place = Place::with_run();
    fs::write(place.path("file"), "mine").unwrap();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "file/run"])).fails(1, "file");
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "file"])).fails(1, "file");
    place.umbel(&["preview", "photos", "--out", "file/preview.png"]).fails(1, "file");
    place.umbel(&["compare", "run", "run", "--out", "file/below"]).fails(1, "file");
    let cache = place.command(&tiny_training(&["--epochs", "1"])).env("UMBEL_CACHE", place.path("file")).output();
    crate::support::Ran::from(cache.unwrap()).fails(1, "file");
    assert_eq!(fs::read(place.path("file")).unwrap(), b"mine");
}

#[test]
fn pretrained_weights_that_cannot_be_used_stop_before_anything_is_decoded() {
    let place = Place::with_photos();
    fs::write(place.path("weights.safetensors"), "not a safetensors file at all").unwrap();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["--pretrained", "nowhere.safetensors"], 1, "no such file"),
        (&["--pretrained", "weights.safetensors"], 1, "not a whole safetensors file"),
        (&["--pretrained", "weights.safetensors", "--model", "resnet18"], 1, "not a whole safetensors file"),
        (&["--pretrained", "weights.safetensors", "--model", "umbel_s"], 2, "left out for the model umbel_s"),
    ];
    for (flags, code, part) in cases {
        let ran = place.umbel(&[&["train", "photos", "--out", "run"], flags].concat());
        ran.fails(code, part);
        assert!(!place.path("run").exists(), "{flags:?}");
    }
}
