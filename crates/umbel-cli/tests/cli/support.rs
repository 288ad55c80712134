//! A place to work in: a scratch folder with its own cache, drawn photos, a tiny network, and the binary.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

/// Small enough that a run takes a blink, and yet a convolutional network with everything the tutorial's has.
pub const TINY: &str = r#"
[[layer]]
kind = "random_flip"
mode = "horizontal"

[[layer]]
kind = "rescaling"
scale = 0.003921569

[[layer]]
kind = "conv2d"
filters = 4
kernel = 3
padding = "same"
activation = "relu"

[[layer]]
kind = "max_pool2d"

[[layer]]
kind = "dropout"
rate = 0.1

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 2
"#;

/// A scratch folder.
pub struct Place {
    folder: TempDir,
}

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A training that names none begins with the tutorial's recipe: most tests are about something else, and its network is small.
pub fn with_recipe<S: AsRef<OsStr>>(args: &[S]) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.iter().map(|arg| arg.as_ref().to_owned()).collect();
    let names_none = |arg: &OsString| {
        !["--recipe", "--config", "--resume", "--pretrained", "--help", "-h"].iter().any(|name| arg == name)
    };
    if args.first().is_some_and(|command| command == "train") && args.iter().all(names_none) {
        args.splice(1..1, ["--recipe", "tutorial"].map(OsString::from));
    }
    args
}

impl Place {
    pub fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        fs::write(place.path("tiny.toml"), TINY).unwrap();
        place
    }

    /// With a folder `photos` of two classes, ten photos each.
    pub fn with_photos() -> Self {
        let place = Place::new();
        place.draw("photos", &["rings", "stripes"], 10);
        place
    }

    /// With a trained run, too: `run`.
    pub fn with_run() -> Self {
        let place = Place::with_photos();
        let ran = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"]));
        assert_eq!(ran.code, 0, "{ran:?}");
        place
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Draws `n` photos of each class below `folder`.
    pub fn draw(&self, folder: &str, classes: &[&str], n: u32) {
        for (class, name) in classes.iter().enumerate() {
            let class_folder = self.path(folder).join(name);
            fs::create_dir_all(&class_folder).unwrap();
            for number in 0..n {
                draw(class, number).save(class_folder.join(format!("{number:03}.png"))).unwrap();
            }
        }
    }

    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_umbel"));
        command.args(with_recipe(args)).current_dir(self.folder.path()).env("UMBEL_CACHE", self.path("cache"));
        // In English, whatever is spoken here.
        command.env("LC_ALL", "C").env_remove("UMBEL_ISA").stdin(Stdio::null());
        command
    }

    pub fn umbel<S: AsRef<OsStr>>(&self, args: &[S]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// As nobody, who has no other processes: so many, threads among them, are all that the program has. `None` where that cannot be
    /// done here.
    #[cfg(target_os = "linux")]
    pub fn umbel_as_nobody(&self, processes: usize, args: &[&str]) -> Option<Ran> {
        let mut command = Command::new("prlimit");
        command.args([&format!("--nproc={processes}"), "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(env!("CARGO_BIN_EXE_umbel")).args(with_recipe(args));
        command.current_dir(self.folder.path()).env("UMBEL_CACHE", self.path("cache")).env("LC_ALL", "C");
        command.output().ok().map(Ran::from)
    }

    /// Lets nobody work here; whether it can.
    #[cfg(target_os = "linux")]
    pub fn open_to_nobody(&self) -> bool {
        use std::os::unix::fs::PermissionsExt;
        for folder in ["", "cache", "out"] {
            fs::create_dir_all(self.path(folder)).unwrap();
            fs::set_permissions(self.path(folder), fs::Permissions::from_mode(0o777)).unwrap();
        }
        self.umbel_as_nobody(50, &["models"]).is_some_and(|ran| ran.code == 0)
    }

    pub fn umbel_with_input<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Every file below `name` with its contents, so that two moments can be compared.
    pub fn contents(&self, name: &str) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    found.push((path.clone(), Vec::new()));
                    walk(&path, found);
                } else {
                    found.push((path.clone(), fs::read(&path).unwrap()));
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.path(name), &mut found);
        found.sort();
        found
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Asserts that this failed by the contract: this code, one error line that names `thing`, and no panic.
    #[track_caller]
    pub fn fails(&self, code: i32, thing: &str) {
        assert_eq!(self.code, code, "{self:#?}");
        let errors: Vec<&str> = self.err.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "one error line: {self:#?}");
        assert!(self.err.contains(thing), "the message names {thing:?}: {self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
    }

    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Every line of standard output as a JSON object; anything else there is a failure.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| -> Value {
            let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(matches!(value, Value::Object(_)), "{line}");
            value
        };
        self.out.lines().map(parse).collect()
    }
}

/// The arguments of a training of the tiny network on `photos`, with more at the end.
pub fn tiny_training<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["train", "photos", "--model", "tiny.toml", "--image-size", "32", "--batch", "8"];
    args.extend(more);
    args
}

/// The keys of a JSON object, in its order or not.
pub fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Rings or stripes before patches of which no two photos have the same, so that none passes for a copy of another.
fn draw(class: usize, number: u32) -> RgbImage {
    RgbImage::from_fn(32, 32, |x, y| {
        let (dx, dy) = (x as f32 - 16.0, y as f32 - 16.0);
        let phase = number as f32 * 0.7;
        let wave = if class == 0 { (dx * dx + dy * dy).sqrt() + phase } else { x as f32 + phase };
        let value = (127.0 + 100.0 * wave.sin()) as u8;
        let mut patch = (x / 4) ^ ((y / 4) << 8) ^ ((number * 2 + class as u32 + 1) << 16);
        for _ in 0..2 {
            patch = (patch ^ (patch >> 15)).wrapping_mul(0x2C1B_3C6D);
        }
        Rgb([value, (patch >> 24) as u8, 255 - value])
    })
}

/// The first bytes of a PNG that says it is 100,000 x 100,000 pixels, followed by almost nothing.
pub fn huge_png() -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(100_000u32.to_be_bytes());
    header.extend(100_000u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(13u32.to_be_bytes());
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png.extend([0, 0, 0, 4]);
    png.extend(b"IDATxxxx\0\0\0\0");
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
