//! Addresses of what lies in an object store: `s3://bucket/name`.

use std::path::Path;

use crate::Result;
use crate::get::Error;
use crate::get::what::S3_SCHEME;

/// A bucket, and the beginning of names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub bucket: String,
    /// Without slashes at its ends; empty: all of the bucket.
    pub name: String,
}

impl Address {
    /// Reads what was given.
    pub fn parse(given: &Path) -> Result<Self> {
        let text = given.to_string_lossy();
        let wrong = |detail: &str| Error::Address {
            given: text.to_string(),
            detail: format!("{detail}, as in s3://bucket/photos"),
        };
        let rest = text.get(S3_SCHEME.len()..).unwrap_or_default();
        let (bucket, name) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
        // Stores that are not Amazon's are less strict than it is; what could lead to another host is refused.
        let is_sound = (1..=255).contains(&bucket.len())
            && bucket.chars().all(plain)
            && !bucket.starts_with(['.', '-'])
            && !bucket.contains("..");
        if !is_sound {
            return Err(wrong("a bucket has a name of letters, digits, dots and dashes").into());
        }
        if given.to_str().is_none() || name.chars().any(char::is_control) {
            return Err(wrong("names in it are UTF-8 without control characters").into());
        }
        Ok(Address { bucket: bucket.to_string(), name: name.trim_matches('/').to_string() })
    }

    /// Another name in the same bucket.
    pub fn with_name(&self, name: &str) -> Self {
        Address { name: name.to_string(), ..self.clone() }
    }

    /// What people know it by.
    pub fn shown(&self) -> String {
        match self.name.as_str() {
            "" => format!("{S3_SCHEME}{}", self.bucket),
            name => format!("{S3_SCHEME}{}/{name}", self.bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_and_a_name_are_read_and_nothing_leads_to_another_host() {
        let of = |text: &str| Address::parse(Path::new(text)).map(|address| (address.shown(), address.name));
        assert_eq!(of("s3://b/flowers/all/").unwrap(), ("s3://b/flowers/all".into(), "flowers/all".into()));
        assert_eq!(of("S3://my.own-bucket").unwrap(), ("s3://my.own-bucket".into(), String::new()));
        assert_eq!(of("s3://b/a b/ü").unwrap().1, "a b/ü");
        for wrong in
            ["s3://", "s3:///a", "s3://a@b/c", "s3://a:80/c", "s3://..", "s3://a?b", "s3://a#b/c", "s3://b/a\nb"]
        {
            assert_eq!(of(wrong).unwrap_err().kind(), crate::ErrorKind::Setting, "{wrong}");
        }
    }
}
