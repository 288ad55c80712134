//! The sentences, word for word.

use super::*;

fn said(notice: Notice, expected: &str) {
    assert_eq!(notice.to_string(), expected);
}

#[test]
fn one_and_many_are_told_apart() {
    said(
        Notice::KeptTogether { photos: 2, groups: 1 },
        "Kept 2 photos together that show the same as another (1 group); they are on one side.",
    );
    said(
        Notice::KeptTogether { photos: 20, groups: 5 },
        "Kept 20 photos together that show the same as another (5 groups); each group is on one side.",
    );
    let leaks = |photos| Notice::Leaks { photos, data: "photos".into(), divided_by: Divider::Data };
    let rest = "of the validation or test part show the same as one of an earlier part, so";
    said(leaks(1), &format!("Warning: 1 photo {rest} it is no fair measure."));
    said(leaks(3), &format!("Warning: 3 photos {rest} they are no fair measure."));
}

#[test]
fn what_is_missing_tells_what_comes_of_it() {
    let missing = |part| Notice::ClassMissing { class: "roses".into(), part };
    said(missing(Part::Train), "The training part has no photo of the class \"roses\": it cannot be learned.");
    said(missing(Part::Val), "The validation part has no photo of the class \"roses\": it is not measured there.");
    said(missing(Part::Test), "The test part has no photo of the class \"roses\": it is not measured there.");
}

#[test]
fn a_depth_that_is_doubted_tells_its_figures() {
    let doubtful = |photos, high, white, looks_like| {
        let example = "c/00.tif".into();
        Notice::DoubtfulDepth { photos, example, low: 0.0, high, white, looks_like }
    };
    said(
        doubtful(40, 1020.0, 65535.0, "10"),
        "Warning: 40 photos, such as c/00.tif, hold numbers from 0 to 1020 where 65535 is taken for white. That looks \
         like 10 bits: say so, or save them anew with 8 bits.",
    );
    said(
        doubtful(1, 0.5, 1.0, "float"),
        "Warning: 1 photo, such as c/00.tif, holds numbers from 0 to 0.5 where 1 is taken for white. That looks like \
         floating point whose range is its own: say so, or save them anew with 8 bits.",
    );
}

#[test]
fn memory_is_told_in_sizes_for_people() {
    let memory = |needed_bytes, available_bytes| Notice::Memory { needed_bytes, available_bytes, cache_bytes: 1 };
    said(memory(1_500_000, None), "Training needs 2 MB of memory; the prepared photos take 1 MB of the cache.");
    said(
        memory(999_600_000, Some(16 << 30)),
        "Training needs 1.0 GB of memory (of 17.2 GB free); the prepared photos take 1 MB of the cache.",
    );
}

#[test]
fn where_training_starts_tells_what_became_of_the_last_layer() {
    let starting = |head| Notice::Starting { from: "w.safetensors".into(), head, license: None };
    said(starting(Head::Kept), "Starting from w.safetensors, its last layer too, which has as many classes.");
    said(
        starting(Head::New(Some(1000))),
        "Starting from w.safetensors, but its last layer for 1000 classes, in whose place is a new one.",
    );
    said(starting(Head::New(None)), "Starting from w.safetensors, which has no last layer; a new one is put behind.");
}

#[test]
fn an_assumed_preparation_was_told_with_a_gap_in_the_sentence() {
    let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    said(
        Notice::PreparationAssumed { from: "w.safetensors".into(), mean, deviation },
        "Nothing tells how photos were prepared for w.safetensors, so it is assumed as usual: mean 0.485, 0.456, 0.406, \
         deviation 0.229, 0.224, 0.225. The config.json that timm keeps beside its weights would tell.",
    );
}

#[test]
fn figures_are_told_as_they_are() {
    said(
        Notice::RangeTest { low: 1e-6, high: 1.0, steps: 100, batch: 32, photos: 3123 },
        "Testing rates from 1e-6 to 1e0 in 100 steps of 32 of the 3123 training photos.",
    );
    said(
        Notice::HeadChosen { number: 9, tried: 13, strength: 0.002, folds: Some(5) },
        "Of 13 strengths of L2 regularization, 5 folds chose number 9: 0.002. (Weaker ones are tried for as long as the loss may \
         still fall.)",
    );
    said(
        Notice::ReducedRate { figure: "val_loss", waited: 2, from: 0.1, to: 0.01 },
        "val_loss has not improved for 2 epochs: the learning rate goes from 0.1 to 0.01.",
    );
    said(
        Notice::Fetching { url: "https://hub/w".into(), bytes: Some(18_590_000) },
        "Fetching https://hub/w (18.6 MB).",
    );
}

/// Of the room's own texts: whatever is added to one of its files, or as another file, is read too.
#[test]
fn no_sentence_names_a_flag_or_a_command() {
    let room = concat!(env!("CARGO_MANIFEST_DIR"), "/src/base/notice");
    let files = std::fs::read_dir(room).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|file| !file.ends_with("tests.rs")).collect();
    assert!(files.len() > 5 && files.iter().any(|file| file.ends_with("mod.rs")), "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        let code = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            assert!(!line.contains("--") && !line.contains("umbel "), "{}: {line}", file.display());
        }
    }
}
