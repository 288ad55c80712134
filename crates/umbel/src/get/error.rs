//! What can go wrong with fetching.

use std::path::PathBuf;

use super::StoreFault;
use crate::base::error::ErrorKind;

/// Why something cannot be fetched, or not to there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No data set has that name.
    #[error(
        "there is no data set called {given:?}; known are {}; or give an address that begins with https://, hf:OWNER/NAME, or \
         weights:NAME",
        known.join(", ")
    )]
    Unknown {
        /// What was asked for.
        given: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// No weights have that name.
    #[error("the hub has no weights called {given:?} that are known here; known are {}", known.join(", "))]
    UnknownWeights {
        /// What was asked for.
        given: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// An address that is none.
    #[error("{given:?} is no address that can be fetched: {detail}")]
    Address {
        /// What was given.
        given: String,
        /// Why not.
        detail: String,
    },
    /// A folder is there that was not fetched.
    #[error(
        "{} is there already and was not fetched, so it is left as it is: name another folder, or move that one away",
        path.display()
    )]
    NotOwn {
        /// The folder.
        path: PathBuf,
    },
    /// A folder is there that something else was fetched into.
    #[error(
        "{} holds {holds}, and {asked} was asked for: name another folder, or move that one away",
        path.display()
    )]
    HoldsOther {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        holds: String,
        /// What was asked for.
        asked: String,
    },
    /// Another umbel is at it.
    #[error("another umbel is fetching to {}: wait for it, or name another folder", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A data set or weights could not be fetched.
    #[error("cannot fetch {url}: {fault}{}", by_hand(by_hand_as.as_ref()))]
    Download {
        /// The file's address.
        url: String,
        /// Why.
        fault: Fault,
        /// Where a file that is fetched by hand belongs; `None`: nowhere in particular.
        by_hand_as: Option<PathBuf>,
    },
    /// What came is no archive.
    #[error(
        "what {url} gives is neither a tar (plain, or compressed by gzip or Zstandard) nor a zip file: give the address of the archive \
         itself"
    )]
    NotAnArchive {
        /// The address.
        url: String,
    },
    /// A repository without pictures.
    #[error(
        "the data set {name} has no file at {revision} that could be used: pictures, metadata.csv or metadata.jsonl, Parquet, or \
         archives of them (files seen: {seen})"
    )]
    NothingUseful {
        /// The data set, as owner and name.
        name: String,
        /// Branch, tag or commit.
        revision: String,
        /// Files of other kinds.
        seen: usize,
    },
    /// An object store does not give it.
    #[error("cannot read {address}: {fault}")]
    Store {
        /// What was asked for, as `s3://bucket/name`.
        address: String,
        /// Why not.
        fault: StoreFault,
    },
    /// More files than can be fetched one by one.
    #[error(
        "the data set {name} has more than {most} files, which are too many to be fetched one by one: choose one that lies in archives or \
         Parquet files"
    )]
    TooManyFiles {
        /// The data set, as owner and name.
        name: String,
        /// The limit.
        most: usize,
    },
}

fn by_hand(path: Option<&PathBuf>) -> String {
    path.map_or(String::new(), |path| format!("; by hand, save that file as {}", path.display()))
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Unknown { .. } | Error::UnknownWeights { .. } | Error::Address { .. } => ErrorKind::Setting,
            Error::NotOwn { .. } | Error::HoldsOther { .. } => ErrorKind::Io,
            Error::Busy { .. } => ErrorKind::Busy,
            Error::Download { fault: Fault::NoRoom { .. }, .. } => ErrorKind::Io,
            Error::Download { .. } => ErrorKind::Network,
            Error::Store { fault: StoreFault::HalfKey(_) | StoreFault::Table, .. } => ErrorKind::Setting,
            Error::Store {
                fault: StoreFault::Nothing | StoreFault::Missing(_) | StoreFault::TooMuch { .. }, ..
            } => ErrorKind::Data,
            Error::Store { .. } => ErrorKind::Network,
            Error::NotAnArchive { .. } | Error::NothingUseful { .. } | Error::TooManyFiles { .. } => ErrorKind::Data,
        }
    }
}

/// Why a file could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// umbel was built without the feature.
    #[error("this umbel was built without the network (it has it with the Cargo feature net)")]
    NotBuilt,
    /// The name of the host leads nowhere.
    #[error(
        "there is no host called {host}, or no line to ask for it ({detail}): check the address and the connection"
    )]
    NoHost {
        /// The host.
        host: String,
        /// What the system says.
        detail: String,
    },
    /// A host that does not listen.
    #[error("{host} refuses the connection: check the address and its port, or try again later")]
    Refused {
        /// The host.
        host: String,
    },
    /// No safe connection.
    #[error(
        "no safe connection to {host} comes about ({detail}): check the address and this computer's clock; where a proxy or an \
         organization has a certificate of its own, SSL_CERT_FILE names its file"
    )]
    Tls {
        /// The host.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The certificates of this computer cannot be read.
    #[error("the certificates of this computer cannot be read ({0}): check SSL_CERT_FILE and SSL_CERT_DIR")]
    Certificates(String),
    /// A proxy that does not let through.
    #[error("the proxy does not connect to it ({0}): check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY")]
    Proxy(String),
    /// No answer in time.
    #[error("no answer came within {seconds} seconds: try again later, or wait longer by UMBEL_TIMEOUT (seconds)")]
    Timeout {
        /// How long was waited.
        seconds: u64,
    },
    /// The line is there, and something else is wrong with it.
    #[error("it cannot be reached ({0}): check the connection, and try again")]
    Unreachable(String),
    /// An answer that is no file.
    #[error("it answers with status {status}{}", of_status(*status))]
    Status {
        /// By the standard of HTTP.
        status: u16,
    },
    /// It sends in a circle, or too far.
    #[error("it sends from address to address and never to the file ({0} times): check the address")]
    Circle(usize),
    /// It sends from a safe address to one that is not.
    #[error("it sends to {0}, which is not safe where the address itself is: look for another address")]
    Unsafe(String),
    /// A page for people.
    #[error(
        "what comes is a page for people, not a file: copy the address of the file itself, or sign in there and fetch it by hand"
    )]
    Page,
    /// An answer that is not what its kind should be.
    #[error("its answer makes no sense ({0}): check the address, or try again later")]
    Nonsense(String),
    /// The line broke again and again.
    #[error(
        "the line broke after {done}{} bytes ({detail}); they are kept, and another try will go on there",
        bytes.map_or(String::new(), |bytes| format!(" of {bytes}"))
    )]
    Cut {
        /// What has come.
        done: u64,
        /// All, where that was told.
        bytes: Option<u64>,
        /// How it broke.
        detail: String,
    },
    /// Another number of bytes than promised.
    #[error(
        "it is not the file that is known: it has {came} bytes instead of {promised}, so it was changed since, or is something else"
    )]
    Length {
        /// What it has.
        came: u64,
        /// What it should have.
        promised: u64,
    },
    /// Larger than anything that is fetched so.
    #[error("it has more than {0} bytes, which is more than is taken")]
    TooLarge(u64),
    /// Other bytes than promised.
    #[error(
        "what came is not what was promised: its sha256 is {came} instead of {promised}; it was thrown away, so try again"
    )]
    Digest {
        /// Of what came.
        came: String,
        /// Of what was promised.
        promised: String,
    },
    /// Not enough free disk.
    #[error("{needed} bytes of disk are needed in {}, and {free} are free: free some, or name a folder elsewhere", folder.display())]
    NoRoom {
        /// Bytes that are still to come, and what they will be unpacked to.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// Where.
        folder: PathBuf,
    },
}

fn of_status(status: u16) -> &'static str {
    match status {
        401 => ": it wants to know who asks",
        403 => ": it gives that file to some only, or not to everybody at once",
        404 | 410 => ": there is no such file; check the address",
        407 => ": the proxy wants to know who asks; put name and password into the address of the proxy",
        429 => ": it was asked too often; try again later",
        451 => ": it must not give it for legal reasons",
        500..=599 => ": something is wrong there; try again later",
        _ => "",
    }
}
