//! Fetches weights from the Hugging Face hub into the store, as its own clients do: a request without a body tells the file's size, digest
//! and place. Nothing takes its place before it is whole, has the digest that the hub promises, and is read.

use std::path::{Path, PathBuf};

use super::client::{Answer, Asked, Client, Request};
use super::download::{Purpose, Source, Stop, partial};
use crate::Result;
use crate::base::atomic;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::unpack::io;
use crate::get::{Error, Fault};
use crate::pretrained::Pretrained;
use crate::pretrained::store::{Origin, Store};
use crate::surroundings::Surroundings;

/// A config.json is some kilobytes.
const MOST_CONFIG_BYTES: u64 = 1 << 20;

/// Fetches the weights into the store and gives their path; at once where they are there already.
///
/// # Errors
/// [`Error::Download`] with the way out, [`crate::Error::Interrupted`], and those of [`Pretrained::read`] for what came. What came so
/// far is kept, but for what turned out wrong.
pub fn weights(
    origin: &Origin,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<PathBuf> {
    let store = &surroundings.store;
    let path = store.path_of(origin.name);
    if path.is_file() {
        return Ok(path);
    }
    let (url, folder) = (store.url(origin), store.folder());
    std::fs::create_dir_all(folder).map_err(|source| io("create the folder", folder, source))?;
    let fail = |fault| crate::Error::from(Error::Download { url: url.clone(), by_hand_as: Some(path.clone()), fault });
    let client = Client::new(&surroundings.network).map_err(fail)?;
    let promise = promise(&client, &url).map_err(fail)?;
    observer.event(&Event::Notice(&Notice::Fetching { url: url.clone(), bytes: Some(promise.bytes) }));
    // Which file it is a part of is in its name.
    let known = promise.sha256.as_deref().map_or("new", |digest| &digest[..16]);
    let on_its_way = folder.join(format!(".{}.{known}", origin.name));
    let source = Source {
        url: &promise.location,
        headers: &[],
        bytes: Some(promise.bytes),
        sha256: promise.sha256.as_deref(),
        purpose: Purpose::Kept,
    };
    let mut progress = |done, bytes| observer.event(&Event::Downloading { done, bytes });
    let part = match partial(&client, &source, &on_its_way, &mut progress, interrupt) {
        Ok(part) => part,
        Err(Stop::Error(error)) => return Err(error),
        Err(Stop::Fault(fault)) => return Err(fail(fault)),
    };
    if let Err(error) = Pretrained::read(&part.path) {
        part.discard();
        return Err(error);
    }
    tell_of(&client, store, origin);
    part.finish(&path)?;
    observer.event(&Event::Notice(&Notice::Saved { path: path.clone() }));
    Ok(path)
}

/// Puts what the hub tells of the weights' preparation and license beside them. Where it tells nothing, that is said when they are
/// used.
fn tell_of(client: &Client, store: &Store, origin: &Origin) {
    let asked = client.ask(Request::get(&store.config_url(origin))).and_then(Answer::success);
    if let Ok(text) = asked.and_then(|answer| answer.bytes(MOST_CONFIG_BYTES)) {
        let beside: &Path = &store.path_of(origin.name).with_extension("json");
        let _ = atomic::write_bytes(beside, &text);
    }
}

/// What the hub says of a file before it sends it.
struct Promise {
    /// Where the bytes are.
    location: String,
    bytes: u64,
    /// Of files that the hub keeps as LFS objects, which all weights are.
    sha256: Option<String>,
}

/// Asks for the file's head, from address to address, until one tells its digest or has the file itself.
fn promise(client: &Client, url: &str) -> Asked<Promise> {
    const SIZE: &str = "x-linked-size";
    const TAG: &str = "x-linked-etag";
    let is_enough = |answer: &Answer| answer.header(SIZE).is_some() || answer.header(TAG).is_some();
    let answer = client.ask_until(Request::head(url), is_enough)?;
    let answer = if is_enough(&answer) && answer.status() < 400 { answer } else { answer.success()? };
    let bytes = answer.header(SIZE).and_then(|bytes| bytes.parse().ok()).or_else(|| answer.length());
    let tag = answer.header(TAG).or_else(|| answer.header("etag")).unwrap_or_default();
    let tag = tag.trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
    let is_sha256 = tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(Promise {
        location: answer.sends_to().unwrap_or_else(|| answer.url.clone()),
        bytes: bytes.ok_or_else(|| Fault::Nonsense("it does not tell the file's size".into()))?,
        sha256: is_sha256.then_some(tag),
    })
}
