//! `umbel licenses`: complete, of today, and plain text.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::Place;

/// What is told: `name version`, of every crate.
fn told(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let named = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let version = rest.split("  ").next()?;
        let is_version = version.split('.').count() >= 3 && version.starts_with(|first: char| first.is_ascii_digit());
        is_version.then(|| format!("{name} {version}"))
    };
    lines.filter_map(named).collect()
}

#[test]
fn every_crate_that_the_program_links_is_told_and_none_that_is_gone() {
    let text = Place::new().umbel(&["licenses"]).succeeds().out.clone();
    let told = told(&text);
    let (manifest, tree) =
        (concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), ["--edges", "normal", "--prefix", "none"]);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--offline", "--manifest-path", manifest]).args(tree);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // `name v1.2.3 (proc-macro) (*)`
    let linked: BTreeSet<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
            (!name.starts_with("umbel")).then(|| format!("{name} {version}"))
        })
        .collect();
    assert!(linked.len() > 80, "cargo tree tells otherwise than it did: {linked:?}");
    let untold: Vec<&String> = linked.difference(&told).collect();
    assert!(untold.is_empty(), "linked, but not told: {untold:?}; make the notices again: .ci/licenses --write");

    // The lock file knows other targets' crates, too.
    let lock = include_str!("../../../../Cargo.lock").replace("\"\nversion = \"", " ");
    let gone: Vec<&String> = told.iter().filter(|krate| !lock.contains(&format!("\nname = \"{krate}\"\n"))).collect();
    assert!(gone.is_empty(), "told, but gone: {gone:?}; make the notices again: .ci/licenses --write");
}

#[test]
fn the_font_and_the_weights_that_are_inside_are_told_in_plain_text() {
    let ran = Place::new().umbel(&["licenses"]);
    let text = &ran.succeeds().out;
    for words in ["umbel 0.", "Apache License", "Bitstream Vera", "Permission is hereby granted, free of charge"] {
        assert!(text.contains(words), "{words}");
    }
    // No others than those that are there.
    let notice = include_str!("../../../umbel-weights/NOTICE").trim_end();
    assert_eq!(text.contains(notice), cfg!(feature = "weights"));
    assert_eq!(text.contains("EfficientNet"), cfg!(feature = "weights"));
    assert!(ran.err.is_empty() && text.chars().all(|c| c == '\n' || !c.is_control()), "{}", ran.err);
    assert!(!text.contains("\\u"), "a sign that acts on a terminal, shown as one");
}
