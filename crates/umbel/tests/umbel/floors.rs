//! Reads the paths that every module names and fails when a floor is broken: imports go only downward, `unsafe` stays in
//! its fence. ARCHITECTURE.md says the same in words.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates of the library, each with what its modules may name, beside themselves. A module that is not here fails the test.
const CRATES: &[(&str, Floors)] = &[("umbel-predict", PREDICT), ("umbel", FLOORS)];

type Floors = &'static [(&'static str, &'static [&'static str])];

/// What predicting needs, and nothing that only training does.
const PREDICT: Floors = &[
    ("base", &[]),
    ("metrics", &[]),
    ("decode", &["base"]),
    ("prepare", &["base", "decode"]),
    ("views", &["base", "prepare"]),
    ("nn", &["base"]),
    ("model_file", &["base", "metrics", "prepare", "views", "nn"]),
    ("predict", &["base", "metrics", "decode", "prepare", "views", "nn", "model_file"]),
    ("explain", &["base", "metrics", "prepare", "views", "nn", "model_file"]),
];

/// `nn`, `model_file` and `predict` come from umbel-predict, under whose name they are held to the same.
const FLOORS: Floors = &[
    ("base", &[]),
    ("metrics", &["base"]),
    ("data", &["base"]),
    ("html", &["base", "data"]),
    ("check", &["base", "data", "html"]),
    ("nn", &["base"]),
    ("model_file", &["base", "metrics", "data", "nn"]),
    ("pretrained", &["base", "nn", "model_file"]),
    // Who computes, and where things lie.
    ("surroundings", &["base", "nn", "pretrained"]),
    // The only one that connects: what it fetches lies in folders and in the store, for those above.
    ("get", &["base", "data", "pretrained", "surroundings"]),
    // The table of all settings: what can be chosen, whoever takes it.
    ("settings", &["base", "data", "nn", "pretrained"]),
    // What a run folder holds: written and read here, by whoever is above.
    ("run", &["base", "metrics", "data", "model_file"]),
    ("train", &["base", "metrics", "data", "nn", "model_file", "settings", "run"]),
    // Gathers the errors of the rooms; they take it from the root of the crate, as `crate::Error`.
    ("error", &["base", "data", "get", "pretrained", "run", "train", "report"]),
    // Reads a run's records, never the network.
    ("report", &["base", "metrics", "data", "html", "run", "train"]),
    ("predict", &["base", "metrics", "data", "nn", "model_file"]),
    ("explain", &["base", "metrics", "data", "nn", "model_file", "report"]),
    ("eval", &["base", "metrics", "data", "nn", "model_file", "run", "train", "report"]),
    ("demo", &["base"]),
    ("preview", &["base", "data", "report"]),
    (
        "pipeline",
        &[
            "base",
            "metrics",
            "data",
            "html",
            "check",
            "nn",
            "model_file",
            "pretrained",
            "surroundings",
            "get",
            "settings",
            "run",
            "train",
            "report",
            "predict",
            "explain",
            "eval",
            "demo",
            "preview",
        ],
    ),
    // Names for users of the library; nothing inside imports it.
    ("prelude", &["base", "metrics", "data", "nn", "model_file", "run", "train", "report", "predict"]),
];

/// Who may name the kernels: the CPU engine, the random streams, whose mixing function dropout shares, and the warp of photos, which
/// is one of them.
const MAY_NAME_KERNELS: &[(&str, &[&str])] =
    &[("umbel-predict", &["nn/cpu/", "base/random.rs"]), ("umbel", &["data/augment/warp.rs"])];

#[test]
fn imports_go_only_downward() {
    let broken_in = |(of, floors): &(&str, Floors)| -> Vec<String> {
        let broken = |(name, text): &(String, String)| broken_floors(floors, name, text);
        sources(of).iter().flat_map(broken).map(|broken| format!("{of}/src/{broken}")).collect()
    };
    let broken: Vec<String> = CRATES.iter().flat_map(broken_in).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn only_the_engine_knows_the_kernels() {
    for (of, allowed) in MAY_NAME_KERNELS {
        for (name, text) in sources(of) {
            let may = allowed.iter().any(|allowed| name.starts_with(allowed));
            assert!(may || !names(&text, "umbel_kernels"), "{of}/src/{name} names umbel_kernels, but only nn::cpu may");
        }
    }
    for (name, text) in sources("umbel-cli") {
        assert!(!names(&text, "umbel_kernels"), "umbel-cli/src/{name} goes around the library to the kernels");
    }
    let manifest = fs::read_to_string(crates().join("umbel-cli/Cargo.toml")).unwrap();
    assert!(!manifest.contains("umbel-kernels"), "umbel-cli depends on the kernels");
}

#[test]
fn nothing_connects_but_what_fetches() {
    for of in ["umbel-kernels", "umbel-predict", "umbel", "umbel-cli"] {
        for (name, text) in sources(of) {
            let may = of == "umbel" && name.starts_with("get/online/");
            for connects in ["ureq", "rustls_native_certs", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"] {
                assert!(
                    may || !names(&text, connects),
                    "{of}/src/{name} names {connects}, but only umbel::get connects"
                );
            }
        }
        let manifest = fs::read_to_string(crates().join(of).join("Cargo.toml")).unwrap();
        assert!(of == "umbel" || !manifest.contains("ureq"), "{of} depends on ureq, but only umbel::get connects");
    }
}

#[test]
fn unsafe_stays_in_its_fence() {
    for of in ["umbel-predict", "umbel", "umbel-cli"] {
        for (name, text) in sources(of) {
            assert!(!names(&text, "unsafe"), "{of}/src/{name} says unsafe, but only umbel-kernels may");
        }
    }
    for (of, _) in CRATES {
        let root = fs::read_to_string(crates().join(of).join("src/lib.rs")).unwrap();
        assert!(root.contains("#![forbid(unsafe_code)]"), "the root of {of} no longer forbids unsafe code");
    }
}

#[test]
fn the_names_in_a_run_folder_stand_in_one_place() {
    use umbel::run::names::*;
    let all = [
        CONFIG,
        MODEL_TOML,
        SPLIT,
        PROBLEMS,
        HISTORY,
        CHECKPOINT,
        METRICS,
        PREDICTIONS,
        REPORT,
        PLOTS,
        TENSORBOARD,
        FOLDS_JSON,
        FOLDS,
        MODEL,
        LOCK,
        PREPARING,
    ];
    // What weights are called in the store of another program, and a setting.
    const OTHERS: [(&str, &str); 2] = [("pretrained/store/mod.rs", MODEL), ("settings/rows/running.rs", TENSORBOARD)];
    let all_sources = ["umbel-predict", "umbel", "umbel-cli"].iter().flat_map(|name| sources(name));
    for (name, text) in all_sources.filter(|(name, _)| !name.ends_with("/tests.rs") && !name.contains("/tests/")) {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for file in all {
            // How a run is known, by whoever stands below the run folder's format.
            let marks = name == "base/run_folder.rs" && [CONFIG, SPLIT, FOLDS_JSON, PREPARING].contains(&file);
            let is_its_place = name == "run/names.rs" || marks || (name == "model_file/mod.rs" && file == MODEL);
            let may = is_its_place || OTHERS.contains(&(name.as_str(), file));
            assert!(may || !product.contains(&format!("\"{file}\"")), "{name} says {file:?}; take it from run::names");
        }
    }
}

#[test]
fn no_library_crate_reads_the_environment() {
    for (of, _) in CRATES.iter().chain(&[("umbel-kernels", &[] as Floors)]) {
        for (name, text) in sources(of) {
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            for reads in ["env::var", "env::vars", "env::home_dir"] {
                assert!(!product.contains(reads), "{of}/src/{name} says {reads}; the program hands Surroundings in");
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for crate_name in ["umbel", "umbel-cli", "umbel-predict", "umbel-kernels"] {
        for (name, text) in sources(crate_name) {
            assert!(text.starts_with("//!"), "{crate_name}/src/{name} does not begin with //!");
        }
    }
}

#[test]
fn the_checker_sees_every_way_to_break_a_floor() {
    let breaks = |name: &str, text: &str| !broken_floors(FLOORS, name, text).is_empty();
    assert!(breaks("data/loader.rs", "use crate::nn::Plan;"));
    assert!(breaks("data/loader.rs", "use crate::{Result, base::random::Stream, nn::Plan};"));
    assert!(breaks("data/loader.rs", "fn f() -> crate::nn::Plan { todo!() }"));
    assert!(breaks("data/loader.rs", "use super::super::nn::Plan;"));
    assert!(breaks("data/mod.rs", "use super::{Result, nn};"));
    assert!(breaks("data/augment/warp.rs", "use super::super::super::nn::Plan;"));
    assert!(breaks("report/curves.rs", "use crate :: nn :: Plan;"));
    assert!(breaks("predict.rs", "use crate::train::fit;"));
    assert!(breaks("predict.rs", "use super::train::fit;"));
    assert!(breaks("train/fit.rs", "use crate::pipeline::TrainConfig;"));
    assert!(breaks("base/random.rs", "use crate::data::Problem;"));
    assert!(breaks("newcomer.rs", "use crate::base;"));
    assert!(breaks("data/loader.rs", "use umbel_predict::nn::Plan;"));
    assert!(breaks("data/loader.rs", "use umbel_predict::{decode, nn::Plan};"));
    assert!(!broken_floors(PREDICT, "decode/jpeg.rs", "use crate::nn::Plan;").is_empty());
}

#[test]
fn the_checker_lets_sound_code_pass() {
    let sound = |name: &str, text: &str| {
        let broken = broken_floors(FLOORS, name, text);
        assert!(broken.is_empty(), "{broken:?}");
    };
    sound("data/loader.rs", "use crate::base::random::Stream; use crate::{Error, Result}; use super::split::Split;");
    sound(
        "data/loader.rs",
        "/// See [`crate::nn::Plan`].\n// crate::nn\n/* crate::nn /* nested */ */ const A: u8 = 1;",
    );
    sound(
        "data/loader.rs",
        r##"const A: &str = "crate::nn"; const B: &str = r#"use "crate::nn""#; const C: char = '"';"##,
    );
    sound("data/loader.rs", "fn f<'a>(x: &'a str) -> &'a str { x } pub(crate) const N: u8 = b'\\'';");
    sound("data/mod.rs", "pub use umbel_predict::{decode, prepare as prep}; use umbel_predict::Error;");
    sound("lib.rs", "pub use error::{Error, Result};");
    assert!(names("let unsafe_code = 1; unsafe { f() }", "unsafe"));
    assert!(!names("#![forbid(unsafe_code)] // unsafe", "unsafe"));
}

/// The floors that a file breaks, as messages.
fn broken_floors(floors: Floors, name: &str, text: &str) -> Vec<String> {
    let path = module_path(name);
    let Some(own) = path.first() else { return Vec::new() };
    let Some((_, allowed)) = floors.iter().find(|(module, _)| module == own) else {
        return vec![format!("{name}: the module {own} has no floor yet; give it one in floors.rs")];
    };
    let known = |module: &str| floors.iter().any(|(known, _)| *known == module);
    named_modules(&path, text)
        .into_iter()
        .filter(|module| known(module) && module != own && !allowed.contains(&module.as_str()))
        .map(|module| format!("{name} names crate::{module}; {own} may use only {allowed:?}"))
        .collect()
}

/// `data/cache.rs` → `[data, cache]`, `data/mod.rs` → `[data]`, `lib.rs` → `[]`.
fn module_path(name: &str) -> Vec<String> {
    let mut path: Vec<String> = name.trim_end_matches(".rs").split('/').map(String::from).collect();
    if path.last().is_some_and(|last| last == "mod" || last == "lib" || last == "main") {
        path.pop();
    }
    path
}

/// The top-level modules that the paths in `text` lead to, through `crate::` and `super::`.
fn named_modules(path: &[String], text: &str) -> BTreeSet<String> {
    let tokens = tokens(text);
    let mut named = BTreeSet::new();
    let is = |at: usize, what: &str| tokens.get(at).is_some_and(|token| token == what);
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        at += 1;
        let mut depth = match tokens[start].as_str() {
            // A room of the crate below is on the floor of the same name here.
            "crate" | "umbel_predict" => 0,
            "super" => path.len().saturating_sub(1),
            _ => continue,
        };
        while is(at, "::") && is(at + 1, "super") {
            depth = depth.saturating_sub(1);
            at += 2;
        }
        if !is(at, "::") {
            continue;
        }
        at += 1;
        match path[..depth].first() {
            Some(module) => drop(named.insert(module.clone())),
            None if is(at, "{") => named.extend(group(&tokens[at + 1..])),
            None => named.extend(tokens.get(at).cloned()),
        }
    }
    named
}

/// The first name of every item of a `{...}` group whose brace is already read.
fn group(tokens: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 1;
    let mut begins = true;
    for token in tokens {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => begins = true,
            name if begins => {
                names.push(name.to_string());
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Whether the code (not a comment or a string) says this word.
fn names(text: &str, word: &str) -> bool {
    tokens(text).iter().any(|token| token == word)
}

/// Words and punctuation of Rust source, without comments, strings and character literals.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let c = rest[0];
        if rest.starts_with(&['/', '/']) {
            at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        } else if rest.starts_with(&['/', '*']) {
            at += block_comment(rest);
        } else if let Some(length) = raw_string(rest) {
            at += length;
        } else if c == '"' {
            at += quoted(rest, '"');
        } else if c == '\'' {
            // A lifetime has no closing quote right behind its first letter; a literal has, or begins with a backslash.
            at += if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') { quoted(rest, '\'') } else { 1 };
        } else if c.is_alphanumeric() || c == '_' {
            let length = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
            tokens.push(rest[..length].iter().collect());
            at += length;
        } else if rest.starts_with(&[':', ':']) {
            tokens.push("::".to_string());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}

pub(super) fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The length of `r"..."`, `r#"..."#`, `br"..."`, if one begins here.
pub(super) fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = if rest.starts_with(&['b', 'r']) { 2 } else { usize::from(rest[0] == 'r') };
    let hashes = rest.get(prefix..)?.iter().take_while(|c| **c == '#').count();
    if prefix == 0 || rest.get(prefix + hashes) != Some(&'"') {
        return None;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = prefix + hashes + 1;
    let end = rest[body..].windows(close.len()).position(|window| window == close);
    Some(end.map_or(rest.len(), |end| body + end + close.len()))
}

pub(super) fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every source file of a crate: its name below `src` with `/`, and its text.
pub(super) fn sources(crate_name: &str) -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = crates().join(crate_name).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(!found.is_empty(), "no sources in {}", root.display());
    found.sort();
    found
}

/// Product files may have so many lines, tests aside.
const LONGEST: usize = 300;

/// Longer ones, each with its reason.
const MAY_BE_LONGER: &[(&str, &str)] = &[];

#[test]
fn files_are_no_longer_than_can_be_seen_through() {
    let mut unused: Vec<&str> = MAY_BE_LONGER.iter().map(|(file, _)| *file).collect();
    for of in ["umbel", "umbel-cli", "umbel-predict", "umbel-kernels"] {
        for (name, text) in sources(of) {
            let file = format!("{of}/src/{name}");
            let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let lines = product.lines().count();
            match unused.iter().position(|exception| *exception == file) {
                Some(exception) if lines > LONGEST => drop(unused.remove(exception)),
                _ => assert!(lines <= LONGEST, "{file} has {lines} lines, but {LONGEST} are the most: take it apart"),
            }
        }
    }
    assert!(unused.is_empty(), "no longer too long, so no longer an exception: {unused:?}");
}

#[test]
fn a_module_with_files_of_its_own_lies_in_its_folder() {
    for of in ["umbel", "umbel-cli", "umbel-predict", "umbel-kernels"] {
        let names: BTreeSet<String> = sources(of).into_iter().map(|(name, _)| name).collect();
        for name in &names {
            let folder = format!("{}/", name.trim_end_matches(".rs"));
            let twin = names.iter().find(|other| other.starts_with(&folder));
            assert!(twin.is_none(), "{of}/src/{name} lies beside {folder}; move it to {folder}mod.rs");
        }
    }
}

#[test]
fn what_the_program_says_passes_through_one_door() {
    for (name, text) in sources("umbel-cli").iter().filter(|(name, _)| !name.starts_with("console/")) {
        for around in ["println", "eprintln", "stdout", "stderr"] {
            assert!(
                !names(text, around),
                "umbel-cli/src/{name} says {around}; names would reach the terminal unescaped"
            );
        }
        // What is written as it is must be the program's own.
        let may = name == "commands/completions.rs";
        assert!(may || !text.contains("console::raw("), "umbel-cli/src/{name} writes a text as it is");
    }
}
