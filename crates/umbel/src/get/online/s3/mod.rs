//! Photos that lie in an object store (S3, and what speaks like it). What is needed of them comes to lie in the folder of the cache, as
//! files that are found again by what they hold, so that a second run asks for the list alone.

mod address;
mod bucket;
mod choose;
mod copies;
mod list;
mod sign;
mod tarball;
mod transfer;
mod xml;

use std::path::{Path, PathBuf};

use self::address::Address;
use self::bucket::Bucket;
use self::choose::{Chosen, choose};
use super::archives::failed;
use super::client::Client;
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::{CacheOptions, Copies, Source};
use crate::surroundings::Network;

/// Opens what lies at an address.
pub fn open(
    given: &Path,
    cache: &CacheOptions,
    network: &Network,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Source> {
    let address = Address::parse(given)?;
    let client = Client::new(network).map_err(|fault| failed(&address.shown(), fault))?;
    let bucket = Bucket::new(&address, &network.s3, client)?;
    let copies = match choose(&bucket, observer, interrupt)? {
        Chosen::Archives(objects) => {
            Copies::Archives(copies::archives(&bucket, &objects, cache, (observer, interrupt))?)
        }
        Chosen::Folder { files, mut problems } => {
            let (tars, gone) = copies::folder(&bucket, files, cache, (observer, interrupt))?;
            problems.extend(gone);
            Copies::Folder(tars, problems)
        }
    };
    Source::of_copies(PathBuf::from(address.shown()), copies, cache, observer, interrupt)
}
