//! Why an archive cannot be unpacked.

/// See the module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackFault {
    /// Cut short, or bytes that no such archive has.
    #[error("it is damaged, or was cut short ({0}): get it again")]
    Damaged(String),
    /// A member that needs a password.
    #[error("{0} in it is encrypted: unpack it by hand, with the password, and give the folder")]
    Encrypted(String),
    /// A member that is compressed in a way that is not read.
    #[error("{name} in it is compressed by {method}, and only stored and deflated members are read: unpack it by hand")]
    Method {
        /// The member.
        name: String,
        /// How it is compressed.
        method: String,
    },
    /// More bytes than an archive of photos holds.
    #[error(
        "it would become more than {most} bytes, which is more than is allowed: unpack it by hand, if that is meant so"
    )]
    TooLarge {
        /// The limit.
        most: u64,
    },
    /// More files than an archive of photos holds.
    #[error("it has more than {most} files, which is more than is allowed: unpack it by hand, if that is meant so")]
    TooManyFiles {
        /// The limit.
        most: u64,
    },
    /// It swells more than photos do.
    #[error(
        "it swells to more than {ratio} times its size, as no archive of photos does: it may be made to fill the disk; unpack it by \
         hand, if that is meant so"
    )]
    Swells {
        /// The limit.
        ratio: u64,
    },
    /// Not enough free disk, as far as can be told before.
    #[error("it needs {needed} bytes of disk, and {free} are free: free some, or unpack it elsewhere")]
    NoRoom {
        /// Bytes that it will take.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// No file in it could be used.
    #[error("there is no file in it")]
    Empty,
}
