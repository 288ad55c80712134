//! What is held of errors: a cause is told once, a kind says what an error means, and no text of the library speaks of flags
//! or commands, as whoever calls it may have none.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use umbel::base::error::{FileFault, with_causes};
use umbel::data::{self, Index, ManifestError, SplitFileError};
use umbel::{Error, ErrorKind, PredictError, get, run, train};

use crate::floors::{block_comment, quoted, raw_string, sources};

#[test]
fn a_cause_is_told_once() {
    let path = || PathBuf::from("here");
    let source = || io::Error::new(io::ErrorKind::PermissionDenied, "permission denied");
    let caused: [(Error, &str); 5] = [
        (
            PredictError::Io { action: "read", path: path(), source: source() }.into(),
            "cannot read here: permission denied",
        ),
        (
            run::Error::RunNotWritable { path: path(), source: source() }.into(),
            "cannot write to the run folder here: permission denied",
        ),
        (
            data::Error::Cache { action: "write", folder: path(), source: source() }.into(),
            "cannot write in the cache folder here: permission denied",
        ),
        (
            data::Error::Manifest { path: path(), source: ManifestError::Malformed("no commas".into()) }.into(),
            "the table here cannot be used: it is not a well-formed CSV file: no commas",
        ),
        (
            data::Error::SplitFile { path: path(), source: SplitFileError::UnknownPart { line: 2, part: "x".into() } }
                .into(),
            "the split file here cannot be used: line 2 has the part \"x\"; expected train, val or test",
        ),
    ];
    for (error, whole) in &caused {
        let cause = error.source().expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause), "{error} repeats {cause}");
        assert_eq!(with_causes(error), *whole);
    }
    assert_eq!(with_causes(&Error::Interrupted), "stopped by the user");
}

#[test]
fn an_errors_kind_is_that_of_its_room() {
    let path = || PathBuf::from("here");
    let kinds: [(Error, ErrorKind); 13] = [
        (Index::scan(&path().join("nowhere")).unwrap_err(), ErrorKind::Data),
        (data::GroupBy::new("(").unwrap_err(), ErrorKind::Setting),
        (data::Error::Pack { path: path(), detail: "were cut short".into() }.into(), ErrorKind::File),
        (run::Error::RunBusy { path: path() }.into(), ErrorKind::Busy),
        (run::Error::RunExists { path: path() }.into(), ErrorKind::Io),
        (run::Error::NotARun { path: path(), detail: String::new() }.into(), ErrorKind::File),
        (train::Error::Memory { needed_bytes: 2, available_bytes: 1 }.into(), ErrorKind::Memory),
        (
            get::Error::Download { url: String::new(), by_hand_as: None, fault: get::Fault::Status { status: 404 } }
                .into(),
            ErrorKind::Network,
        ),
        (PredictError::OutOfMemory { batch: 1, bytes: 1 }.into(), ErrorKind::Memory),
        (PredictError::ModelFile { path: path(), fault: FileFault::TooLarge(1) }.into(), ErrorKind::Memory),
        (PredictError::ModelFile { path: path(), fault: FileFault::Damaged }.into(), ErrorKind::File),
        (Error::FolderNotEmpty { path: path() }, ErrorKind::Io),
        (Error::Interrupted, ErrorKind::Interrupted),
    ];
    for (error, kind) in kinds {
        assert_eq!(error.kind(), kind, "{error}");
    }
}

/// Who may name flags or commands, and why.
const MAY_SPEAK_OF_FLAGS: &[(&str, &str)] = &[
    ("umbel/pipeline/command.rs", "makes the command that a report shows to be copied"),
    ("umbel/pipeline/run_folder.rs", "config.toml says on its first line what takes it"),
    ("umbel/report/page/", "a page shows commands to be copied, and its style has variables, which look like flags"),
    ("umbel/check/page.rs", "a style's variables look like flags"),
];

#[test]
fn no_text_of_the_library_names_a_flag_or_a_command() {
    let commands = commands();
    let mut speaking = Vec::new();
    for of in ["umbel-predict", "umbel"] {
        for (name, text) in sources(of) {
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let found = strings(product).into_iter().find(|string| names_flag_or_command(string, &commands));
            speaking.extend(found.map(|string| (format!("{of}/{name}"), string)));
        }
    }
    let may = |name: &str| MAY_SPEAK_OF_FLAGS.iter().any(|(allowed, _)| name.starts_with(allowed));
    let wrong: Vec<_> = speaking.iter().filter(|(name, _)| !may(name)).collect();
    assert!(wrong.is_empty(), "the program adds flags and commands (its hints.rs), not the library: {wrong:#?}");
    for (allowed, _) in MAY_SPEAK_OF_FLAGS {
        assert!(speaking.iter().any(|(name, _)| name.starts_with(allowed)), "{allowed} needs no exception any more");
    }
}

#[test]
fn flags_and_commands_are_seen_in_every_string() {
    let commands = commands();
    let seen = |text: &str| strings(text).iter().any(|string| names_flag_or_command(string, &commands));
    assert!(seen(r#"let a = "choose another --out";"#));
    assert!(seen("const A: &str = r#\"go on with --resume\"#;"));
    assert!(seen(r#"#[error("{} is none: umbel train makes one", path.display())]"#));
    assert!(seen(r#"f('"', "\"", "umbel lr-find");"#));
    assert!(!seen(
        r#"// "--out"
        /* "umbel train" */ f("a -- b", "umbel trains", "made by umbel or others", "x--");"#
    ));
}

/// The program's commands, which have a file each (and a few helpers beside them).
fn commands() -> Vec<String> {
    let of = |(name, _): (String, String)| {
        let name = name.strip_prefix("commands/")?.strip_suffix(".rs")?.replace('_', "-");
        (!name.contains('/') && name != "mod").then_some(name)
    };
    let commands: Vec<String> = sources("umbel-cli").into_iter().filter_map(of).collect();
    assert!(["train", "predict", "lr-find"].iter().all(|known| commands.iter().any(|name| name == known)));
    commands
}

fn names_flag_or_command(text: &str, commands: &[String]) -> bool {
    let flag = text.match_indices("--").any(|(at, _)| text[at + 2..].starts_with(|c: char| c.is_ascii_lowercase()));
    let command = text.match_indices("umbel ").any(|(at, word)| {
        let rest = &text[at + word.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(rest.len());
        commands.iter().any(|command| *command == rest[..end])
    });
    flag || command
}

/// The string literals of Rust source, without comments.
fn strings(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let string = match rest[0] {
            '"' => Some(quoted(rest, '"')),
            _ => raw_string(rest),
        };
        if let Some(length) = string {
            strings.push(rest[..length].iter().collect());
            at += length;
        } else if rest.starts_with(&['/', '/']) {
            at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        } else if rest.starts_with(&['/', '*']) {
            at += block_comment(rest);
        } else if rest[0] == '\'' {
            // A lifetime has no closing quote right behind its first letter.
            at += if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') { quoted(rest, '\'') } else { 1 };
        } else if rest[0].is_alphanumeric() || rest[0] == '_' {
            // A whole word, so that the `r` at the end of one begins no raw string.
            at += rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
        } else {
            at += 1;
        }
    }
    strings
}
