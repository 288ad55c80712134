//! What is wrong in a TOML text, on one line.

/// `line 3, column 5: unknown field ...`, without the lines of the text, which are somebody else's.
pub fn toml_words(error: &toml::de::Error) -> String {
    let message: Vec<&str> = error.message().lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let message = message.join(", ");
    let whole = error.to_string();
    match whole.lines().next().and_then(|line| line.strip_prefix("TOML parse error at ")) {
        Some(place) => format!("{place}: {message}"),
        None => whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_stands_before_what_is_wrong() {
        let wrong = |text: &str| toml_words(&toml::from_str::<toml::Table>(text).unwrap_err());
        let said = wrong("a = 1\nb = \u{1b}[2J\n");
        assert!(said.starts_with("line 2, column 6: ") && said.lines().count() == 1, "{said}");
        let kept = toml::Table::try_into::<std::collections::BTreeMap<String, u8>>("a = 'x'".parse().unwrap());
        let said = toml_words(&kept.unwrap_err());
        assert!(said.contains("in `a`") && said.lines().count() == 1, "{said}");
    }
}
