//! Brings objects, or ranges of them, to their places in a file: several at once, each with little memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};

use super::bucket::{Answered, Bucket, Question, Tries, Trouble};
use super::xml::Object;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::data::unpack::io;
use crate::get::online::archives::failed;
use crate::get::online::pace::Pace;
use crate::get::{Error, Fault, StoreFault};

/// So many are fetched at a time.
const AT_ONCE: usize = 8;
/// What is larger than that comes in ranges.
const WHOLE: u64 = 64 << 20;
const RANGE: u64 = 8 << 20;

/// A part of an object, and where it comes to lie.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    pub object: &'a Object,
    from: u64,
    bytes: u64,
    at: u64,
}

impl<'a> Job<'a> {
    /// All of an object, which comes to lie at `at`, in as many parts as it should come in.
    pub fn of(object: &'a Object, at: u64) -> impl Iterator<Item = Job<'a>> {
        let step = if object.size > WHOLE { RANGE } else { WHOLE };
        let parts = (0..object.size).step_by(step as usize);
        parts.map(move |from| Job { object, from, bytes: step.min(object.size - from), at: at + from })
    }

    /// Where the first byte of its object comes to lie.
    pub fn at_object(&self) -> u64 {
        self.at - self.from
    }
}

/// Does these jobs on the file at `path`, telling of bytes as they come. Gives the numbers of those whose object was not to be had.
pub fn fetch(
    bucket: &Bucket<'_>,
    path: &Path,
    jobs: &[Job<'_>],
    told: &mut dyn FnMut(u64),
    interrupt: &Interrupt,
) -> Result<Vec<(usize, StoreFault)>> {
    let (next, stop, broken) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
    let gone = Mutex::new(Vec::new());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(jobs.len()) {
            let (sender, next, stop, broken, gone) = (sender.clone(), &next, &stop, &broken, &gone);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { break };
                    let worker = Worker { bucket, path, job, sender: &sender, stop, interrupt };
                    match worker.run() {
                        Ok(()) => {}
                        Err(error) => match absent(&error) {
                            Some(fault) => lock(gone).push((number, fault)),
                            None => {
                                lock(broken).get_or_insert(error);
                                stop.store(true, Ordering::Relaxed);
                            }
                        },
                    }
                }
            });
        }
        drop(sender);
        receiver.iter().for_each(told);
    });
    match lock(&broken).take() {
        Some(error) => Err(error),
        None => {
            let mut gone = gone.into_inner().unwrap_or_else(PoisonError::into_inner);
            gone.sort_by_key(|(number, _)| *number);
            Ok(gone)
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with the object alone, so that the others may go on.
fn absent(error: &crate::Error) -> Option<StoreFault> {
    match error {
        crate::Error::Get(Error::Store { fault: fault @ (StoreFault::Nothing | StoreFault::LaidAway), .. }) => {
            Some(fault.clone())
        }
        _ => None,
    }
}

struct Worker<'a> {
    bucket: &'a Bucket<'a>,
    path: &'a Path,
    job: &'a Job<'a>,
    sender: &'a Sender<u64>,
    stop: &'a AtomicBool,
    interrupt: &'a Interrupt,
}

impl Worker<'_> {
    fn run(&self) -> Result<()> {
        let failed = |source| io("write", self.path, source);
        let mut file = File::options().write(true).open(self.path).map_err(failed)?;
        file.seek(SeekFrom::Start(self.job.at)).map_err(failed)?;
        let (mut done, mut tries) = (0, Tries::default());
        while done < self.job.bytes {
            let before = done;
            match self.receive(&mut file, &mut done) {
                Ok(()) => {}
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Again(error)) => {
                    // A line that breaks now and then is good enough.
                    if done > before + (RANGE >> 3) {
                        tries = Tries::default();
                    }
                    tries.again(error, self.interrupt)?;
                }
            }
        }
        Ok(())
    }

    /// Receives what is still missing, as far as it comes.
    fn receive(&self, file: &mut File, done: &mut u64) -> Answered<()> {
        let Job { object, from, bytes, .. } = *self.job;
        let (first, behind) = (from + *done, from + bytes);
        let range = (first > 0 || behind < object.size).then_some((first, behind));
        let tag = Some(object.tag.as_str()).filter(|tag| !tag.is_empty());
        let question = Question { name: &object.name, query: &[], range, tag };
        let mut answer = self.bucket.ask_once(question)?;
        let told = match range {
            Some(_) => answer.range(),
            None => answer.length().map(|length| (0, Some(length))),
        };
        match told {
            Some((at, whole)) if at != first || whole.is_some_and(|whole| whole != object.size) => {
                return Err(Trouble::Final(self.bucket.error(&object.name, StoreFault::Changed)));
            }
            // Without ranges, it would come from its beginning again.
            None if range.is_some() => {
                let fault = Fault::Nonsense("it gives all of it, where a range was asked for".into());
                return Err(Trouble::Final(failed(&answer.url, fault)));
            }
            Some(_) | None => {}
        }
        let url = answer.url.clone();
        let again = |detail: String| Trouble::Again(failed(&url, Fault::Unreachable(detail)));
        let mut pace = Pace::new(*done);
        let mut reader = answer.reader();
        let mut buffer = vec![0; 1 << 16];
        while *done < bytes {
            if self.interrupt.requested() || self.stop.load(Ordering::Relaxed) {
                return Err(Trouble::Final(crate::Error::Interrupted));
            }
            let most = buffer.len().min(usize::try_from(bytes - *done).unwrap_or(usize::MAX));
            match reader.read(&mut buffer[..most]) {
                Ok(0) => return Err(again("the line was closed".into())),
                Ok(n) => {
                    file.write_all(&buffer[..n]).map_err(|source| io("write", self.path, source))?;
                    *done += n as u64;
                    let _ = self.sender.send(n as u64);
                }
                Err(error) => return Err(again(error.to_string())),
            }
            pace.check(*done, self.bucket.client.timeout()).map_err(again)?;
        }
        Ok(())
    }
}
