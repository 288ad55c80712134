//! What the names of classes tell: two that a person takes for one, one that looks like two, and one that is made for the rest.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use crate::base::remark::Remark;
use crate::base::shown::is_unseen;

/// What is worth knowing of these classes' names.
pub(super) fn remarks(classes: &[String]) -> Vec<Remark> {
    let known: BTreeSet<String> = classes.iter().map(|class| read(class)).collect();
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    let mut remarks = Vec::new();
    for class in classes {
        if let Some(first) = seen.insert(read(class), class) {
            remarks.push(Remark::NamesAlike { first: first.clone(), second: class.clone() });
        }
        if is_two(class) || is_of_others(class, &known) {
            remarks.push(Remark::TwoLabels { class: class.clone() });
        }
        if is_for_the_rest(class) {
            remarks.push(Remark::ForTheRest { class: class.clone() });
        }
    }
    remarks
}

/// Names of classes that are made for what is of no class.
const FOR_THE_REST: [&str; 9] =
    ["none", "nothing", "background", "other", "others", "unknown", "negative", "negatives", "misc"];

/// Whether a class is called as people call what is of none of their classes. A network learns of it what it is shown, as of any
/// class.
pub fn is_for_the_rest(class: &str) -> bool {
    FOR_THE_REST.contains(&read(class).trim_matches(|sign: char| !sign.is_alphanumeric()))
}

/// A name as a person reads it: in plain letters (`fi` for what is one sign in print, wide and narrow ones alike), without what is
/// not seen and without spaces around it or twice inside, in small letters (`ss` for the sharp s that capitals lack).
fn read(name: &str) -> String {
    let plain: String = name.nfkc().filter(|letter| letter.is_whitespace() || !is_unseen(*letter)).collect();
    let small: String = plain.to_uppercase().to_lowercase().nfc().collect();
    small.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether words lie on both sides of a sign that parts labels.
fn is_two(name: &str) -> bool {
    let sides = |sign: char| name.split(sign).filter(|side| side.chars().any(char::is_alphanumeric)).count();
    [';', '|'].into_iter().any(|sign| sides(sign) > 1)
}

/// Whether it is a list of other classes, by signs that may stand in a name too.
fn is_of_others(name: &str, known: &BTreeSet<String>) -> bool {
    let unquoted =
        |side: &str| read(side.trim_matches(|sign: char| sign.is_whitespace() || "[](){}'\"".contains(sign)));
    [',', '+', '&', '/'].into_iter().any(|sign| {
        let sides: Vec<String> = name.split(sign).map(unquoted).collect();
        sides.len() > 1 && sides.iter().all(|side| !side.is_empty() && known.contains(side))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_read_the_same_are_said() {
        let classes = ["Cup", "cup", "cup ", "A\u{308}pfel", "\u{c4}pfel", "leaf"].map(String::from);
        let said = remarks(&classes);
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(said[0], Remark::NamesAlike { first: "Cup".into(), second: "cup".into() });
    }

    #[test]
    fn names_that_differ_in_signs_that_look_the_same_are_said() {
        for [one, other] in [
            ["ab", "a\u{200b}b"],
            ["fig", "\u{fb01}g"],
            ["cat", "\u{ff23}at"],
            ["Stra\u{df}e", "STRASSE"],
            ["dog", "dog\u{a0}"],
            ["red  cup", "red cup"],
        ] {
            let said = remarks(&[one.to_string(), other.to_string()]);
            assert_eq!(said, [Remark::NamesAlike { first: one.into(), second: other.into() }]);
        }
        let apart = ["naive", "na\u{ef}ve", "cup 1", "cup 2", "cup1", "\u{200b}", "\n"].map(String::from);
        let said = remarks(&apart);
        assert!(said.iter().all(|remark| *remark.about() == *"\n"), "{said:?}");
    }

    #[test]
    fn a_list_of_other_classes_is_said_to_be_several_labels() {
        let lists = ["cup,red", "cup, red", "cup+red", "cup & red", "cup/red", "['cup', 'red']", "Red,cup,leaf"];
        for list in lists {
            let classes = ["cup", "leaf", "red", list].map(String::from);
            assert_eq!(remarks(&classes), [Remark::TwoLabels { class: list.to_string() }]);
        }
        let names = ["cats", "cats, dogs", "rock & roll", "a/b", "c++", "+"].map(String::from);
        assert_eq!(remarks(&names), []);
    }

    #[test]
    fn a_class_for_what_is_of_no_class_is_said_in_any_case() {
        for class in ["none", "None", "BACKGROUND", "Other", "unknown", "_negative", " others ", "(none)"] {
            let said = remarks(&["daisy".to_string(), class.to_string()]);
            assert_eq!(said, [Remark::ForTheRest { class: class.to_string() }]);
        }
        let names = ["nonets", "", "others of it", "daisy", "no other", "_"].map(String::from);
        assert!(!names.iter().any(|name| is_for_the_rest(name)));
    }

    #[test]
    fn a_name_that_looks_like_two_labels_is_said() {
        let two = ["cup;red", "cup|red"];
        assert!(two.into_iter().all(is_two));
        assert!(!["cup", "cup; ", "rock & roll", "cats, dogs", "black-and-white"].into_iter().any(is_two));
    }
}
