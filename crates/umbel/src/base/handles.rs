//! Tells a system that has run out of file handles from a file that cannot be read.

/// Whether `error` says that the process or the system has no file handle left: no fault of the file.
pub fn are_used_up(error: &std::io::Error) -> bool {
    // EMFILE and ENFILE, the same numbers on every Unix; on Windows ERROR_TOO_MANY_OPEN_FILES.
    let codes: &[i32] = if cfg!(unix) { &[24, 23] } else { &[4] };
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}
