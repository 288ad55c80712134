//! Fetches one file: in one piece, or in several where the line breaks. Nothing takes its place before it is whole and is what was
//! promised.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::client::{Answer, Client, Request};
use super::pace::{Pace, wait};
use super::part::{Part, Same};
use crate::base::progress::Interrupt;
use crate::data::unpack::{free_bytes, io};
use crate::get::Fault;

/// A line that breaks is taken up again so many times in a row without much coming.
const MOST_TRIES: usize = 3;
/// So many bytes are much; fewer between two breaks, and the line is as good as dead.
const MUCH: u64 = 1 << 16;
/// Before it is taken up again, and longer each time.
const PAUSE: Duration = Duration::from_millis(300);

/// What is fetched, and what is known of it before.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub bytes: Option<u64>,
    /// In hexadecimal digits.
    pub sha256: Option<&'a str>,
    pub purpose: Purpose,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It stays as it is.
    Kept,
    /// It is unpacked, which takes at least its size once more. A page for people is no archive.
    Unpacked,
}

/// Why a file did not come.
pub enum Stop {
    Fault(Fault),
    Error(crate::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl From<crate::Error> for Stop {
    fn from(error: crate::Error) -> Self {
        Stop::Error(error)
    }
}

/// Hears how many bytes of how many have come.
pub type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// Fetches `source` as `path`, by way of `path` with `.part` behind it, and gives its SHA-256. What has come is kept where the line breaks
/// or a stop is asked for.
pub fn download(
    client: &Client,
    source: &Source<'_>,
    path: &Path,
    progress: Progress<'_>,
    interrupt: &Interrupt,
) -> Result<String, Stop> {
    let part = partial(client, source, path, progress, interrupt)?;
    let sha256 = part.sha256();
    part.finish(path)?;
    Ok(sha256)
}

/// The same, but leaves it to the caller to give the file its name.
pub fn partial(
    client: &Client,
    source: &Source<'_>,
    path: &Path,
    progress: Progress<'_>,
    interrupt: &Interrupt,
) -> Result<Part, Stop> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let (mut part, same) = Part::open(&path.with_file_name(name), source.sha256.is_some())?;
    let mut line = Line { client, source, same, bytes: source.bytes, progress, interrupt };
    let (mut tries, mut before) = (0, part.done);
    while !line.is_whole(&part) {
        match line.receive(&mut part) {
            Ok(()) => break,
            Err(Broken::Stop(stop)) => return Err(stop),
            Err(broken @ (Broken::Line(_) | Broken::Server(_))) => {
                tries = if part.done >= before + MUCH { 1 } else { tries + 1 };
                if tries >= MOST_TRIES {
                    let (done, bytes) = (part.done, line.bytes);
                    return Err(broken.into_fault(|detail| Fault::Cut { done, bytes, detail }));
                }
                before = part.done;
                wait(PAUSE * tries as u32, interrupt)?;
            }
        }
    }
    check(source, &part)?;
    Ok(part)
}

fn check(source: &Source<'_>, part: &Part) -> Result<(), Stop> {
    if let Some(promised) = source.bytes
        && promised != part.done
    {
        part.discard();
        return Err(Fault::Length { came: part.done, promised }.into());
    }
    let came = part.sha256();
    if let Some(promised) = source.sha256
        && promised != came
    {
        part.discard();
        return Err(Fault::Digest { came, promised: promised.to_string() }.into());
    }
    Ok(())
}

/// Why no more came.
enum Broken {
    /// Worth another try.
    Line(String),
    /// The same, but there is a line.
    Server(Fault),
    Stop(Stop),
}

impl Broken {
    fn into_fault(self, cut: impl FnOnce(String) -> Fault) -> Stop {
        match self {
            Broken::Line(detail) => cut(detail).into(),
            Broken::Server(fault) => fault.into(),
            Broken::Stop(stop) => stop,
        }
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Broken::Stop(fault.into())
    }
}

impl From<crate::Error> for Broken {
    fn from(error: crate::Error) -> Self {
        Broken::Stop(error.into())
    }
}

/// One file's way here.
struct Line<'a> {
    client: &'a Client,
    source: &'a Source<'a>,
    same: Same,
    /// Of the whole file, once that is told.
    bytes: Option<u64>,
    progress: Progress<'a>,
    interrupt: &'a Interrupt,
}

impl Line<'_> {
    fn is_whole(&self, part: &Part) -> bool {
        part.done > 0 && self.source.bytes == Some(part.done) || self.source.bytes == Some(0)
    }

    /// Receives what is still missing, as far as it comes.
    fn receive(&mut self, part: &mut Part) -> Result<(), Broken> {
        if self.source.bytes.is_some_and(|bytes| part.done > bytes) {
            part.begin_again().map_err(|error| io("write", &part.path, error))?;
        }
        let mut answer = self.ask(part)?;
        if answer.is_page() && self.source.purpose == Purpose::Unpacked {
            return Err(Fault::Page.into());
        }
        self.heed(&answer, part)?;
        let folder = part.path.parent().unwrap_or(Path::new(".")).to_owned();
        if let Some(bytes) = self.bytes {
            let missing = bytes.saturating_sub(part.done);
            let needed = if self.source.purpose == Purpose::Unpacked { missing.saturating_add(bytes) } else { missing };
            if let Some(free) = free_bytes(&folder).filter(|free| *free < needed) {
                return Err(Fault::NoRoom { needed, free, folder }.into());
            }
        }
        let patience = self.client.timeout();
        let mut pace = Pace::new(part.done);
        let mut reader = answer.reader();
        let mut buffer = vec![0; 1 << 16];
        while self.bytes.is_none_or(|bytes| part.done < bytes) {
            if self.interrupt.requested() {
                return Err(crate::Error::Interrupted.into());
            }
            let n = match reader.read(&mut buffer) {
                Ok(0) if self.bytes.is_none() => return Ok(()),
                Ok(0) => return Err(Broken::Line("the line was closed".into())),
                Ok(n) => n,
                Err(error) => return Err(Broken::Line(error.to_string())),
            };
            if let Some(promised) = self.bytes.filter(|bytes| part.done + n as u64 > *bytes) {
                return Err(Fault::Length { came: part.done + n as u64, promised }.into());
            }
            part.write(&buffer[..n]).map_err(|source| match source.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    let (needed, free) = (n as u64, free_bytes(&folder).unwrap_or(0));
                    Broken::from(Fault::NoRoom { needed, free, folder: folder.clone() })
                }
                _ => Broken::from(io("write", &part.path, source)),
            })?;
            (self.progress)(part.done, self.bytes);
            pace.check(part.done, patience).map_err(Broken::Line)?;
        }
        Ok(())
    }

    /// Asks for the file, from where it broke on.
    fn ask(&self, part: &mut Part) -> Result<Answer, Broken> {
        let mut headers = self.source.headers.to_vec();
        let mut range = (part.done > 0).then_some((part.done, None));
        match &self.same {
            Same::Tag(tag) if range.is_some() => headers.push(("If-Range", tag)),
            Same::Unknown => range = None,
            Same::Tag(_) | Same::Digest => {}
        }
        let asked = self.client.ask(Request { range, ..Request::get(self.source.url).with_headers(&headers) });
        let answer = asked.map_err(|fault| match fault {
            // Once something has come, a line that is gone may come back.
            Fault::Timeout { .. } | Fault::Unreachable(_) | Fault::Refused { .. } if part.done > 0 => {
                Broken::Line(fault.to_string())
            }
            fault => fault.into(),
        })?;
        match answer.status() {
            200 => {
                if part.done > 0 {
                    // Parts are not to be had there, or it is another file by now.
                    part.begin_again().map_err(|source| io("write", &part.path, source))?;
                }
                Ok(answer)
            }
            206 if range.is_some() && answer.range().is_some_and(|(from, _)| from == part.done) => Ok(answer),
            206 => Err(Fault::Nonsense("it gives another part of the file than was asked for".into()).into()),
            // What is here is as long as the file, or longer: of another state of it.
            416 if range.is_some() => {
                part.begin_again().map_err(|source| io("write", &part.path, source))?;
                Err(Broken::Line("the file there is shorter than what came of it".into()))
            }
            429 | 500..=599 => Err(Broken::Server(Fault::Status { status: answer.status() })),
            status => Err(Fault::Status { status }.into()),
        }
    }

    /// Takes what an answer tells of the file: its length, and what this state of it is called.
    fn heed(&mut self, answer: &Answer, part: &Part) -> Result<(), Broken> {
        let told = match answer.status() {
            206 => answer.range().and_then(|(_, whole)| whole),
            _ => answer.length(),
        };
        match (self.source.bytes, told) {
            (Some(promised), Some(came)) if promised != came => return Err(Fault::Length { came, promised }.into()),
            (Some(_), _) => {}
            (None, told) => self.bytes = told,
        }
        if self.same != Same::Digest && answer.status() == 200 {
            // A weak tag names what is as good as the same, which is not enough here.
            let strong = answer.header("etag").filter(|tag| tag.starts_with('"'));
            let tag = strong.or_else(|| answer.header("last-modified")).map(str::to_string);
            part.remember(tag.as_deref());
            self.same = tag.map_or(Same::Unknown, Same::Tag);
        }
        Ok(())
    }
}
