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

#[test]
fn parts_that_the_data_come_with_are_checked_for_leaks() {
    let place = Place::new();
    for (part, start) in [("train", 0), ("val", 100)] {
        for class in ["left", "right"] {
            fs::create_dir_all(place.path("photos").join(part).join(class)).unwrap();
            for number in 0..6 {
                let path = place.path("photos").join(part).join(class).join(format!("{number}.png"));
                patches(start + class.len() as u64 * 1000 + number).save(path).unwrap();
            }
        }
    }
    fs::copy(place.path("photos/train/left/3.png"), place.path("photos/val/left/again.png")).unwrap();
    let ran = place.umbel(&["check", "photos"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(ran.out.contains("One picture in two parts of the split: 1"), "{}", ran.out);
    assert!(ran.out.contains("val/left/again.png: a validation photo that has the same bytes as train/left/3.png"));
    let args = ["train", "photos", "--model", "tiny.toml", "--image-size", "32", "--epochs", "1", "--out", "run"];
    let trained = place.umbel(&args);
    trained.succeeds();
    let warnings: Vec<&str> = trained.err.lines().filter(|line| line.starts_with("Warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{}", trained.err);
    assert!(warnings[0].contains("1 photo") && warnings[0].contains("umbel check photos names"), "{}", trained.err);
    // The page said nothing of it, and sent its reader to this command.
    for page in ["run/report.html", "again.html"] {
        // Paths may break behind their signs.
        let page = fs::read_to_string(place.path(page)).unwrap().replace("<wbr>", "");
        assert!(page.contains("shows the same as a training photo."), "{page}");
        assert!(page.contains("val/left/again.png") && page.contains("train/left/3.png"));
        place.umbel(&["report", "run", "--out", "again.html"]).succeeds();
    }
    let compared = place.umbel(&["compare", "run", "run", "--out", "compared"]);
    assert!(compared.succeeds().out.contains("1 validation photo of run shows the same"), "{}", compared.out);
    assert!(
        fs::read_to_string(place.path("compared/compare.html")).unwrap().contains("1 validation photo of run shows")
    );
}

/// Reddish and bluish pictures, so many of each; one of either lies in the other's class.
fn mislabeled_photos(each: u64) -> Place {
    let place = Place::new();
    for (class, other, channel) in [("left", "right", 0), ("right", "left", 2)] {
        for number in 0..each {
            let mut picture = patches(channel as u64 * 1000 + number);
            picture.pixels_mut().for_each(|pixel| {
                *pixel = Rgb(pixel.0.map(|value| value / 3));
                pixel[channel] += 150;
            });
            let class = if number == 5 { other } else { class };
            fs::create_dir_all(place.path("photos").join(class)).unwrap();
            picture.save(place.path("photos").join(class).join(format!("{channel}{number:02}.png"))).unwrap();
        }
    }
    place
}

/// Twelve of each, and a run on them.
fn mislabeled() -> Place {
    let place = mislabeled_photos(12);
    let args = ["train", "photos", "--model", "tiny.toml", "--image-size", "32", "--batch", "8", "--lr", "0.005"];
    place.umbel(&[&args[..], &["--epochs", "20", "--out", "run"]].concat()).succeeds();
    place
}

#[test]
fn a_run_tells_which_labels_are_disputed() {
    let place = mislabeled();
    let (photos, run) = (place.contents("photos"), place.contents("run"));
    let args = ["check", "photos", "--run", "run", "--folds", "4", "--out", "found", "--html", "found.html"];
    let ran = place.umbel(&args);
    assert_eq!(ran.code, 0, "suspects alone are no fault: {ran:#?}");
    let heading = "Labels that the network disputes, surest first (suspects): 2";
    let listed: Vec<&str> = ran.out.lines().skip_while(|line| *line != heading).skip(1).take(2).collect();
    assert!(listed.iter().any(|line| line.starts_with("  left/205.png: rather right (")), "{ran:#?}");
    assert!(listed.iter().any(|line| line.starts_with("  right/005.png: rather left (")), "{ran:#?}");
    assert!(ran.out.contains("Judged 24 labels in "), "{}", ran.out);
    assert!(ran.err.contains("Fold 4 of 4") && ran.err.contains("All 4 folds will take "), "{}", ran.err);
    assert!(!ran.out.contains("Fold") && !ran.out.contains("Epoch"), "{}", ran.out);
    let table = fs::read_to_string(place.path("found/disputes.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!((lines[0], lines.len()), ("path,class,suggested,class_probability,suggested_probability", 3), "{table}");
    assert!(table.contains("\nleft/205.png,left,right,"), "{table}");
    assert!(fs::read_to_string(place.path("found/problems.csv")).unwrap().contains("right/005.png,label-dispute,"));
    let page = fs::read_to_string(place.path("found.html")).unwrap();
    // How far it can be believed stands there, too: it was in the terminal alone.
    let about = "Judged 24 labels in ";
    let line = ran.out.lines().find(|line| line.starts_with(about)).unwrap();
    assert!(page.contains("Labels that the network disputes") && page.contains(line), "{line}");

    let json = place.umbel(&["check", "photos", "--run", "run", "--folds", "4", "--json"]);
    let lines = json.json();
    assert_eq!((json.code, lines.len()), (0, 1), "{json:#?}");
    let problems = lines[0]["problems"].as_array().unwrap();
    let first = &problems[0];
    assert_eq!((&first["kind"], keys(first)), (&"label-dispute".into(), vec!["detail", "kind", "path", "suggested"]));
    assert_eq!(first["path"].as_str().unwrap(), table.lines().nth(1).unwrap().split(',').next().unwrap());
    assert_eq!(place.contents("photos"), photos, "the user's folder is as it was");
    assert_eq!(place.contents("run"), run, "and so is the run");
}

#[test]
fn a_check_alone_finds_suspects_and_leaves_the_exit_code() {
    let place = mislabeled_photos(30);
    let photos = place.contents("photos");
    let ran = place.umbel(&["check", "photos", "--out", "found", "--plan", "plan.csv"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert!(ran.out.contains("Labels that the network disputes, surest first (suspects): 2"), "{ran:#?}");
    for suspect in ["  left/205.png: rather right (", "  right/005.png: rather left ("] {
        assert!(ran.out.contains(suspect), "{ran:#?}");
    }
    assert!(ran.out.contains("Nothing is surely wrong; the suspects are for a person to look at."), "{ran:#?}");
    assert!(ran.out.contains("Judged 60 labels in ") && !ran.err.contains("Epoch"), "{ran:#?}");
    let found = fs::read_to_string(place.path("found/disputes.csv")).unwrap();
    assert_eq!(found.lines().count(), 3, "{found}");
    let plan = fs::read_to_string(place.path("plan.csv")).unwrap();
    assert!(plan.contains("\nrelabel,left/205.png,right,"), "{plan}");
    assert_eq!(place.contents("photos"), photos, "the user's folder is as it was");

    assert_eq!(place.umbel(&["check", "photos", "--strict"]).code, 3);
    let without = place.umbel(&["check", "photos", "--labels", "none", "--strict"]);
    assert!(without.succeeds().out.contains("Nothing is wrong with them.") && !without.out.contains("Judged"));
    place.umbel(&["check", "photos", "--labels", "none", "--run", "runs/x"]).fails(1, "runs/x");
    place.umbel(&["check", "photos", "--labels", "some"]).fails(2, "all, none");
}

#[test]
fn few_photos_are_judged_only_where_that_is_asked_for() {
    let place = mislabeled_photos(12);
    assert!(!place.umbel(&["check", "photos"]).succeeds().out.contains("Judged"));
    assert!(place.umbel(&["check", "photos", "--labels"]).succeeds().out.contains("Judged 24 labels in "));
    // Asked for, what hinders is a failure; else the rest of the check counts.
    for number in 0..12 {
        fs::write(place.path(format!("photos/right/2{number:02}.png")), "no picture").unwrap();
    }
    fs::remove_file(place.path("photos/right/005.png")).unwrap();
    place.umbel(&["check", "photos", "--labels"]).fails(1, "where two are needed");
    assert_eq!(place.umbel(&["check", "photos"]).code, 3);
}

#[test]
fn a_run_that_is_none_is_said_before_any_work() {
    let place = sound_folder();
    place.umbel(&["check", "photos", "--run", "nowhere"]).fails(1, "nowhere");
    place.umbel(&["check", "photos", "--folds", "3"]).fails(2, "--run");
    place.umbel(&["check", "photos", "--run", "photos", "--epochs", "0"]).fails(2, "--epochs");
}

#[cfg(unix)]
#[test]
fn a_stopped_search_for_disputed_labels_keeps_what_was_found() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let place = mislabeled();
    fs::write(place.path("photos/left/words.jpg"), "only words").unwrap();
    let args = ["check", "photos", "--run", "run", "--epochs", "100000", "--out", "found"];
    let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("Epoch 1/")), "no epoch was finished");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    let ran = crate::support::Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{ran:#?} {rest:?}");
    assert!(ran.out.contains("words.jpg") && !ran.out.contains("disputes"), "{ran:#?}");
    assert!(rest.iter().any(|line| line.contains("the labels were not judged")), "{rest:?}");
    assert!(place.path("found/problems.csv").exists() && !place.path("found/disputes.csv").exists());
}

#[test]
fn a_picture_that_cannot_fit_into_the_memory_is_listed() {
    let place = sound_folder();
    RgbImage::new(3000, 2000).save(place.path("photos/left/large.png")).unwrap();
    let ran = place.umbel(&["check", "photos", "--memory", "16MB", "--html", "page.html"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("left/large.png: 3000 x 2000 pixels"), "{}", ran.out);
    assert!(ran.out.contains("that pictures may take together; allow more"), "{}", ran.out);
    let roomy = place.umbel(&["--memory", "1GB", "check", "photos"]);
    assert!(!roomy.out.contains("take together"), "{}", roomy.out);
    for bad in ["3", "15MB", "much"] {
        let ran = place.umbel(&["check", "photos", "--memory", bad]);
        assert!(ran.code == 2 && ran.err.contains("for instance 512MB"), "{ran:?}");
    }
}

#[test]
fn the_folder_as_a_whole_was_called_a_dot() {
    let place = sound_folder();
    fs::write(place.path("photos/left/film.mp4"), "film").unwrap();
    let ran = place.umbel(&["check", "photos", "--labels", "none", "--html", "check.html"]);
    assert!(ran.succeeds().out.contains("  the whole folder: Passed over 1 file"), "{ran:?}");
    let page = fs::read_to_string(place.path("check.html")).unwrap();
    assert!(page.contains("<td class=\"path\">the whole folder</td>"), "{page}");
}
