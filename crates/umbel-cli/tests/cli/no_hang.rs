//! Pipes, devices and endless files where a run, a split, a table or a model is read; folders without an end. All of these were waited
//! for, or read for ever.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, Ran, tiny_training};

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the program, and ends it where it takes too long.
fn in_time(place: &Place, args: &[&str]) -> Ran {
    let mut command = place.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{args:?} waits");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ran::from(child.wait_with_output().unwrap())
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn endless(path: &Path) {
    symlink("/dev/zero", path).unwrap();
}

#[test]
fn pipes_and_devices_in_a_run_folder_were_waited_for() {
    let place = Place::with_run();
    for file in [".lock", "config.toml", "model.toml", "split.csv", "last.ckpt", "history.csv", "metrics.json"] {
        for put in [pipe as fn(&Path), endless] {
            let path = place.path("run").join(file);
            let kept = fs::read(&path).ok();
            let _ = fs::remove_file(&path);
            put(&path);
            let commands: [&[&str]; 4] = [
                &["train", "--resume", "run", "--epochs", "2"],
                &["report", "run", "--out", "page.html"],
                &["check", "photos", "--split", "run"],
                &["train", "photos", "--config", "run/config.toml", "--out", "run/none/at/all"],
            ];
            for args in commands {
                let ran = in_time(&place, args);
                assert!(!ran.err.contains("panicked"), "{file}: {ran:#?}");
            }
            fs::remove_file(&path).unwrap();
            if let Some(kept) = kept {
                fs::write(&path, kept).unwrap();
            }
            let _ = fs::remove_dir_all(place.path("run/none"));
        }
    }
    in_time(&place, &["train", "--resume", "run", "--epochs", "2"]).succeeds();
}

#[test]
fn pipes_and_devices_as_tables_splits_and_models_were_waited_for() {
    let place = Place::with_run();
    pipe(&place.path("pipe"));
    pipe(&place.path("pipe.csv"));
    pipe(&place.path("pipe.toml"));
    endless(&place.path("zero.csv"));
    fs::write(place.path("photos/table.csv"), "path,label\npipe.png,a\nrings/000.png,b\n").unwrap();
    pipe(&place.path("photos/pipe.png"));
    for args in [
        tiny_training(&["--split", "pipe"]),
        tiny_training(&["--split", "zero.csv"]),
        tiny_training(&["--pretrained", "./pipe"]),
        vec!["train", "photos", "--model", "pipe.toml"],
        vec!["train", "pipe.csv"],
        vec!["train", "zero.csv"],
        vec!["train", "photos/table.csv"],
        vec!["train", "photos", "--config", "pipe"],
        vec!["predict", "pipe", "photos/rings/000.png"],
        vec!["predict", "zero.csv", "photos/rings/000.png"],
        vec!["eval", "run", "photos", "--split", "pipe"],
        vec!["check", "photos", "--split", "zero.csv"],
        vec!["summary", "--model", "pipe.toml"],
    ] {
        let ran = in_time(&place, &args);
        assert!(ran.code == 1 || ran.code == 2, "{args:?}: {ran:#?}");
        assert!(ran.err.contains("error: ") && !ran.err.contains("panicked"), "{args:?}: {ran:#?}");
    }
}

#[test]
fn pictures_were_written_wherever_a_link_for_the_plots_led() {
    let place = Place::with_run();
    fs::create_dir(place.path("elsewhere")).unwrap();
    fs::write(place.path("elsewhere/.umbel-scratch-mine"), "mine").unwrap();
    fs::remove_dir_all(place.path("run/plots")).unwrap();
    symlink("../elsewhere", place.path("run/plots")).unwrap();
    in_time(&place, &["train", "--resume", "run", "--epochs", "2"]).fails(1, "plots");
    assert_eq!(place.contents("elsewhere").len(), 1);
    fs::remove_file(place.path("run/plots")).unwrap();
    fs::remove_file(place.path("run/.lock")).unwrap();
    symlink("../made", place.path("run/.lock")).unwrap();
    in_time(&place, &["train", "--resume", "run", "--epochs", "2"]).fails(1, ".lock");
    assert!(!place.path("made").exists());
}

#[test]
fn folders_a_thousand_deep_took_their_square() {
    let place = Place::with_run();
    let mut deep = place.path("deep");
    for _ in 0..1000 {
        deep.push("a");
    }
    fs::create_dir_all(&deep).unwrap();
    // Deeper than the system knows a path to.
    let script = "for i in $(seq 1200); do mkdir a && cd a || exit 0; done";
    assert!(Command::new("sh").args(["-c", script]).current_dir(&deep).status().unwrap().success());
    fs::copy(place.path("photos/rings/000.png"), place.path("deep/a/1.png")).unwrap();
    fs::copy(place.path("photos/rings/001.png"), deep.join("2.png")).unwrap();
    symlink("../..", place.path("deep/a/up")).unwrap();
    symlink("/", place.path("deep/a/all")).unwrap();
    symlink("a", place.path("deep/again")).unwrap();
    let ran = in_time(&place, &["predict", "run", place.path("deep").to_str().unwrap()]);
    // The standard library holds a handle for each level, and has not so many.
    assert!(Command::new("rm").arg("-rf").arg(place.path("deep")).status().unwrap().success());
    assert_eq!(ran.code, 3, "two links are not followed, one folder not entered: {ran:#?}");
    assert_eq!(ran.out.lines().count(), 2, "{ran:#?}");
    assert_eq!(ran.err.matches("which is not followed").count(), 2, "{ran:#?}");
    assert_eq!(ran.err.matches("error: ").count(), 3, "{ran:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn one_folder_that_cannot_be_read_ended_all() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_run();
    let shut = place.path("photos/shut");
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
    let args = ["predict", "run", "photos", "--json"];
    // Root can read everything.
    let ran = match fs::read_dir(&shut) {
        Err(_) => in_time(&place, &args),
        Ok(_) if place.open_to_nobody() => place.umbel_as_nobody(100, &args).unwrap(),
        Ok(_) => return,
    };
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(ran.code, 3, "{ran:#?}");
    let rows = ran.json();
    assert_eq!(rows.iter().filter(|row| row.get("class").is_some()).count(), 20, "{ran:#?}");
    let refused: Vec<_> = rows.iter().filter(|row| row.get("error").is_some()).collect();
    assert!(refused.len() == 1 && refused[0]["path"].as_str().unwrap().ends_with("shut"), "{ran:#?}");
}
