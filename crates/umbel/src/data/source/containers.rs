//! Which archives are meant by what was given: one, all that braces stand for, or all in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::archive::{self, ArchiveFault, ArchiveFile};
use crate::{Result, data};

/// Names that braces stand for, at most.
const MOST: usize = 100_000;

/// The archives that are meant, in order; `None` where a folder of photos is.
pub fn of(path: &Path) -> Result<Option<Vec<ArchiveFile>>> {
    let files = paths(path)?;
    Ok(files.map(|files| files.into_iter().map(ArchiveFile::at).collect()))
}

fn paths(path: &Path) -> Result<Option<Vec<PathBuf>>> {
    let fail = |fault| crate::Error::from(data::Error::Archive { path: path.to_owned(), fault });
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Ok(in_folder(path)),
        Ok(about) if about.is_file() => match archive::form(&ArchiveFile::at(path.to_owned())).map_err(fail)? {
            Some(_) => Ok(Some(vec![path.to_owned()])),
            None => Err(data::Error::NotAFolder { path: path.to_owned() }.into()),
        },
        Ok(_) => Err(data::Error::NotAFolder { path: path.to_owned() }.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(names) = path.to_str().map(expanded).transpose().map_err(fail)?.filter(|names| names.len() > 1)
            else {
                return Err(data::Error::FolderMissing { path: path.to_owned() }.into());
            };
            match names.iter().find(|name| !Path::new(name).is_file()) {
                Some(missing) => Err(fail(ArchiveFault::Missing(missing.clone()))),
                None => Ok(Some(names.into_iter().map(PathBuf::from).collect())),
            }
        }
        Err(source) => {
            Err(umbel_predict::Error::Io { action: "read the folder", path: path.to_owned(), source }.into())
        }
    }
}

/// Whether archives are meant, whatever may be wrong with them.
pub fn are_at(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => in_folder(path).is_some(),
        Ok(about) if about.is_file() => {
            !matches!(archive::form(&ArchiveFile::at(path.to_owned())), Ok(None) | Err(ArchiveFault::Io(_)))
        }
        Ok(_) => false,
        Err(_) => {
            path.to_str().is_some_and(|name| name.contains('{') && expanded(name).is_ok_and(|names| names.len() > 1))
        }
    }
}

/// The archives in a folder that has no folders, sorted by name; `None` where there are none, or folders as well.
fn in_folder(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut archives = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            return None;
        }
        if archive::is_named_as_one(&name) && path.is_file() {
            archives.push(path);
        }
    }
    archives.sort_unstable();
    (!archives.is_empty()).then_some(archives)
}

/// The names that a name with braces stands for, as a shell has it: `{000..099}` counts, keeping its zeros, `{a,b}` lists. Without
/// braces it is the name itself.
pub fn expanded(name: &str) -> std::result::Result<Vec<String>, ArchiveFault> {
    let Some((before, rest)) = name.split_once('{') else { return Ok(vec![name.to_string()]) };
    let unclear = || ArchiveFault::Braces(name.to_string());
    let (inside, after) = rest.split_once('}').ok_or_else(unclear)?;
    let inside: Vec<String> = match inside.split_once("..") {
        Some((from, to)) => counted(from, to).ok_or_else(unclear)?,
        None if inside.contains(',') => inside.split(',').map(String::from).collect(),
        None => return Err(unclear()),
    };
    let after = expanded(after)?;
    if inside.len().saturating_mul(after.len()) > MOST {
        return Err(unclear());
    }
    let with = |middle: &String| after.iter().map(|after| format!("{before}{middle}{after}")).collect::<Vec<_>>();
    Ok(inside.iter().flat_map(with).collect())
}

fn counted(from: &str, to: &str) -> Option<Vec<String>> {
    let number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<usize>().ok())?;
    let (first, last) = (number(from)?, number(to)?);
    let width = if from.starts_with('0') || to.starts_with('0') { from.len().max(to.len()) } else { 0 };
    let fits = first <= last && last - first < MOST;
    fits.then(|| (first..=last).map(|number| format!("{number:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_names_as_in_a_shell() {
        let of = |name: &str| expanded(name).map(|names| names.join(" ")).map_err(|fault| fault.to_string());
        assert_eq!(of("data.tar"), Ok("data.tar".to_string()));
        assert_eq!(of("d-{08..11}.tar"), Ok("d-08.tar d-09.tar d-10.tar d-11.tar".to_string()));
        assert_eq!(of("d-{8..10}.tar"), Ok("d-8.tar d-9.tar d-10.tar".to_string()));
        assert_eq!(of("{train,val}-{0..1}.tar"), Ok("train-0.tar train-1.tar val-0.tar val-1.tar".to_string()));
        for wrong in ["d-{1..}.tar", "d-{a..c}.tar", "d-{3..1}.tar", "d-{}.tar", "d-{1..2.tar", "{0..99999}{0..9}"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
