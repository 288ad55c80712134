//! Data sets that lie in archives: fetched, unpacked beside their place, brought into folders by class, and renamed.

use std::fs;
use std::path::{Path, PathBuf};

use super::client::Client;
use super::download::{Purpose, Source, Stop, download};
use super::place::{Marker, Origin, Place};
use crate::Result;
use crate::base::never;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::unpack::{ArchiveKind, UnpackLimits, Unpacked, io, unpack_here};
use crate::get::sets::{Arrange, Set};
use crate::get::{Error, Fault};

/// An archive of a data set.
struct Archive<'a> {
    url: &'a str,
    bytes: Option<u64>,
    sha256: Option<&'a str>,
    /// The folder that its photos come to lie in; `None`: that of the data set.
    folder: Option<&'a str>,
    /// The folder in it that holds the photos; `None`: the only one, or all of it.
    within: Option<&'a str>,
}

/// Fetches a data set of the table.
pub fn set(
    client: &Client,
    set: &Set,
    place: Place,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Unpacked> {
    let archives: Vec<Archive<'_>> = set
        .archives
        .iter()
        .map(|row| Archive {
            url: row.url,
            bytes: Some(row.bytes),
            sha256: Some(row.sha256),
            folder: row.folder,
            within: set.within,
        })
        .collect();
    let marker = Marker {
        license: Some(set.license.to_string()),
        citation: Some(set.citation.to_string()),
        ..Marker::default()
    };
    fetched(client, &archives, set.arrange, place, marker, (observer, interrupt))
}

/// Fetches the archive at an address.
pub fn address(
    client: &Client,
    url: &str,
    place: Place,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Unpacked> {
    let archive = [Archive { url, bytes: None, sha256: None, folder: None, within: None }];
    fetched(client, &archive, Arrange::AsItIs, place, Marker::default(), (observer, interrupt))
}

fn fetched(
    client: &Client,
    archives: &[Archive<'_>],
    arrange: Arrange,
    place: Place,
    mut marker: Marker,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Unpacked> {
    let mut files = Vec::new();
    for (number, archive) in archives.iter().enumerate() {
        let (file, sha256) = fetch(client, archive, &place.join(&format!("{number}.archive")), (observer, interrupt))?;
        marker.from.push(Origin { url: archive.url.to_string(), sha256 });
        files.push(file);
    }
    let whole = place.fresh("whole")?;
    let mut all = Unpacked::default();
    let mut root = whole.clone();
    for (archive, file) in archives.iter().zip(&files) {
        let kind = ArchiveKind::of(file).map_err(|source| io("read", file, source))?;
        let Some(kind) = kind else {
            let _ = fs::remove_file(file);
            return Err(Error::NotAnArchive { url: archive.url.to_string() }.into());
        };
        let raw = place.fresh("raw")?;
        let unpacked = unpack_here(file, kind, &raw, &UnpackLimits::default(), observer, interrupt);
        all.add(unpacked.inspect_err(|error| {
            // What is damaged is to come anew; what has no room is kept until there is some.
            if error.kind() == crate::ErrorKind::Data {
                let _ = fs::remove_file(file);
            }
            let _ = (fs::remove_dir_all(&raw), fs::remove_dir_all(&whole));
        })?);
        let photos = photos_of(&raw, archive.within);
        let into = match archive.folder {
            Some(folder) => whole.join(folder),
            None => whole.join("all"),
        };
        fs::rename(&photos, &into).map_err(|source| io("move", &photos, source))?;
        if archive.folder.is_none() {
            root = into;
        }
    }
    match arrange {
        Arrange::AsItIs => {}
        Arrange::ByName => by_name(&root)?,
    }
    marker.what = place.what().to_string();
    place.finish(&root, &marker)?;
    Ok(all)
}

fn fetch(
    client: &Client,
    archive: &Archive<'_>,
    path: &Path,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<(PathBuf, String)> {
    let Archive { url, bytes, sha256, .. } = *archive;
    // It was whole before unpacking it was stopped.
    if let Some(sha256) = sha256.filter(|_| path.is_file() && fs::metadata(path).map(|about| about.len()).ok() == bytes)
    {
        return Ok((path.to_owned(), sha256.to_string()));
    }
    let source = Source { url, headers: &[], bytes, sha256, purpose: Purpose::Unpacked };
    let mut told = false;
    let mut progress = |done: u64, bytes: Option<u64>| {
        if !std::mem::replace(&mut told, true) {
            observer.event(&Event::Notice(&Notice::Fetching { url: url.to_string(), bytes }));
        }
        observer.event(&Event::Downloading { done, bytes });
    };
    match download(client, &source, path, &mut progress, interrupt) {
        Ok(sha256) => Ok((path.to_owned(), sha256)),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::Fault(fault)) => Err(failed(url, fault)),
    }
}

pub fn failed(url: &str, fault: Fault) -> crate::Error {
    Error::Download { url: url.to_string(), fault, by_hand_as: None }.into()
}

/// The folder of an archive that holds the photos: the one that is known, else the only one (many archives have all in one folder), else
/// all of it.
fn photos_of(raw: &Path, within: Option<&str>) -> PathBuf {
    let only = only_folder(raw);
    let base = only.clone().unwrap_or_else(|| raw.to_owned());
    let known = within.map(|within| base.join(within)).filter(|folder| folder.is_dir());
    known.unwrap_or(base)
}

/// The only thing in a folder, if it is a folder. What systems leave among files does not count.
fn only_folder(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let counts = |path: &PathBuf| never::by_name(path.file_name().unwrap_or_default(), path.is_dir()).is_none();
    let mut entries = entries.filter(counts);
    let first = entries.next().filter(|path| path.is_dir())?;
    entries.next().is_none().then_some(first)
}

/// Moves files that are named after their class and a number, as `great_pyrenees_12.jpg`, into folders called so.
fn by_name(root: &Path) -> Result<()> {
    for entry in fs::read_dir(root).map_err(|source| io("read", root, source))?.flatten() {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let Some((class, number)) = stem.filter(|_| path.is_file()).and_then(|stem| stem.rsplit_once('_')) else {
            continue;
        };
        if class.is_empty()
            || class.starts_with('.')
            || number.is_empty()
            || !number.bytes().all(|b| b.is_ascii_digit())
        {
            continue;
        }
        let folder = root.join(class);
        fs::create_dir_all(&folder).map_err(|source| io("create the folder", &folder, source))?;
        fs::rename(&path, folder.join(entry.file_name())).map_err(|source| io("move", &path, source))?;
    }
    Ok(())
}
