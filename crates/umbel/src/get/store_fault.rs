//! What a store of objects answers where it does not give what was asked for.

/// See the module; by S3's own codes, see <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreFault {
    /// It has no bucket of that name.
    #[error("there is no bucket of that name: check it, and, where the store is not Amazon's, AWS_ENDPOINT_URL")]
    NoBucket,
    /// Nothing lies there.
    #[error("nothing lies there: check the name; upper and lower case count, and a name ends where a folder does")]
    Nothing,
    /// One of several is not there.
    #[error("{0} is not there; the braces stand for every one of their names")]
    Missing(String),
    /// Who asks may not have it.
    #[error(
        "it is not given {}",
        if *signed {
            "to the key that asks: listing (s3:ListBucket) and reading (s3:GetObject) must be allowed to it"
        } else {
            "to everybody, and nobody was named who asks: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
    )]
    Denied {
        /// Whether it was told who asks.
        signed: bool,
    },
    /// A key without its secret, or the other way round.
    #[error("{0} is not set, and its other half is: set both, or neither for what everybody may read")]
    HalfKey(&'static str),
    /// It does not know the key.
    #[error(
        "the store does not know the key: check AWS_ACCESS_KEY_ID, and AWS_ENDPOINT_URL where the store is not Amazon's"
    )]
    UnknownKey,
    /// The key does not hold any more, or lacks its session.
    #[error(
        "the key does not hold any more, or lacks its session: get a new one, and set AWS_SESSION_TOKEN along with it"
    )]
    Expired,
    /// The secret is not that of the key.
    #[error("the signature is not that of the key: check AWS_SECRET_ACCESS_KEY, and AWS_REGION")]
    Signature,
    /// Its clock and this computer's are apart.
    #[error("its clock and that of this computer are too far apart for a signature: set this one right")]
    Clock,
    /// The bucket lies somewhere else.
    #[error("the bucket lies in the region {}, not in {asked}: set AWS_REGION", region.as_deref().unwrap_or("of another name"))]
    Region {
        /// Where it was looked for.
        asked: String,
        /// Where it lies, if that was told.
        region: Option<String>,
    },
    /// It is laid away, and not to be had at once.
    #[error("it is laid away in an archive of the store: have it restored there first")]
    LaidAway,
    /// Another object lies there by now.
    #[error("it was changed while it was fetched: try again")]
    Changed,
    /// It asks for patience, again and again.
    #[error("it is asked too much at once, or something is wrong there (status {0}): try again later")]
    Busy(u16),
    /// More than is held here.
    #[error(
        "{bytes} bytes lie there, and {most} is the most that is kept here: copy them into a folder, and give that"
    )]
    TooMuch {
        /// All that would be fetched.
        bytes: u64,
        /// What the cache may hold.
        most: u64,
    },
    /// It is a table.
    #[error("a table is not read there: copy it and its photos into a folder, or name the folder of the photos")]
    Table,
    /// Anything else.
    #[error("it answers with status {status}{}", if code.is_empty() { String::new() } else { format!(" ({code}: {message})") })]
    Other {
        /// By the standard of HTTP.
        status: u16,
        /// What it calls that.
        code: String,
        /// What it says of it.
        message: String,
    },
}
