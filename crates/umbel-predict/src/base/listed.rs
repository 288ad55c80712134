//! Names in a sentence.

/// So many names are told of; more tell nobody anything.
const SHOWN: usize = 20;

/// The names with commas between them; of very many, the first and how many more there are.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    first(names, SHOWN)
}

/// The same, of which so many are told.
pub fn first<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let first = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match names.len().checked_sub(most) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a", "b"]), "a, b");
        let many: Vec<String> = (0..1000).map(|k| k.to_string()).collect();
        assert_eq!(listed(&many[..20]), many[..20].join(", "));
        assert!(listed(&many).ends_with("18, 19 and 980 more"));
    }
}
