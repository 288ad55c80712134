//! Nothing connects unless it is told to get something: every other command runs under strace, which would see it.

use std::process::{Command, Stdio};

use crate::support::{Place, Ran, tiny_training, with_recipe};

/// The lines in which a socket of the internet is made or used; `None` where strace cannot be had.
fn sockets(place: &Place, args: &[&str]) -> Option<(Ran, Vec<String>)> {
    let trace = place.path("trace.txt");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg", "-o"]).arg(&trace);
    command.arg(env!("CARGO_BIN_EXE_umbel")).args(with_recipe(args)).current_dir(place.path(""));
    command.env("UMBEL_CACHE", place.path("cache")).env("UMBEL_MODELS", place.path("models"));
    let output = command.env("LC_ALL", "C").stdin(Stdio::null()).output().ok()?;
    let ran = Ran::from(output);
    let text = std::fs::read_to_string(&trace).ok()?;
    if ran.err.contains("ptrace") && ran.err.contains("not permitted") {
        return None;
    }
    let internet = |line: &&str| line.contains("AF_INET");
    Some((ran, text.lines().filter(internet).map(String::from).collect()))
}

#[test]
fn no_command_but_get_makes_a_socket_of_the_internet() {
    let place = Place::with_run();
    let Some((_, seen)) = sockets(&place, &["get", "http://127.0.0.1:9/set.tgz"]) else {
        println!("left out, as strace is not here, or may not watch");
        return;
    };
    if cfg!(feature = "net") {
        assert!(!seen.is_empty(), "strace sees no socket where there is one");
    }
    let photo = "photos/rings/000.png";
    let train = tiny_training(&["--epochs", "1", "--out", "again"]);
    let commands: &[&[&str]] = &[
        &["demo", "--images", "40", "--epochs", "1", "--out", "demo"],
        &["get"],
        &["get", "--json"],
        &["preview", "photos"],
        &["check", "photos", "--html", "check.html"],
        &train,
        &["train", "flowers"],
        &["train", "photos", "--pretrained", "resnet18"],
        &["train", "photos", "--recipe", "auto", "--image-size", "64", "--out", "auto"],
        &["lr-find", "photos", "--model", "tiny.toml", "--image-size", "32", "--batch", "8", "--steps", "20"],
        &["models"],
        &["summary", "run"],
        &["predict", "run", photo, "--csv", "answers.csv"],
        &["explain", "run", photo],
        &["eval", "run", "photos"],
        &["report", "run"],
        &["compare", "run", "again"],
        &["bench", "decode", "--data", "photos", "--threads", "1", "--seconds", "0.05"],
        &["doctor"],
        &["completions", "bash"],
        &["man", "man"],
        &["licenses"],
        &["help"],
        &["--version"],
    ];
    for args in commands {
        let (ran, seen) = sockets(&place, args).unwrap();
        assert!(seen.is_empty(), "{args:?} connects: {seen:?}");
        let fails = matches!(args, ["train", "flowers"] | ["train", _, "--pretrained", _]);
        assert_eq!(ran.code != 0 && ran.code != 3, fails, "{args:?} did not run as it should: {ran:?}");
    }
    // None of the commands was forgotten.
    let help = place.umbel(&["help"]).out;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    let names: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 15, "{help}");
    for name in names {
        assert!(commands.iter().any(|args| args[0] == name), "{name} was not watched");
    }
}
