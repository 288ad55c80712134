//! Lists a tar: each member's bytes lie in it as they are.

use std::collections::HashMap;
use std::io::BufReader;
use std::path::Path;

use tar::{Archive, EntryType};

use super::archive::ArchiveFault;
use super::listed::{Listed, Stopped};
use super::members::{Member, Packing};
use crate::base::problem::ProblemKind;
use crate::base::regular;

/// Lists the members of the tar at `path`, which people know as `name`. One that is cut or damaged gives what lies before.
pub fn list(path: &Path, name: &str, listed: &mut Listed<'_>) -> Result<(), Stopped> {
    let file = regular::open(path).map_err(ArchiveFault::from)?;
    let bytes = file.metadata().map_err(ArchiveFault::from)?.len();
    let mut archive = Archive::new(BufReader::new(file));
    let mut files: HashMap<Vec<u8>, Member> = HashMap::new();
    for entry in archive.entries_with_seek().map_err(ArchiveFault::from)? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if listed.found.is_empty() => return Err(ArchiveFault::Damaged(error.to_string()).into()),
            Err(error) => {
                let detail = format!("it is damaged or cut short ({error}); what lies behind that is lost");
                listed.cut(name, detail);
                return Ok(());
            }
        };
        let own = entry.path_bytes().into_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let (offset, size) = (entry.raw_file_position(), entry.size());
                if offset.saturating_add(size) > bytes {
                    listed.unusable(&own, ProblemKind::Damaged, "the archive ends before the file does");
                    listed.cut(name, "it is cut short; what lies behind that is lost".to_string());
                    return Ok(());
                }
                let member = Member { container: 0, offset, stored: size, size, packing: Packing::Stored, crc: None };
                listed.member(&own, member)?;
                files.insert(own, member);
            }
            // A second name of a file that came before.
            EntryType::Link => {
                let first = entry.link_name_bytes().and_then(|first| files.get(first.as_ref()).copied());
                match first {
                    Some(member) => listed.member(&own, member)?,
                    None => listed.unusable(&own, ProblemKind::Unreadable, "a link to what is not in the archive"),
                }
            }
            EntryType::Symlink => {
                listed.unusable(&own, ProblemKind::Unreadable, "a link, which is not followed in an archive");
            }
            EntryType::GNUSparse => {
                listed.unusable(&own, ProblemKind::Unsupported, "held with holes, which is not read; pack it anew");
            }
            _ => {}
        }
    }
    Ok(())
}
