//! An archive's list of members in the making: what each is called within a folder, and what cannot be used.

use std::path::Path;

use super::archive::ArchiveFault;
use super::members::Member;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::decode;

/// The observer hears of the listing after so many members.
const TOLD_EVERY: usize = 1000;

/// What an archive's list of members gives, one after another.
pub struct Listed<'a> {
    pub found: Vec<(String, Member)>,
    pub problems: Vec<Problem>,
    /// What is told of members: their classes, by path.
    pub told: Vec<(String, String)>,
    pub container: u32,
    /// Who hears of it, and who may stop it.
    pub heard: (&'a mut dyn Observer, &'a Interrupt),
    /// Members of the archives before it.
    pub before: usize,
}

/// Why a list of members ended.
pub enum Stopped {
    Fault(ArchiveFault),
    Interrupted,
}

impl<E: Into<ArchiveFault>> From<E> for Stopped {
    fn from(fault: E) -> Self {
        Stopped::Fault(fault.into())
    }
}

impl Listed<'_> {
    /// Another member.
    pub fn member(&mut self, name: &[u8], member: Member) -> Result<(), Stopped> {
        if let Some(path) = self.place(name) {
            self.found.push((path, Member { container: self.container, ..member }));
        }
        let seen = self.before + self.found.len();
        if seen.is_multiple_of(TOLD_EVERY) {
            self.heard.0.event(&Event::Listing { entries: seen });
        }
        if self.heard.1.requested() { Err(Stopped::Interrupted) } else { Ok(()) }
    }

    /// A member that cannot be used; of what is no picture, nobody needs to hear.
    pub fn unusable(&mut self, name: &[u8], kind: ProblemKind, detail: &str) {
        let path = String::from_utf8_lossy(name).into_owned();
        if decode::named_as_picture(Path::new(&path)) {
            self.problems.push(Problem { path, kind, detail: detail.to_string() });
        }
    }

    /// What is wrong with the archive itself, from some place on.
    pub fn cut(&mut self, archive: &str, detail: String) {
        self.problems.push(Problem { path: archive.to_string(), kind: ProblemKind::Damaged, detail });
    }

    /// The path of a member as it is within a folder: without `.` and doubled slashes. One that leads out is left out.
    fn place(&mut self, name: &[u8]) -> Option<String> {
        let Ok(text) = std::str::from_utf8(name) else {
            self.unusable(name, ProblemKind::Name, "the name in the archive is not UTF-8; pack it anew");
            return None;
        };
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if text.starts_with('/') || parts.contains(&"..") || parts.iter().any(|part| part.contains('\0')) {
            self.unusable(name, ProblemKind::Name, "its path leads out of the archive, so it is left out");
            return None;
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}
