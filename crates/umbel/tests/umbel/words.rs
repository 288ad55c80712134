//! What the code says in English against the tables of other languages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use umbel::base::lang::Lang;
use umbel::data::Part;

/// Every sentence that the library and the program say in a language that is chosen, as the code has it.
fn said() -> (BTreeSet<String>, String) {
    let sentence = Regex::new(r#"(?:view|lang|lang\(\)|self)\s*\.(?:say|tell)\(\s*"((?:[^"\\]|\\(?s:.))*)""#).unwrap();
    let counted = Regex::new(r#"(?:view|lang|lang\(\)|self)\s*\.count\([^"]*"[^"]*",\s*"([^"]*)""#).unwrap();
    let (mut found, mut all) = (BTreeSet::new(), String::new());
    for krate in ["umbel", "umbel-cli"] {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(krate).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("lang/mod.rs") {
                    let text = fs::read_to_string(path).unwrap();
                    let product = text.split("#[cfg(test)]").next().unwrap();
                    for pattern in [&sentence, &counted] {
                        found.extend(pattern.captures_iter(product).map(|own| literal(&own[1])));
                    }
                    all += &literal(product);
                }
            }
        }
    }
    (found, all)
}

/// What a string literal holds: without its breaks, and with its marks.
fn literal(text: &str) -> String {
    let joined = Regex::new(r"\\\n\s*").unwrap().replace_all(text, "").into_owned();
    joined.replace("\\u{a0}", "\u{a0}").replace("\\\"", "\"")
}

#[test]
fn every_sentence_of_a_page_is_told_in_every_language() {
    let (said, all) = said();
    assert!(said.len() > 100 && said.contains("Found {files} files belonging to {classes} classes."), "{said:?}");
    for lang in Lang::ALL {
        let Some(table) = lang.table() else { continue };
        let missing: Vec<&String> = said.iter().filter(|english| !table.contains_key(*english)).collect();
        assert!(missing.is_empty(), "{} lacks {missing:#?}", lang.name());
        let stale: Vec<&String> = table.keys().filter(|english| !all.contains(&format!("\"{english}\""))).collect();
        assert!(stale.is_empty(), "nobody says {stale:#?}");
        for part in Part::ALL {
            assert!(table.contains_key(part.noun()), "{}", part.noun());
        }
    }
}
