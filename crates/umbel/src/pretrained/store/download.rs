//! Fetches weights from the Hugging Face hub, as its own clients do: a request without a body tells the file's size, digest
//! and place; the file itself comes in one piece, or in several where the line breaks. What has come so far stays in the
//! store and is gone on with. Nothing takes its place before it is whole, has the digest that the hub promises, and is read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::{Origin, Store};
use crate::base::atomic;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::pretrained::{self, DownloadFault, Pretrained};
use crate::{Error, Result};

/// A config.json is some kilobytes.
const MOST_CONFIG_BYTES: u64 = 1 << 20;
/// From one address to the next, at most so many times.
const MOST_REDIRECTS: usize = 5;
/// A line that breaks is taken up again so many times in a row without anything coming.
const MOST_TRIES: usize = 3;
/// No answer for so long is none.
const PATIENCE: Duration = Duration::from_secs(30);

type Step<T> = std::result::Result<T, DownloadFault>;

/// Whether [`fetch`] can.
pub const CAN_FETCH: bool = true;

/// Fetches the weights into the store and gives their path; at once where they are there already.
///
/// # Errors
/// [`pretrained::Error::Download`] with the way out, [`Error::Interrupted`], and those of [`Pretrained::read`] for what came. What came so
/// far is kept, but for what turned out wrong.
pub fn fetch(store: &Store, origin: &Origin, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<PathBuf> {
    let path = store.path_of(origin.name);
    if path.is_file() {
        return Ok(path);
    }
    let (url, folder) = (store.url(origin), store.folder());
    std::fs::create_dir_all(folder).map_err(|source| io("create the folder", folder, source))?;
    let fail = |fault| Error::from(pretrained::Error::Download { url: url.clone(), path: path.clone(), fault });
    let agent = agent();
    let promise = promise(&agent, &url).map_err(fail)?;
    observer.event(&Event::Notice(&Notice::Fetching { url: url.clone(), bytes: promise.bytes }));
    let mut part = Part::open(&folder.join(format!(".{}.part", origin.name)), &promise)?;
    let mut tries = 0;
    while part.done < promise.bytes {
        let before = part.done;
        match receive(&agent, &promise, &mut part, (&mut *observer, interrupt)) {
            Ok(()) => {}
            Err(Broken::Stopped) => return Err(Error::Interrupted),
            Err(Broken::Disk(source)) => return Err(io("write", &part.path, source)),
            Err(Broken::Refused(fault)) => return Err(fail(fault)),
            Err(Broken::Line(_)) if part.done > before => tries = 0,
            Err(Broken::Line(detail)) => {
                tries += 1;
                if tries >= MOST_TRIES {
                    return Err(fail(DownloadFault::Cut { done: part.done, bytes: promise.bytes, detail }));
                }
            }
        }
    }
    let came = hex(&part.hasher.clone().finalize());
    if promise.sha256.as_ref().is_some_and(|promised| *promised != came) {
        part.discard();
        let promised = promise.sha256.unwrap_or_default();
        return Err(fail(DownloadFault::Digest { came, promised }));
    }
    if let Err(error) = Pretrained::read(&part.path) {
        part.discard();
        return Err(error);
    }
    part.file.sync_all().map_err(|source| io("write", &part.path, source))?;
    fetch_config(&agent, store, origin);
    std::fs::rename(&part.path, &path).map_err(|source| io("replace", &path, source))?;
    observer.event(&Event::Notice(&Notice::Saved { path: path.clone() }));
    Ok(path)
}

/// Puts what the hub tells of the weights' preparation and license beside them. Where it tells nothing, that is said when they are
/// used.
fn fetch_config(agent: &Agent, store: &Store, origin: &Origin) {
    let Ok(mut answer) = answer(agent, &store.config_url(origin), 0) else { return };
    let text = answer.body_mut().with_config().limit(MOST_CONFIG_BYTES).read_to_string();
    if let Ok(text) = text {
        let _ = atomic::write_bytes(&store.path_of(origin.name).with_extension("json"), text.as_bytes());
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

/// Why no more came.
enum Broken {
    /// Worth another try.
    Line(String),
    Refused(DownloadFault),
    Disk(std::io::Error),
    Stopped,
}

/// What has come so far.
struct Part {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    done: u64,
}

impl Part {
    /// Takes up what is there, if it belongs to the same file.
    fn open(path: &Path, promise: &Promise) -> Result<Self> {
        // Which file it is a part of is in its name; without a digest nothing can be gone on with.
        let name = promise.sha256.as_deref().map_or("new", |digest| &digest[..16]);
        let path = path.with_extension(format!("{name}.part"));
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.map_err(|source| io("write", &path, source))?;
        if file.try_lock().is_err() {
            return Err(io("fetch into", &path, std::io::Error::other("another umbel is fetching the same file")));
        }
        let mut part = Part { hasher: Sha256::new(), done: 0, path, file: clone(&mut file)? };
        let there = file.metadata().map_or(0, |data| data.len());
        if promise.sha256.is_some() && there <= promise.bytes {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let n = part.file.read(&mut buffer).map_err(|source| io("read", &part.path, source))?;
                if n == 0 {
                    break;
                }
                part.hasher.update(&buffer[..n]);
                part.done += n as u64;
            }
        } else {
            part.begin_again().map_err(|source| io("write", &part.path, source))?;
        }
        part.file = file;
        part.file.seek(SeekFrom::Start(part.done)).map_err(|source| io("write", &part.path, source))?;
        Ok(part)
    }

    fn begin_again(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.hasher, self.done) = (Sha256::new(), 0);
        Ok(())
    }

    fn discard(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn clone(file: &mut File) -> Result<File> {
    file.try_clone().map_err(|source| io("write", Path::new("the file that is fetched"), source))
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .user_agent(concat!("umbel/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

/// Asks for the file's head, from address to address, until one tells its digest or has the file itself.
fn promise(agent: &Agent, url: &str) -> Step<Promise> {
    let mut at = url.to_string();
    for _ in 0..MOST_REDIRECTS {
        let answer = agent.head(&at).call().map_err(|error| DownloadFault::Unreachable(error.to_string()))?;
        let (status, headers) = (answer.status(), answer.headers());
        let next = redirected(status, headers, &at);
        if next.is_none() && !status.is_success() {
            return Err(DownloadFault::Status(status.as_u16()));
        }
        let linked = (text(headers, "x-linked-size"), text(headers, "x-linked-etag"));
        if let (Some(next), (None, None)) = (&next, &linked) {
            at.clone_from(next);
            continue;
        }
        let bytes = linked.0.or_else(|| text(headers, "content-length")).and_then(|bytes| bytes.parse().ok());
        let tag = linked.1.or_else(|| text(headers, "etag")).unwrap_or_default();
        let tag = tag.trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
        let is_sha256 = tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
        return Ok(Promise {
            location: next.unwrap_or(at),
            bytes: bytes.ok_or(DownloadFault::Unreachable("it does not tell the file's size".into()))?,
            sha256: is_sha256.then_some(tag),
        });
    }
    Err(DownloadFault::Unreachable(format!("it sends from address to address, {MOST_REDIRECTS} times")))
}

/// Receives what is still missing, as far as it comes.
fn receive(
    agent: &Agent,
    promise: &Promise,
    part: &mut Part,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> std::result::Result<(), Broken> {
    let mut answer = answer(agent, &promise.location, part.done)?;
    let whole = answer.status() == StatusCode::OK;
    if whole && part.done > 0 {
        // Parts are not to be had there.
        part.begin_again().map_err(Broken::Disk)?;
    }
    let mut reader = answer.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    while part.done < promise.bytes {
        if interrupt.requested() {
            return Err(Broken::Stopped);
        }
        let n = match reader.read(&mut buffer) {
            Ok(0) => return Err(Broken::Line("the line was closed".into())),
            Ok(n) => n.min((promise.bytes - part.done) as usize),
            Err(error) => return Err(Broken::Line(error.to_string())),
        };
        part.file.write_all(&buffer[..n]).map_err(Broken::Disk)?;
        part.hasher.update(&buffer[..n]);
        part.done += n as u64;
        observer.event(&Event::Downloading { done: part.done, bytes: promise.bytes });
    }
    Ok(())
}

/// The file from byte `from` on.
fn answer(agent: &Agent, location: &str, from: u64) -> std::result::Result<Response<Body>, Broken> {
    let mut at = location.to_string();
    for _ in 0..MOST_REDIRECTS {
        let mut request = agent.get(&at);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let answer = request.call().map_err(|error| Broken::Line(error.to_string()))?;
        let status = answer.status();
        if let Some(next) = redirected(status, answer.headers(), &at) {
            at = next;
            continue;
        }
        let starts = text(answer.headers(), "content-range").is_some_and(|range| {
            range.strip_prefix("bytes ").and_then(|range| range.split('-').next()) == Some(&from.to_string())
        });
        return match status {
            StatusCode::OK => Ok(answer),
            StatusCode::PARTIAL_CONTENT if starts => Ok(answer),
            status if status.is_server_error() => Err(Broken::Line(format!("it answers {status}"))),
            status => Err(Broken::Refused(DownloadFault::Status(status.as_u16()))),
        };
    }
    Err(Broken::Refused(DownloadFault::Unreachable(format!(
        "it sends from address to address, {MOST_REDIRECTS} times"
    ))))
}

/// Where an answer sends to, if it does.
fn redirected(status: StatusCode, headers: &HeaderMap, from: &str) -> Option<String> {
    let to = text(headers, "location").filter(|_| status.is_redirection())?;
    if to.contains("://") {
        return Some(to);
    }
    let scheme = from.find("://")? + 3;
    if let Some(to) = to.strip_prefix("//") {
        return Some(format!("{}{to}", &from[..scheme]));
    }
    let host = from[scheme..].find('/').map_or(from.len(), |slash| scheme + slash);
    Some(format!("{}/{}", &from[..host], to.trim_start_matches('/')))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_string)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    umbel_predict::Error::Io { action, path: path.to_owned(), source }.into()
}
