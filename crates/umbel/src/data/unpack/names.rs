//! Names of members as paths that stay within a folder.

use std::path::PathBuf;

/// Why a name is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsafe {
    /// It is not UTF-8.
    NotUtf8,
    /// It leads out of the folder.
    Outside,
}

/// The path, relative and without `.` and `..`; empty where the name is that of the folder itself. Both slashes part it, since what is
/// a name on one system is a path on another.
///
/// # Errors
/// [`Unsafe`], which says why the name is not taken.
pub fn safe(name: &[u8]) -> Result<PathBuf, Unsafe> {
    let name = std::str::from_utf8(name).map_err(|_| Unsafe::NotUtf8)?;
    let is_drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if is_drive || name.starts_with(['/', '\\']) || name.contains('\0') {
        return Err(Unsafe::Outside);
    }
    let mut path = PathBuf::new();
    for part in name.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => return Err(Unsafe::Outside),
            // On Windows, a colon leads to a stream beside the file.
            part if cfg!(windows) && part.contains(':') => return Err(Unsafe::Outside),
            part => path.push(part),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for name in ["/etc/passwd", "../a", "a/../../b", "a/..", "\\a", "a\\..\\b", "C:\\a", "c:a", "a\0b"] {
            assert_eq!(safe(name.as_bytes()), Err(Unsafe::Outside), "{name}");
        }
        assert_eq!(safe(b"caf\xe9.jpg"), Err(Unsafe::NotUtf8));
        for (name, path) in [("./a//b.jpg", "a/b.jpg"), ("a\\b.jpg", "a/b.jpg"), ("..a/b..", "..a/b.."), ("./", "")] {
            assert_eq!(safe(name.as_bytes()).unwrap(), std::path::Path::new(path), "{name}");
        }
    }
}
