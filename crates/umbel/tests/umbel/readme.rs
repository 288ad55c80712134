//! The README and the pages beside it: short, true to the code that they show, and without a link to nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use umbel::nn::layers::KINDS;
use umbel::pipeline::RECIPES;

#[test]
fn the_readmes_rust_stands_in_the_example() {
    let readme = include_str!("../../../../README.md");
    let example = include_str!("../../examples/flowers.rs");
    let example: Vec<&str> = example.lines().map(str::trim).collect();
    let mut inside = false;
    let mut checked = 0;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```rust";
        } else if inside && !line.trim().is_empty() {
            assert!(example.contains(&line.trim()), "not in examples/flowers.rs: {line}");
            checked += 1;
        }
    }
    assert!(checked > 10, "the README shows no Rust any more");
}

#[test]
fn the_pages_show_recipes_and_layers_as_they_are() {
    let training = include_str!("../../../../docs/training.md");
    assert!(training.contains(RECIPES.trim_end()), "docs/training.md shows another table than recipes.toml");
    let networks = include_str!("../../../../docs/networks.md");
    for kind in KINDS {
        assert!(networks.contains(&format!("`{kind}`")), "docs/networks.md does not name the layer {kind}");
    }
}

#[test]
fn the_readme_is_short_and_leads_to_every_page() {
    let readme = include_str!("../../../../README.md");
    let lines = readme.lines().count();
    assert!(lines <= 200, "README.md has {lines} lines, 200 are enough: details belong into docs/");
    let (_, linked) = headings_and_links(readme);
    for page in pages(&root().join("docs")) {
        let name = format!("docs/{}", page.file_name().unwrap().to_str().unwrap());
        // The notes are for those who read the code: ARCHITECTURE.md leads to them.
        let led = name == "docs/design-notes.md" || linked.iter().any(|link| link.split('#').next() == Some(&name));
        assert!(led, "README.md does not lead to {name}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let root = root();
    let texts: BTreeMap<PathBuf, String> = [pages(&root), pages(&root.join("docs")), pages(&root.join("benchmarks"))]
        .concat()
        .into_iter()
        .map(|page| (page.canonicalize().unwrap(), fs::read_to_string(page).unwrap()))
        .collect();
    let mut checked = 0;
    for (page, text) in &texts {
        for link in headings_and_links(text).1.iter().filter(|link| !link.contains("://")) {
            let from = format!("{}: {link}", page.display());
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let target = target.canonicalize().unwrap_or_else(|error| panic!("{from}: {error}"));
            if !anchor.is_empty() {
                let (anchors, _) = headings_and_links(&texts[&target]);
                assert!(anchors.iter().any(|own| own == anchor), "{from}: there is no such heading");
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "links are no longer seen: {checked}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The Markdown files of a folder, not those in folders below it.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// What a page's headings are called in links (by GitHub's rule), and where its links lead; what is fenced is neither.
fn headings_and_links(text: &str) -> (Vec<String>, Vec<&str>) {
    let (mut headings, mut links) = (Vec::new(), Vec::new());
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && line.starts_with('#') {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            headings.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
        if !fenced {
            links.extend(line.split("](").skip(1).filter_map(|rest| rest.split(')').next()));
        }
    }
    (headings, links)
}
