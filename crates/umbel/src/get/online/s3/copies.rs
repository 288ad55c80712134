//! Copies of objects in the folder of the cache: files that are called by what they hold, whole or not there, and kept as packs are.

use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::bucket::Bucket;
use super::choose::Needed;
use super::tarball::{self, Layout};
use super::transfer::{self, Job};
use super::xml::Object;
use crate::Result;
use crate::base::atomic::{self, Scratch};
use crate::base::notice::Notice;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::cache::housekeeping;
use crate::data::unpack::{free_bytes, io};
use crate::data::{ArchiveFile, CacheOptions};
use crate::get::online::archives::failed;
use crate::get::{Fault, StoreFault};

/// Photos are gathered into files of about this size, so that what is broken off has to come again at most so far.
const MOST_BYTES: u64 = 256 << 20;
/// From here on, a file may end where a name says so: what is added in front of others then moves only those next to it.
const MAY_END: u64 = 32 << 20;
/// One name of so many says so.
const ENDS: u8 = 16;
/// Files that only are there take room as well.
const MOST_FILES: usize = 20_000;

/// Who hears of it, and who may stop it.
type Heard<'a> = (&'a mut dyn Observer, &'a Interrupt);

/// Archives, each as it is.
pub fn archives(
    bucket: &Bucket<'_>,
    objects: &[Object],
    cache: &CacheOptions,
    heard: Heard<'_>,
) -> Result<Vec<ArchiveFile>> {
    let copy = |object: &Object| {
        let jobs: Vec<(Object, u64)> = vec![(object.clone(), 0)];
        let given = bucket.address.with_name(&object.name).shown().into();
        Copy {
            given,
            digest: digest(bucket, [(object, "", true)].into_iter()),
            heads: Vec::new(),
            bytes: object.size,
            jobs,
        }
    };
    let (files, gone) = bring(bucket, objects.iter().map(copy).collect(), cache, heard)?;
    match gone.into_iter().next() {
        Some(Gone { name, fault }) => Err(bucket.error(&name, fault)),
        None => Ok(files),
    }
}

/// The files of a folder, gathered into tars; and those that were not to be had.
pub fn folder(
    bucket: &Bucket<'_>,
    files: Vec<Needed>,
    cache: &CacheOptions,
    heard: Heard<'_>,
) -> Result<(Vec<ArchiveFile>, Vec<Problem>)> {
    let copies = gathered(files).into_iter().map(|files| tar(bucket, files)).collect();
    let below = if bucket.address.name.is_empty() { 0 } else { bucket.address.name.len() + 1 };
    let (tars, gone) = bring(bucket, copies, cache, heard)?;
    let problem = |gone: Gone| {
        let path = gone.name.get(below..).unwrap_or_default().to_string();
        let detail = match gone.fault {
            StoreFault::Nothing => "it was listed, and is gone".to_string(),
            fault => fault.to_string(),
        };
        Problem { path, kind: ProblemKind::Unreadable, detail }
    };
    Ok((tars, gone.into_iter().map(problem).collect()))
}

/// A file in the making.
struct Copy {
    given: PathBuf,
    digest: blake3::Hash,
    heads: Vec<(u64, Vec<u8>)>,
    bytes: u64,
    /// What comes to lie where.
    jobs: Vec<(Object, u64)>,
}

/// An object that was not to be had, and why.
struct Gone {
    name: String,
    fault: StoreFault,
}

/// Divides files among tars, in their order.
fn gathered(files: Vec<Needed>) -> Vec<Vec<Needed>> {
    let (mut all, mut current, mut bytes) = (Vec::new(), Vec::new(), 0u64);
    for file in files {
        let size = if file.is_content { file.object.size } else { 0 };
        let ends = blake3::hash(file.path.as_bytes()).as_bytes()[0] < u8::MAX / ENDS;
        if !current.is_empty() && (bytes.saturating_add(size) > MOST_BYTES || current.len() >= MOST_FILES) {
            all.push(std::mem::take(&mut current));
            bytes = 0;
        }
        bytes = bytes.saturating_add(size);
        current.push(file);
        if ends && bytes >= MAY_END {
            all.push(std::mem::take(&mut current));
            bytes = 0;
        }
    }
    all.extend((!current.is_empty()).then_some(current));
    all
}

fn tar(bucket: &Bucket<'_>, files: Vec<Needed>) -> Copy {
    let digest = digest(bucket, files.iter().map(|file| (&file.object, file.path.as_str(), file.is_content)));
    let (mut layout, mut jobs) = (Layout::default(), Vec::new());
    for Needed { object, path, is_content } in files {
        let at = layout.add(&path, if is_content { object.size } else { 0 });
        if is_content {
            jobs.push((object, at));
        }
    }
    let bytes = layout.bytes();
    Copy { given: bucket.address.shown().into(), digest, heads: layout.heads, bytes, jobs }
}

/// By what a file is found again: the store, and the names and states of what is in it.
fn digest<'a>(bucket: &Bucket<'_>, held: impl Iterator<Item = (&'a Object, &'a str, bool)>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    text("umbel s3 1");
    text(&bucket.place());
    for (object, path, is_content) in held {
        text(&object.name);
        text(path);
        // Of what only is there, nothing else counts.
        text(if is_content { &object.tag } else { "" });
        text(&if is_content { object.size } else { 0 }.to_string());
    }
    hasher.finalize()
}

/// Sees to it that these files are there.
fn bring(
    bucket: &Bucket<'_>,
    copies: Vec<Copy>,
    cache: &CacheOptions,
    (observer, interrupt): Heard<'_>,
) -> Result<(Vec<ArchiveFile>, Vec<Gone>)> {
    let folder = &cache.folder;
    let place = |copy: &Copy| folder.join(file_name(copy.digest));
    let total: u64 = copies.iter().map(|copy| copy.bytes).sum();
    let address = bucket.address.shown();
    if total > cache.max_bytes {
        return Err(bucket.error(&bucket.address.name, StoreFault::TooMuch { bytes: total, most: cache.max_bytes }));
    }
    std::fs::create_dir_all(folder).map_err(|source| io("create the folder", folder, source))?;
    let is_here = |copy: &Copy| std::fs::metadata(place(copy)).is_ok_and(|about| about.len() == copy.bytes);
    let missing = |copy: &&Copy| !is_here(copy);
    let needed: u64 = copies.iter().filter(missing).map(|copy| copy.bytes).sum();
    if let Some(free) = free_bytes(folder).filter(|free| *free < needed) {
        return Err(failed(&address, Fault::NoRoom { needed, free, folder: folder.clone() }));
    }
    let size = |copy: &Copy| copy.jobs.iter().map(|(object, _)| object.size).sum::<u64>();
    let bytes: u64 = copies.iter().filter(missing).map(size).sum();
    if needed > 0 {
        observer.event(&Event::Notice(&Notice::Fetching { url: address, bytes: Some(bytes) }));
    }
    let _making = housekeeping::begin_to_make(folder);
    let (mut done, mut gone) = (0, Vec::new());
    let mut told = |n: u64| {
        done += n;
        observer.event(&Event::Downloading { done, bytes: Some(bytes) });
    };
    let mut files = Vec::new();
    for copy in copies {
        let path = place(&copy);
        let file = match is_here(&copy) {
            true => {
                housekeeping::mark_used(&path);
                path
            }
            false => make(bucket, &copy, path, (&mut told, interrupt), &mut gone)?,
        };
        let mut stamp = [0; 40];
        stamp[..32].copy_from_slice(copy.digest.as_bytes());
        stamp[32..].copy_from_slice(&(gone.len() as u64).to_le_bytes());
        files.push(ArchiveFile { given: copy.given, file, stamp });
    }
    let in_use: Vec<_> = files.iter().map(|file| file.file.as_path()).collect();
    housekeeping::keep_within(folder, cache.max_bytes, &in_use);
    Ok((files, gone))
}

/// Makes one of them. Where something was not to be had, that is no file of the tar, which is called otherwise, so that the next run asks
/// for all of it again.
fn make(
    bucket: &Bucket<'_>,
    copy: &Copy,
    path: PathBuf,
    (told, interrupt): (&mut dyn FnMut(u64), &Interrupt),
    gone: &mut Vec<Gone>,
) -> Result<PathBuf> {
    let scratch = Scratch::beside(&path)?;
    let mut file = scratch.file()?;
    let failed = |source| io("write", &path, source);
    file.set_len(copy.bytes).map_err(failed)?;
    let jobs: Vec<Job<'_>> = copy.jobs.iter().flat_map(|(object, at)| Job::of(object, *at)).collect();
    let mut absent = transfer::fetch(bucket, scratch.path(), &jobs, told, interrupt)?;
    absent.dedup_by_key(|(number, _)| jobs[*number].at_object());
    for (at, head) in &copy.heads {
        let is_gone = absent.iter().any(|(number, _)| jobs[*number].at_object() == at + head.len() as u64);
        file.seek(SeekFrom::Start(*at)).map_err(failed)?;
        if is_gone { file.write_all(&tarball::void(head)) } else { file.write_all(head) }.map_err(failed)?;
    }
    if absent.is_empty() {
        scratch.commit()?;
        return Ok(path);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(copy.digest.as_bytes());
    for (number, fault) in absent {
        let name = jobs[number].object.name.clone();
        hasher.update(name.as_bytes());
        gone.push(Gone { name, fault });
    }
    let part = path.with_file_name(file_name(hasher.finalize()));
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    atomic::write_with(&part, |to| std::io::copy(&mut file, to).map(drop))?;
    Ok(part)
}

fn file_name(digest: blake3::Hash) -> String {
    format!("{}.{}", digest.to_hex(), housekeeping::TAR_EXTENSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(number: usize, size: u64) -> Needed {
        let name = format!("roses/{number}.jpg");
        let object = Object { name: name.clone(), size, tag: String::new() };
        Needed { object, path: name, is_content: true }
    }

    fn names(files: Vec<Needed>) -> Vec<Vec<String>> {
        gathered(files).into_iter().map(|files| files.into_iter().map(|file| file.path).collect()).collect()
    }

    #[test]
    fn files_are_gathered_in_order_within_bounds_and_a_new_one_moves_few() {
        let files = |from: usize| (from..3000).map(|number| needed(number, 1 << 20)).collect::<Vec<_>>();
        let (before, after) = (names(files(1)), names(files(0)));
        assert!(before.len() > 10 && before.iter().all(|names| names.len() <= 256), "{}", before.len());
        assert_eq!(before.concat(), (1..3000).map(|number| format!("roses/{number}.jpg")).collect::<Vec<_>>());
        let kept = before.iter().filter(|names| after.contains(names)).count();
        assert!(kept + 4 >= before.len(), "{kept} of {}", before.len());
        let large = names(vec![needed(0, 1 << 30), needed(1, 1 << 30)]);
        assert_eq!(large.len(), 2);
    }
}
