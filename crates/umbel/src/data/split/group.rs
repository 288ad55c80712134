//! Groups by a pattern on the path: all pictures of one plant, patient or video on one side.

use regex::Regex;

use super::Index;
use crate::{Result, data};

/// A pattern that finds a photo's group in its path: the first capture group, or the whole match where it has none.
#[derive(Clone, Debug)]
pub struct GroupBy {
    regex: Regex,
}

impl GroupBy {
    /// Reads a regular expression (the syntax of the `regex` crate).
    pub fn new(pattern: &str) -> Result<Self> {
        let regex = Regex::new(pattern).map_err(|error| {
            // A syntax error is drawn over several lines; the last one says what it is.
            let text = error.to_string();
            let last = text.lines().next_back().unwrap_or_default();
            let detail = last.trim().trim_start_matches("error: ").to_string();
            data::Error::GroupPattern { pattern: pattern.to_string(), detail }
        })?;
        Ok(GroupBy { regex })
    }

    /// The group in a path (relative to the data folder, with `/`); `None` where it does not match, or matches nothing.
    pub fn key<'a>(&self, path: &'a str) -> Option<&'a str> {
        let captures = self.regex.captures(path)?;
        let found = if captures.len() > 1 { captures.get(1) } else { captures.get(0) };
        found.map(|found| found.as_str()).filter(|key| !key.is_empty())
    }

    /// The groups of some photos. One without a group is an error: it would be on a side by chance, which is what the
    /// pattern is there to prevent.
    pub fn keys(&self, index: &Index, positions: &[usize]) -> Result<Vec<String>> {
        let key = |&position: &usize| {
            let path = &index.photos[position].path;
            let key = self.key(path).map(str::to_string);
            Ok(key.ok_or_else(|| data::Error::NoGroup {
                photo: path.clone(),
                pattern: self.regex.as_str().to_string(),
                others: positions.iter().filter(|&&other| self.key(&index.photos[other].path).is_none()).count() - 1,
            })?)
        };
        positions.iter().map(key).collect()
    }
}
