//! The sentences that people quote, in the language that was asked for.

use std::fmt::Display;

use umbel::base::lang::Lang;
use umbel::base::shown::shown;
use umbel::predict::{Prediction, SureSet};

/// The tutorial's first line.
pub fn found(lang: Lang, files: usize, classes: usize) -> String {
    lang.tell("Found {files} files belonging to {classes} classes.", &[("files", &files), ("classes", &classes)])
}

/// What is said of a photo: in English as the library says it.
pub fn answer(lang: Lang, prediction: &Prediction) -> String {
    let confidence = format!("{:.2}", 100.0 * prediction.confidence);
    let unknown = prediction.familiarity.as_ref().filter(|familiar| familiar.unknown);
    let (pattern, class) = match unknown {
        Some(familiar) => (
            lang.say(
                "This image is unlike those that the model was trained on: unknown (nearest: {class}, with a {confidence} percent \
                 confidence).",
            ),
            &familiar.nearest,
        ),
        None => (
            lang.say("This image most likely belongs to {class} with a {confidence} percent confidence."),
            &prediction.class,
        ),
    };
    let values: [(&str, &dyn Display); 2] = [("class", &shown(class)), ("confidence", &confidence)];
    let sentence = umbel::base::lang::fill(pattern, &values);
    let Some(sure) = &prediction.sure else { return sentence };
    let pattern =
        if unknown.is_some() { lang.say(" If it is of a known class: {set}.") } else { lang.say(" It is {set}.") };
    sentence + &umbel::base::lang::fill(pattern, &[("set", &set(lang, sure))])
}

/// Of more classes in a set, the first are named.
const NAMED: usize = 6;

fn set(lang: Lang, sure: &SureSet) -> String {
    let names: Vec<_> = sure.set.iter().map(|class| shown(class)).collect();
    let percent = (100.0 * sure.level * 1e6).round() / 1e6;
    let (most, last): (_, &dyn Display) = match names.as_slice() {
        [] => return String::new(),
        [one] => return lang.tell("{class} ({percent} % sure)", &[("class", one), ("percent", &percent)]),
        [most @ .., last] if names.len() <= NAMED => (lang.list(most), last),
        all => (lang.list(&all[..NAMED - 1]), &lang.tell("{number} others", &[("number", &(all.len() + 1 - NAMED))])),
    };
    let values: [(&str, &dyn Display); 3] = [("classes", &most), ("last", last), ("percent", &percent)];
    lang.tell("{classes} or {last} ({percent} % sure it is one of these)", &values)
}

#[cfg(test)]
mod tests {
    use umbel::predict::{ClassProbability, Familiar};

    use super::*;

    fn prediction(classes: usize, unknown: Option<bool>) -> Prediction {
        let top = vec![ClassProbability { class: "roses".into(), probability: 0.973_8 }];
        let familiarity =
            unknown.map(|unknown| Familiar { unknown, nearest: "roses".into(), score: 0.1, threshold: 0.5 });
        let class = if unknown == Some(true) { "unknown" } else { "roses" };
        let set = (0..classes).map(|class| format!("class {class}")).collect();
        let sure = (classes > 0).then_some(SureSet { set, level: 0.95 });
        Prediction { class: class.into(), confidence: 0.973_8, top, familiarity, sure, score: None }
    }

    #[test]
    fn english_is_as_the_library_says_it() {
        for classes in [0, 1, 2, 3, 6, 7, 20] {
            for unknown in [None, Some(false), Some(true)] {
                let prediction = prediction(classes, unknown);
                assert_eq!(answer(Lang::English, &prediction), prediction.to_string());
            }
        }
    }

    #[test]
    fn the_tutorials_sentence_in_traditional_chinese() {
        let told = |classes, unknown| answer(Lang::TraditionalChinese, &prediction(classes, unknown));
        assert_eq!(told(0, None), "這張圖片最可能屬於 roses，信心度為 97.38%。");
        assert_eq!(
            told(2, None),
            "這張圖片最可能屬於 roses，信心度為 97.38%。它是 class 0 或 class 1（有 95% 的把握是其中之一）。"
        );
        assert!(told(0, Some(true)).contains("未知"));
    }
}
