//! Words for a shell's command line.

/// A word that a POSIX shell takes as it is: quoted where it holds anything but letters, digits and harmless signs.
pub fn quote(word: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    // A tilde or an equals sign at the start has a meaning of its own in some shells.
    if !word.is_empty() && word.chars().all(harmless) && !word.starts_with('=') {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_it_is_quoted() {
        assert_eq!(quote("runs/blümen-2.toml"), "runs/blümen-2.toml");
        assert_eq!(quote("my photos"), "'my photos'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote("$(rm)"), "'$(rm)'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("~"), "'~'");
        assert_eq!(quote("*"), "'*'");
    }
}
