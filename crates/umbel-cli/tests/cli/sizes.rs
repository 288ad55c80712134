//! The ends of what the flags allow, through a whole run: sizes, batches and classes; and the memory that was foreseen.

use std::fs;

use crate::support::{Place, TINY, tiny_training};

#[test]
fn the_smallest_and_the_largest_photos_and_batches() {
    let place = Place::with_photos();
    for (size, batch) in [("32", "1"), ("512", "3"), ("33", "512")] {
        let run = format!("run-{size}");
        let args = ["train", "photos", "--model", "tiny.toml", "--epochs", "1", "--out", &run];
        let ran = place.umbel(&[&args[..], &["--image-size", size, "--batch", batch]].concat());
        ran.succeeds();
        place.umbel(&["predict", &run, "photos/rings/000.png"]).succeeds();
    }
    for (flag, values) in [("--image-size", ["31", "513"]), ("--batch", ["0", "513"])] {
        for value in values {
            place.umbel(&tiny_training(&[flag, value, "--out", "never"])).fails(2, flag);
        }
    }
}

/// Class folders of one photo for training and one for validation each.
#[test]
fn a_thousand_classes() {
    let place = Place::new();
    for class in 0..1000u32 {
        let folder = place.path(format!("photos/class-{class:04}"));
        fs::create_dir_all(&folder).unwrap();
        for photo in 0..2u32 {
            // No two are alike.
            let noise = |at: u32| {
                let mut mixed = at ^ ((2 * class + photo + 1) << 12);
                for _ in 0..3 {
                    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D);
                }
                (mixed >> 24) as u8
            };
            let pixels: Vec<u8> = (0..8 * 8 * 3).map(noise).collect();
            fs::write(folder.join(format!("{photo}.ppm")), [b"P6\n8 8\n255\n", &pixels[..]].concat()).unwrap();
        }
    }
    fs::write(place.path("thousand.toml"), TINY.replace("units = 2", "units = 1000")).unwrap();
    let args =
        ["train", "photos", "--model", "thousand.toml", "--image-size", "32", "--epochs", "1", "--val-split", "0.5"];
    let ran = place.umbel(&[&args[..], &["--out", "run", "--json"]].concat());
    ran.succeeds();
    let events = ran.json();
    assert_eq!(events[0]["classes"].as_array().unwrap().len(), 1000);
    let size = fs::metadata(place.path("run/report.html")).unwrap().len();
    assert!(size < 10_000_000, "the page has {size} bytes");
    let size = fs::metadata(place.path("run/plots/confusion.svg")).unwrap().len();
    assert!(size < 2_000_000, "the confusion matrix has {size} bytes");
    let ran = place.umbel(&["predict", "run", "photos/class-0007/0.ppm", "--json"]);
    assert_eq!(ran.json()[0]["top"].as_array().unwrap().len(), 5);
}

/// Two batches: what the program takes by itself is in both peaks, so that it falls out of the difference.
#[cfg(target_os = "linux")]
#[test]
fn a_run_takes_the_memory_that_was_foreseen() {
    let place = Place::new();
    place.draw("photos", &["rings", "stripes"], 100);
    let size = ["--model", "cnn", "--image-size", "160"];
    let measured = |batch: &str| {
        let args =
            [&["train", "photos", "--epochs", "1", "--batch", batch, "--out", batch, "--json"], &size[..]].concat();
        let ran = place.umbel(&args);
        ran.succeeds();
        let said = ran.err.split("Training needs ").nth(1).unwrap().split(" MB").next().unwrap();
        let foreseen: f64 = said.parse().unwrap();
        let peak = ran.json().last().unwrap()["peak_rss_bytes"].as_f64().unwrap() / 1e6;
        let summary = place.umbel(&[&["summary", "--classes", "2", "--batch", batch], &size[..]].concat());
        let said = summary.out.split(" needs ").nth(1).unwrap().split(" MB").next().unwrap();
        let summed: f64 = said.parse().unwrap();
        assert!((summed - foreseen).abs() <= 1.0, "summary says {summed} MB, train {foreseen} MB");
        (foreseen, peak)
    };
    let ((few, few_peak), (many, many_peak)) = (measured("8"), measured("32"));
    let (foreseen, used) = (many - few, many_peak - few_peak);
    assert!(foreseen > 40.0, "{foreseen} MB");
    // A loader that is the slower one has not all four batches of photos under way that it may have.
    let share = used / foreseen;
    assert!((0.8..1.05).contains(&share), "foreseen {few} and {many} MB, used {few_peak} and {many_peak} MB");
    // The program itself, its threads' scratch and the photos being decoded.
    let own = many_peak - many;
    assert!((-0.1 * many..60.0).contains(&own), "foreseen {many} MB, used {many_peak} MB");
}

#[test]
fn what_cannot_fit_is_foreseen_without_being_taken() {
    let place = Place::new();
    let args = ["summary", "--model", "cnn", "--image-size", "512", "--batch", "512", "--classes", "1000"];
    let ran = place.umbel(&args);
    ran.succeeds();
    let line = ran.out.lines().last().unwrap();
    let gigabytes: f64 = line.split(" needs ").nth(1).unwrap().split(" GB").next().unwrap().parse().unwrap();
    assert!(line.starts_with("One training step of 512 photos needs ") && gigabytes > 5.0, "{line}");
}
