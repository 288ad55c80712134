//! Data sets of the Hugging Face hub: the list of a repository's files, page by page, and of them what umbel can use: pictures, the tables
//! that go with them, Parquet files, and archives, which are unpacked.

use std::fs;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::archives::failed;
use super::client::{Client, Request, joined, origin};
use super::download::{Purpose, Source, Stop, download};
use super::place::{Marker, Origin, Place};
use crate::Result;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::decode::named_as_picture;
use crate::data::unpack::{ArchiveKind, UnpackLimits, Unpacked, free_bytes, io, safe, unpack_here};
use crate::get::{Error, Fault};
use crate::surroundings::{Network, Surroundings};

/// A page of the list has a thousand files, of some hundred bytes each.
const MOST_PAGE_BYTES: u64 = 64 << 20;
/// Files that are fetched one by one.
const MOST_FILES: usize = 200_000;
/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// The tables that go with folders of pictures.
const TABLES: [&str; 2] = ["metadata.csv", "metadata.jsonl"];

/// A repository of the hub.
pub struct Repository<'a> {
    pub owner: &'a str,
    pub name: &'a str,
    pub revision: &'a str,
}

/// A file, as the hub lists it.
#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    lfs: Option<Lfs>,
}

/// What is told of larger files.
#[derive(Debug, Deserialize)]
struct Lfs {
    oid: String,
    size: u64,
}

impl Listed {
    fn bytes(&self) -> u64 {
        self.lfs.as_ref().map_or(self.size, |lfs| lfs.size)
    }

    fn sha256(&self) -> Option<&str> {
        let oid = self.lfs.as_ref()?.oid.as_str();
        (oid.len() == 64 && oid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))).then_some(oid)
    }

    fn is_useful(&self) -> bool {
        let path = Path::new(&self.path);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_table = TABLES.iter().any(|table| name.eq_ignore_ascii_case(table));
        let is_parquet = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        named_as_picture(path) || is_table || is_parquet || ArchiveKind::stem(name).is_some()
    }
}

/// Fetches what is useful of a repository.
pub fn fetch(
    client: &Client,
    repository: &Repository<'_>,
    surroundings: &Surroundings,
    place: Place,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Unpacked> {
    let hub = Hub { client, address: surroundings.store.hub(), token: bearer(&surroundings.network) };
    let files = hub.list(repository)?;
    // What came before a break is gone on with.
    let whole = place.join("whole");
    fs::create_dir_all(&whole).map_err(|source| io("create the folder", &whole, source))?;
    let total: u64 = files.iter().map(Listed::bytes).sum();
    let here: u64 = files.iter().filter(|file| is_here(&whole, file)).map(Listed::bytes).sum();
    let needed = total.saturating_sub(here);
    if let Some(free) = free_bytes(&whole).filter(|free| *free < needed) {
        let url = hub.url(repository, "");
        return Err(failed(&url, Fault::NoRoom { needed, free, folder: whole }));
    }
    let url = format!("{}/datasets/{}/{}", hub.address, repository.owner, repository.name);
    observer.event(&Event::Notice(&Notice::Fetching { url: url.clone(), bytes: Some(total) }));
    let mut marker = Marker { what: place.what().to_string(), ..Marker::default() };
    let (mut all, mut done) = (Unpacked::default(), 0);
    for file in &files {
        let path = place_of(&whole, file);
        let url = hub.url(repository, &file.path);
        if !is_here(&whole, file) {
            hub.file(
                &url,
                file,
                &path,
                (
                    &mut |so_far| {
                        observer.event(&Event::Downloading { done: done + so_far, bytes: Some(total) });
                    },
                    interrupt,
                ),
            )?;
        }
        done += file.bytes();
        all.add(Unpacked { files: 1, bytes: file.bytes(), ..Unpacked::default() });
        let sha256 = file.sha256().unwrap_or_default().to_string();
        if marker.from.len() < MOST_TOLD {
            marker.from.push(Origin { url, sha256 });
        }
    }
    for file in &files {
        if ArchiveKind::stem(&file.path).is_some() {
            let unpacked = unpack_in_place(&place_of(&whole, file), observer, interrupt)?;
            all.files -= 1;
            all.bytes = all.bytes.saturating_sub(file.bytes());
            all.add(unpacked);
        }
    }
    place.finish(&whole, &marker)?;
    Ok(all)
}

/// Of so many files, the marker tells where they came from.
const MOST_TOLD: usize = 1000;

fn bearer(network: &Network) -> Option<String> {
    network.token.as_ref().map(|token| format!("Bearer {}", token.secret()))
}

/// `list` has refused paths that are not safe.
fn place_of(whole: &Path, file: &Listed) -> std::path::PathBuf {
    whole.join(safe(file.path.as_bytes()).unwrap_or_default())
}

fn is_here(whole: &Path, file: &Listed) -> bool {
    fs::metadata(place_of(whole, file)).is_ok_and(|about| about.is_file() && about.len() == file.bytes())
}

/// The folder of an archive is called as the archive is, where pictures lie as the hub's own loader sees them: `train.zip` is `train`.
fn unpack_in_place(archive: &Path, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Unpacked> {
    let kind = ArchiveKind::of(archive).map_err(|source| io("read", archive, source))?;
    let Some(kind) = kind else {
        return Err(Error::NotAnArchive { url: archive.display().to_string() }.into());
    };
    let name = archive.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = archive.with_file_name(ArchiveKind::stem(name).unwrap_or(name));
    let unpacked = unpack_here(archive, kind, &folder, &UnpackLimits::default(), observer, interrupt)?;
    fs::remove_file(archive).map_err(|source| io("remove", archive, source))?;
    Ok(unpacked)
}

/// Who is asked.
struct Hub<'a> {
    client: &'a Client,
    address: &'a str,
    token: Option<String>,
}

impl Hub<'_> {
    /// The address of a file.
    fn url(&self, repository: &Repository<'_>, path: &str) -> String {
        let Repository { owner, name, revision } = repository;
        let (revision, path) = (encoded(revision).replace('/', "%2F"), encoded(path));
        format!("{}/datasets/{owner}/{name}/resolve/{revision}/{path}", self.address)
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        self.token.iter().map(|token| ("Authorization", token.as_str())).collect()
    }

    /// The files that are useful, page by page.
    fn list(&self, repository: &Repository<'_>) -> Result<Vec<Listed>> {
        let Repository { owner, name, revision } = repository;
        let revision_word = encoded(revision).replace('/', "%2F");
        let first = format!("{}/api/datasets/{owner}/{name}/tree/{revision_word}?recursive=true", self.address);
        let (mut next, mut useful, mut others) = (Some(first.clone()), Vec::new(), 0);
        while let Some(url) = next {
            let (page, after) = self.page(&url).map_err(|fault| failed(&url, fault))?;
            for file in page.into_iter().filter(|file| file.kind == "file") {
                if safe(file.path.as_bytes()).is_err() {
                    let detail = format!("it lists the file {:?}, which would lie outside of the folder", file.path);
                    return Err(failed(&url, Fault::Nonsense(detail)));
                }
                if file.is_useful() { useful.push(file) } else { others += 1 }
            }
            if useful.len() > MOST_FILES {
                return Err(Error::TooManyFiles { name: format!("{owner}/{name}"), most: MOST_FILES }.into());
            }
            next = after;
        }
        if useful.is_empty() {
            let (name, revision) = (format!("{owner}/{name}"), revision.to_string());
            return Err(Error::NothingUseful { name, revision, seen: others }.into());
        }
        Ok(useful)
    }

    /// A page of the list, and the address of the next.
    fn page(&self, url: &str) -> std::result::Result<(Vec<Listed>, Option<String>), Fault> {
        let answer = self.client.ask(Request::get(url).with_headers(&self.headers()))?.success()?;
        let next = answer.header("link").and_then(next_page).and_then(|next| joined(url, &next));
        // Who asks is told to the hub alone.
        let next = next.filter(|next| origin(next) == origin(url) && next != url);
        let bytes = answer.bytes(MOST_PAGE_BYTES)?;
        let page = serde_json::from_slice(&bytes).map_err(|error| Fault::Nonsense(error.to_string()))?;
        Ok((page, next))
    }

    fn file(
        &self,
        url: &str,
        file: &Listed,
        path: &Path,
        (told, interrupt): (&mut dyn FnMut(u64), &Interrupt),
    ) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| io("create the folder", folder, source))?;
        }
        let headers = self.headers();
        let (bytes, purpose) = (Some(file.bytes()), Purpose::Kept);
        let source = Source { url, headers: &headers, bytes, sha256: file.sha256(), purpose };
        match download(self.client, &source, path, &mut |done, _| told(done), interrupt) {
            Ok(_) => Ok(()),
            Err(Stop::Error(error)) => Err(error),
            Err(Stop::Fault(fault)) => Err(failed(url, fault)),
        }
    }
}

fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PLAIN).to_string()
}

/// The address of the next page, of a header such as `<https://…>; rel="next"` (RFC 8288).
fn next_page(links: &str) -> Option<String> {
    links.split(',').find_map(|link| {
        let (address, about) = link.trim().strip_prefix('<')?.split_once('>')?;
        about.split(';').any(|about| about.trim().replace('"', "") == "rel=next").then(|| address.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        assert_eq!(next_page("<https://h/a?cursor=b>; rel=\"next\"").as_deref(), Some("https://h/a?cursor=b"));
        assert_eq!(next_page("</first>; rel=\"first\", </b>; rel=next").as_deref(), Some("/b"));
        assert_eq!(next_page("</first>; rel=\"first\""), None);
        assert_eq!(next_page("nonsense"), None);
    }

    #[test]
    fn a_path_in_an_address_is_encoded() {
        assert_eq!(encoded("train/rote Rose #1.jpg"), "train/rote%20Rose%20%231.jpg");
    }
}
