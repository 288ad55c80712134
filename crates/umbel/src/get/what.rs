//! What can be asked for: a data set by its name or its address, one of the Hugging Face hub, or weights.

use std::path::Path;

use super::Error;
use super::sets::{self, Set};
use crate::Result;
use crate::data::ArchiveKind;
use crate::pretrained::store::{self, ORIGINS, Origin};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A data set of the table.
    Set(&'static Set),
    /// An archive somewhere.
    Address(String),
    /// A data set of the Hugging Face hub.
    Hub {
        /// Whose it is.
        owner: String,
        /// Its name.
        name: String,
        /// Branch, tag or commit.
        revision: String,
    },
    /// Weights of a ready-made network.
    Weights(&'static Origin),
}

const HUB: &str = "hf:";
const WEIGHTS: &str = "weights:";
/// What an address in an object store begins with.
pub(super) const S3_SCHEME: &str = "s3://";
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// What the hub calls the newest.
const MAIN: &str = "main";

/// Whether this can be nothing but an address, where else a path stands: it begins with `http://`, `https://` or `hf:`. A name never is.
pub fn is_address(text: &str) -> bool {
    is_url(text) || starts_with(text, HUB)
}

/// Whether this is a place in an object store: it begins with `s3://`.
pub fn is_s3(given: &Path) -> bool {
    given.to_str().is_some_and(|given| starts_with(given, S3_SCHEME))
}

pub(super) fn is_url(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| starts_with(text, scheme))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl What {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::UnknownWeights`] and [`Error::Address`], each with what is expected.
    pub fn parse(text: &str) -> Result<Self> {
        let address = |detail: &str| Error::Address { given: text.to_string(), detail: detail.to_string() };
        if is_url(text) {
            let rest = &text[text.find("://").map_or(0, |at| at + 3)..];
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            if host.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(address("it must be like https://host/path/photos.zip").into());
            }
            if host.contains('@') {
                return Err(address("names and passwords do not belong into an address").into());
            }
            return Ok(What::Address(text.to_string()));
        }
        if starts_with(text, S3_SCHEME) {
            return Err(address(
                "what lies in an object store is read from there: give the address where a folder of photos stands",
            )
            .into());
        }
        if starts_with(text, HUB) {
            return Self::hub(&text[HUB.len()..]).ok_or_else(|| {
                address("it must be like hf:OWNER/NAME, or hf:OWNER/NAME@REVISION for a branch, tag or commit").into()
            });
        }
        if starts_with(text, WEIGHTS) {
            let name = &text[WEIGHTS.len()..];
            let known = || ORIGINS.iter().map(|origin| origin.name).collect();
            let unknown = || Error::UnknownWeights { given: name.to_string(), known: known() };
            return Ok(What::Weights(store::origin(name).ok_or_else(unknown)?));
        }
        let known = || sets::SETS.iter().map(|set| set.name).collect();
        let unknown = || Error::Unknown { given: text.to_string(), known: known() };
        Ok(What::Set(sets::find(text).ok_or_else(unknown)?))
    }

    fn hub(text: &str) -> Option<Self> {
        let (repository, revision) = text.split_once('@').unwrap_or((text, MAIN));
        let (owner, name) = repository.split_once('/')?;
        let word = |word: &str, more: &[char]| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || more.contains(&c);
            !word.is_empty() && word.chars().all(fits) && !word.split('/').any(|part| part.chars().all(|c| c == '.'))
        };
        let sound = word(owner, &[]) && word(name, &[]) && word(revision, &['/']);
        sound.then(|| What::Hub { owner: owner.into(), name: name.into(), revision: revision.into() })
    }

    /// What it is called in messages and in the folder's [`MARKER`](super::MARKER).
    pub fn name(&self) -> String {
        match self {
            What::Set(set) => set.name.to_string(),
            What::Address(url) => url.clone(),
            What::Hub { owner, name, revision } if revision == MAIN => format!("{HUB}{owner}/{name}"),
            What::Hub { owner, name, revision } => format!("{HUB}{owner}/{name}@{revision}"),
            What::Weights(origin) => format!("{WEIGHTS}{}", origin.name),
        }
    }

    /// What its folder is called, unless told otherwise.
    ///
    /// # Errors
    /// [`Error::Address`] where the address has no name of a file at its end.
    pub fn folder(&self) -> Result<String> {
        match self {
            What::Set(set) => Ok(set.name.to_string()),
            What::Hub { name, .. } => Ok(name.clone()),
            What::Weights(origin) => Ok(origin.name.to_string()),
            What::Address(url) => {
                let path = url.split(['?', '#']).next().unwrap_or_default();
                let last = path.splitn(4, '/').nth(3).and_then(|path| path.rsplit('/').find(|part| !part.is_empty()));
                let name = last.map(|name| ArchiveKind::stem(name).unwrap_or(name));
                let plain = |name: &&str| {
                    !name.starts_with(['.', '-']) && name.chars().all(|c| c.is_alphanumeric() || "-_.+".contains(c))
                };
                name.filter(plain).map(str::to_string).ok_or_else(|| {
                    let detail = "it does not end with a name that a folder could have; name the folder".to_string();
                    Error::Address { given: url.clone(), detail }.into()
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read() {
        let hub = |revision: &str| What::Hub { owner: "ai".into(), name: "beans".into(), revision: revision.into() };
        assert_eq!(What::parse("hf:ai/beans").unwrap(), hub("main"));
        assert_eq!(What::parse("hf:ai/beans@refs/convert/parquet").unwrap(), hub("refs/convert/parquet"));
        assert!(matches!(What::parse("flowers").unwrap(), What::Set(set) if set.name == "flowers"));
        assert!(matches!(What::parse("weights:resnet18").unwrap(), What::Weights(_)));
        for wrong in [
            "hf:beans",
            "hf:a/b/c",
            "hf:../b",
            "hf:a/..",
            "hf:a/b@../../x",
            "hf:a b/c",
            "https://",
            "http:///a.zip",
            "https://me:secret@host/a.zip",
            "https://host/a b.zip",
            "flwers",
            "weights:vgg",
            "s3://bucket/photos",
            "./flowers",
            "",
        ] {
            assert_eq!(What::parse(wrong).unwrap_err().kind(), crate::ErrorKind::Setting, "{wrong}");
        }
        assert!(
            is_address("HTTPS://host/a") && is_address("hf:a/b") && !is_address("flowers") && !is_address("weights:a")
        );
    }

    #[test]
    fn a_folder_is_called_as_the_archive_is() {
        let folder = |url: &str| What::Address(url.into()).folder().ok();
        for (url, expected) in [
            ("https://host/a/flower_photos.tgz", Some("flower_photos")),
            ("https://host/photos.TAR.GZ?signature=x#y", Some("photos")),
            ("https://host/photos/", Some("photos")),
            ("https://host/photos.v2.zip", Some("photos.v2")),
            ("https://host/.hidden.zip", None),
            ("https://host/%2e%2e", None),
            ("https://host", None),
            ("https://host/", None),
        ] {
            assert_eq!(folder(url).as_deref(), expected, "{url}");
        }
    }
}
