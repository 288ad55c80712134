//! What the names of classes tell: two that a person takes for one, and one that looks like two.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::base::remark::Remark;

/// What is worth knowing of these classes' names.
pub(super) fn remarks(classes: &[String]) -> Vec<Remark> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    let mut remarks = Vec::new();
    for class in classes {
        if let Some(first) = seen.insert(read(class), class) {
            remarks.push(Remark::NamesAlike { first: first.clone(), second: class.clone() });
        }
        if is_two(class) {
            remarks.push(Remark::TwoLabels { class: class.clone() });
        }
    }
    remarks
}

/// A name as a person reads it: composed, without spaces around it or twice inside, in small letters.
fn read(name: &str) -> String {
    let composed: String = name.nfc().collect::<String>().to_lowercase().nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether words lie on both sides of a sign that parts labels.
fn is_two(name: &str) -> bool {
    let sides = |sign: char| name.split(sign).filter(|side| side.chars().any(char::is_alphanumeric)).count();
    [';', '|'].into_iter().any(|sign| sides(sign) > 1)
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
    fn a_name_that_looks_like_two_labels_is_said() {
        let two = ["cup;red", "cup|red"];
        assert!(two.into_iter().all(is_two));
        assert!(!["cup", "cup; ", "rock & roll", "cats, dogs", "black-and-white"].into_iter().any(is_two));
    }
}
