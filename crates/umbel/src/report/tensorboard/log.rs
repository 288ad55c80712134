//! The event files of one folder. They are the one thing in a run folder that grows in place instead of being replaced
//! whole: TensorBoard holds a file open and waits for its next record, and what is cut short it passes over.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::event::{self, Event};
use super::record;
use crate::base::regular;
use crate::{Error, Result};

/// Every event file's name begins so; TensorBoard reads them in the order of their names.
const PREFIX: &str = "events.out.tfevents.";
const SUFFIX: &str = ".umbel.v2";

/// Reads what there is, and appends what is not there yet.
#[derive(Debug)]
pub struct EventLog {
    folder: PathBuf,
    /// The last step of each tag.
    last: BTreeMap<String, u64>,
    /// Above the number in any file's name.
    next_number: u64,
    /// Made with the first event.
    file: Option<(PathBuf, File)>,
}

impl EventLog {
    /// Makes the folder where it isn't there, and reads the event files in it.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|source| io("create the folder", folder, source))?;
        let mut log = EventLog { folder: folder.to_owned(), last: BTreeMap::new(), next_number: 0, file: None };
        let entries = fs::read_dir(folder).map_err(|source| io("read the folder", folder, source))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            if let Some(number) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) {
                let digits = number.split('.').next().unwrap_or_default();
                log.next_number =
                    log.next_number.max(digits.parse::<u64>().map_or(0, |number| number.saturating_add(1)));
                log.read(&entry.path())?;
            }
        }
        Ok(log)
    }

    fn read(&mut self, path: &Path) -> Result<()> {
        let bytes = regular::read(path, regular::TABLE).map_err(|source| io("read", path, source))?;
        for event in record::records(&bytes) {
            let (step, tags) = event::step_and_tags(event);
            for tag in tags {
                let last = self.last.entry(tag).or_insert(step);
                *last = step.max(*last);
            }
        }
        Ok(())
    }

    /// Appends an event, unless the tag has come to this step already.
    pub fn append(&mut self, event: &Event<'_>) -> Result<()> {
        if self.last.get(event.tag).is_some_and(|last| *last >= event.step) {
            return Ok(());
        }
        let now = now();
        if self.file.is_none() {
            self.file = Some(self.create(now)?);
        }
        if let Some((path, file)) = &mut self.file {
            // One write a record: a run that is killed leaves whole records, but for the very last.
            let record = record::frame(&event.to_bytes(now));
            file.write_all(&record).map_err(|source| io("write", path, source))?;
        }
        self.last.insert(event.tag.to_string(), event.step);
        Ok(())
    }

    /// A file whose name comes after all others', also where the clock was put back.
    fn create(&self, now: f64) -> Result<(PathBuf, File)> {
        let number = (now as u64).max(self.next_number);
        let path = self.folder.join(format!("{PREFIX}{number:010}{SUFFIX}"));
        let mut file =
            File::options().write(true).create_new(true).open(&path).map_err(|source| io("create", &path, source))?;
        file.write_all(&record::frame(&event::file_version(now))).map_err(|source| io("write", &path, source))?;
        Ok((path, file))
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    umbel_predict::Error::Io { action, path: path.to_owned(), source }.into()
}
