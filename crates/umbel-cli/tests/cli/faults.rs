//! The machine says no: full disks, closed folders, no handles left, photos and caches that vanish or change, two runs at
//! once. Each ends in a clear message or is got over, and the last good checkpoint stays whole.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::kill::{nothing_is_left_over, same};
use crate::support::{Place, Ran, tiny_training, with_recipe};

/// A file system of its own, as long as it is held: of so few kilobytes, or closed for writing. `None`, with a word why,
/// where the tests may not mount.
struct Mount(PathBuf);

impl Mount {
    fn new(at: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Mount(at));
        }
        println!("skipped: file systems cannot be mounted here");
        None
    }

    fn again(&self, options: &str) {
        let changed = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(changed.unwrap().success(), "{options}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Runs umbel after `set_up` in a shell, which may limit what it can have.
fn limited(place: &Place, set_up: &str, args: &[&str]) -> Ran {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{set_up}\nexec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_umbel")]).args(with_recipe(args));
    command.current_dir(place.path("")).env("UMBEL_CACHE", place.path("cache")).env_remove("UMBEL_ISA");
    Ran::from(command.stdin(Stdio::null()).output().unwrap())
}

/// Starts a long run and waits until it is in its second epoch.
fn long_run(place: &Place, out: &str) -> Child {
    let args = tiny_training(&["--epochs", "100000", "--out", out]);
    let mut child = place.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("Epoch 1/")), "no epoch was finished");
    // Reads on, so that the run never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn packs(place: &Place) -> Vec<PathBuf> {
    let files = fs::read_dir(place.path("cache")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "umbel-pack")).collect()
}

#[test]
fn a_full_disk_leaves_the_last_checkpoint_whole() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "3", "--out", "whole"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).succeeds();
    let checkpoint = fs::read(place.path("run/last.ckpt")).unwrap();
    // No file may grow beyond 16 KiB: the model fits, the checkpoint does not.
    let full = "trap '' XFSZ; ulimit -f 16";
    limited(&place, full, &["train", "--resume", "run", "--epochs", "3"]).fails(1, "last.ckpt");
    assert!(fs::read(place.path("run/last.ckpt")).unwrap() == checkpoint, "the last good checkpoint");
    nothing_is_left_over(&place, "run");
    place.umbel(&["train", "--resume", "run", "--epochs", "3"]).succeeds();
    same(&place, "whole", "run");

    fs::remove_dir_all(place.path("cache")).unwrap();
    limited(&place, full, &tiny_training(&["--out", "another"])).fails(1, "--cache DIR");
    assert!(!place.path("another").exists() && packs(&place).is_empty());
    nothing_is_left_over(&place, "cache");
}

#[test]
fn a_disk_that_is_really_full_leaves_the_last_checkpoint_whole() {
    let place = Place::with_photos();
    let Some(disk) = Mount::new(place.path("disk"), "size=4m") else { return };
    place.umbel(&tiny_training(&["--epochs", "3", "--out", "whole"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "disk/run"])).succeeds();
    let kept = ["last.ckpt", "model.safetensors", "history.csv"].map(|name| place.path("disk/run").join(name));
    let before = kept.clone().map(|path| fs::read(path).unwrap());
    let filler = place.path("disk/filler");
    // Writes until the system says that there is no more room.
    assert!(fs::write(&filler, vec![0; 8 << 20]).is_err());
    let ran = place.umbel(&["train", "--resume", "disk/run", "--epochs", "3"]);
    ran.fails(1, "disk/run");
    assert!(ran.err.contains("No space left"), "{ran:#?}");
    assert!(kept.clone().map(|path| fs::read(path).unwrap()) == before, "the last good checkpoint");
    nothing_is_left_over(&place, "disk/run");
    place.umbel(&tiny_training(&["--out", "disk/another"])).fails(1, "disk/another");
    let small_cache = tiny_training(&["--cache", "disk/cache", "--out", "elsewhere"]);
    place.umbel(&small_cache).fails(1, "--cache DIR");
    fs::remove_file(filler).unwrap();
    place.umbel(&["train", "--resume", "disk/run", "--epochs", "3"]).succeeds();
    same(&place, "whole", "disk/run");
    drop(disk);
}

#[test]
fn a_disk_that_becomes_read_only_is_named() {
    let place = Place::with_photos();
    let Some(disk) = Mount::new(place.path("disk"), "size=8m") else { return };
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "disk/run"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "3", "--out", "whole"])).succeeds();
    let before = place.contents("disk/run");
    disk.again("ro");
    let ran = place.umbel(&["train", "--resume", "disk/run", "--epochs", "3"]);
    ran.fails(1, "disk/run");
    assert!(ran.err.contains("Read-only file system"), "{ran:#?}");
    place.umbel(&tiny_training(&["--out", "disk/another"])).fails(1, "disk/another");
    place.umbel(&tiny_training(&["--cache", "disk/cache", "--out", "elsewhere"])).fails(1, "--cache DIR");
    // What only reads still works.
    place.umbel(&["predict", "disk/run", "photos/rings/000.png"]).succeeds();
    assert!(place.contents("disk/run") == before, "nothing was changed");
    disk.again("rw");
    place.umbel(&["train", "--resume", "disk/run", "--epochs", "3"]).succeeds();
    same(&place, "whole", "disk/run");
}

#[test]
fn photos_may_lie_on_a_disk_that_cannot_be_written() {
    let place = Place::with_photos();
    let Some(disk) = Mount::new(place.path("disk"), "size=8m") else { return };
    let copied = Command::new("cp").arg("-r").args([place.path("photos"), place.path("disk/photos")]).status();
    assert!(copied.unwrap().success());
    disk.again("ro");
    let mut args = tiny_training(&["--epochs", "1", "--out", "run"]);
    args[1] = "disk/photos";
    place.umbel(&args).succeeds();
    place.umbel(&["check", "disk/photos", "--out", "checked"]);
    assert!(place.path("checked/problems.csv").exists());
}

#[test]
fn stopped_by_sigterm_a_run_goes_on_to_the_same_bits() {
    let place = Place::with_photos();
    let mut child = long_run(&place, "run");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(1), "as with Ctrl-C");
    let epochs = (fs::read_to_string(place.path("run/history.csv")).unwrap().lines().count() + 2).to_string();
    place.umbel(&["train", "--resume", "run", "--epochs", &epochs]).succeeds();
    place.umbel(&tiny_training(&["--epochs", &epochs, "--out", "whole"])).succeeds();
    same(&place, "whole", "run");
}

#[test]
fn more_memory_than_there_is_is_refused_before_it_is_taken() {
    let place = Place::with_photos();
    fs::write(place.path("large.toml"), LARGE).unwrap();
    let mut args = tiny_training(&["--epochs", "1", "--out", "run"]);
    let model = args.iter().position(|arg| *arg == "tiny.toml").unwrap();
    let ran = place.umbel(&args);
    ran.succeeds();
    let line = ran.err.lines().find(|line| line.starts_with("Training needs ")).unwrap_or_default();
    assert!(line.contains("MB of memory") && line.contains("of the cache"), "{ran:#?}");
    args[model] = "large.toml";
    let other = args.iter().position(|arg| *arg == "run").unwrap();
    args[other] = "another";
    let batch = args.iter().position(|arg| *arg == "8").unwrap();
    args[batch] = "16";
    let ran = place.umbel(&args);
    ran.fails(1, "MiB of memory");
    assert!(ran.err.contains("lower the batch size"), "{ran:#?}");
    assert!(!place.path("another/last.ckpt").exists());
}

/// Weights of 20 MB, and buffers of more than a hundred gigabytes.
const LARGE: &str = r#"
[[layer]]
kind = "conv2d"
filters = 1000000
kernel = 1
padding = "same"

[[layer]]
kind = "global_avg_pool2d"

[[layer]]
kind = "dense"
units = 2
"#;

#[test]
fn output_that_cannot_be_written_is_no_panic() {
    let place = Place::new();
    let ran = limited(&place, "exec > /dev/full", &["summary", "--model", "cnn"]);
    assert!(ran.code != 0 && !ran.err.contains("panicked"), "{ran:#?}");
}

#[test]
fn folders_without_permission_are_named() {
    let place = Place::with_photos();
    for folder in ["", "open", "closed", "hidden"] {
        fs::create_dir_all(place.path(folder)).unwrap();
        fs::set_permissions(place.path(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(place.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(place.path("hidden"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root may write anywhere; the tests then run umbel as nobody.
    let as_nobody = |args: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_umbel")])
            .args(with_recipe(args));
        command.current_dir(place.path("")).env("UMBEL_CACHE", place.path("open/cache")).stdin(Stdio::null());
        command.output().map(Ran::from)
    };
    let root = fs::write(place.path("closed/probe"), "").is_ok();
    let run = |args: &[&str]| if root { as_nobody(args) } else { Ok(place.umbel(args)) };
    if !run(&["--version"]).is_ok_and(|ran| ran.code == 0) {
        println!("skipped: umbel cannot be run here by a user without privileges");
        return;
    }
    run(&tiny_training(&["--out", "closed/run"])).unwrap().fails(1, "closed/run");
    run(&tiny_training(&["--out", "open/run", "--cache", "closed/cache"])).unwrap().fails(1, "--cache DIR");
    assert!(!place.path("open/run").exists());
    run(&["train", "hidden", "--out", "open/run"]).unwrap().fails(1, "hidden");
    // One photo that may not be read is listed; the run goes on.
    fs::set_permissions(place.path("photos/rings/003.png"), fs::Permissions::from_mode(0o000)).unwrap();
    let ran = run(&tiny_training(&["--epochs", "1", "--out", "open/run"])).unwrap();
    assert_eq!(ran.code, 3, "{ran:#?}");
    let problems = fs::read_to_string(place.path("open/run/problems.csv")).unwrap();
    assert!(problems.contains("rings/003.png,unreadable,"), "{problems}");
}

#[test]
fn out_of_file_handles_no_photo_is_left_out() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "whole"])).succeeds();
    for handles in 3..12 {
        let _ = fs::remove_dir_all(place.path("cache"));
        let _ = fs::remove_dir_all(place.path("run"));
        let args = tiny_training(&["--epochs", "1", "--out", "run"]);
        let ran = limited(&place, &format!("ulimit -n {handles}"), &args);
        assert!(!ran.err.contains("panicked"), "{handles} handles: {ran:#?}");
        match ran.code {
            0 => same(&place, "whole", "run"),
            // Below four the system cannot even load the program.
            127 => {}
            code => assert!(code == 1 && ran.err.contains("error"), "{handles} handles: {ran:#?}"),
        }
    }
}

#[test]
fn photos_and_cache_may_change_while_a_run_is_under_way() {
    let place = Place::with_photos();
    let mut child = long_run(&place, "run");
    let photo = place.path("photos/rings/003.png");
    let bytes = fs::read(&photo).unwrap();
    fs::remove_file(&photo).unwrap();
    fs::write(place.path("photos/rings/004.png"), "changed").unwrap();
    fs::remove_dir_all(place.path("cache")).unwrap();
    let before = history_lines(&place);
    while history_lines(&place) < before + 3 {
        assert!(matches!(child.try_wait(), Ok(None)), "the run has ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(1), "SIGTERM stops as Ctrl-C does");
    let checkpoint = fs::read(place.path("run/last.ckpt")).unwrap();
    place.umbel(&["train", "--resume", "run"]).fails(1, "rings/003.png");
    fs::write(&photo, bytes).unwrap();
    let ran = place.umbel(&["train", "--resume", "run"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.err.contains("rings/004.png") || ran.err.contains("other photos or labels"), "{ran:#?}");
    assert!(fs::read(place.path("run/last.ckpt")).unwrap() == checkpoint, "the last good checkpoint");
}

fn history_lines(place: &Place) -> usize {
    fs::read_to_string(place.path("run/history.csv")).unwrap().lines().count()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_cache_that_was_damaged_or_deleted_is_made_anew() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "3", "--out", "whole"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).succeeds();
    let pack = packs(&place).pop().unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[5000] ^= 1;
    fs::write(&pack, bytes).unwrap();
    place.umbel(&["train", "--resume", "run", "--epochs", "2"]).succeeds();
    fs::remove_dir_all(place.path("cache")).unwrap();
    place.umbel(&["train", "--resume", "run", "--epochs", "3"]).succeeds();
    same(&place, "whole", "run");
}

#[test]
fn two_runs_at_once_share_a_cache() {
    let place = Place::with_photos();
    let start = |out| {
        let args = tiny_training(&["--epochs", "2", "--out", out]);
        place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs = [start("one"), start("two"), start("three")];
    for child in runs {
        Ran::from(child.wait_with_output().unwrap()).succeeds();
    }
    same(&place, "one", "two");
    same(&place, "one", "three");
    assert_eq!(packs(&place).len(), 1);
    nothing_is_left_over(&place, "cache");
}

#[test]
fn one_run_folder_takes_one_run() {
    let place = Place::with_photos();
    let mut child = long_run(&place, "run");
    place.umbel(&["train", "--resume", "run"]).fails(1, "in use by another run");
    place.umbel(&tiny_training(&["--out", "run"])).fails(1, "exists already");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_run_folder_may_lie_on_another_file_system() {
    let place = Place::with_photos();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: no /dev/shm to write to");
        return;
    };
    let out = other.path().join("run");
    let out = out.to_str().unwrap();
    place.umbel(&tiny_training(&["--epochs", "2", "--out", "here"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", out])).succeeds();
    place.umbel(&["train", "--resume", out, "--epochs", "2"]).succeeds();
    same(&place, "here", out);
}
