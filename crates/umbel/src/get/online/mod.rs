//! With the Cargo feature `net`: what is fetched, over HTTP.

mod archives;
mod client;
mod download;
mod failure;
mod hub;
mod part;
mod place;
mod s3;
mod weights;

use std::path::Path;

use self::archives::failed;
pub use self::client::{Answer, Asked, Client, Method, Request};
use self::hub::Repository;
use self::place::{Found, look};
pub(super) use self::s3::open as open_s3;
pub use self::weights::weights;
use super::{Error, Got, News, What};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::surroundings::{Network, Surroundings};

/// Whether anything can be fetched.
pub const CAN_CONNECT: bool = true;

/// Fetches `what` into the folder `out`, or into one of its name in the working folder; weights, into the store. Where it lies there
/// already, nothing is asked of anybody. A folder that was not fetched is left as it is. What has come before a break is kept beside the
/// folder, hidden, and gone on with.
///
/// # Errors
/// Those of [`enum@Error`], [`crate::data::Error::Unpack`], [`crate::Error::Interrupted`], and the system's.
pub fn get(
    what: &What,
    out: Option<&Path>,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Got> {
    if let What::Weights(origin) = what {
        let path = surroundings.store.path_of(origin.name);
        let there = path.is_file();
        let path = weights(origin, surroundings, observer, interrupt)?;
        let news = if there { News::LayThere } else { News::Came(Default::default()) };
        return Ok(Got { path, news, license: Some(origin.license.to_string()) });
    }
    let path = match out {
        Some(out) => out.to_owned(),
        None => what.folder()?.into(),
    };
    let place = match look(&path, what)? {
        Found::Here(marker) => return Ok(Got { path, news: News::LayThere, license: marker.license }),
        Found::Free(place) => place,
    };
    let client = Client::new(&surroundings.network).map_err(|fault| failed(&what.name(), fault))?;
    let (came, license) = match what {
        What::Set(set) => (archives::set(&client, set, place, (observer, interrupt))?, Some(set.license.to_string())),
        What::Address(url) => (archives::address(&client, url, place, (observer, interrupt))?, None),
        What::Hub { owner, name, revision } => {
            let repository = Repository { owner, name, revision };
            (hub::fetch(&client, &repository, surroundings, place, (observer, interrupt))?, None)
        }
        What::Weights(_) => return Err(Error::NotOwn { path }.into()),
    };
    Ok(Got { path, news: News::Came(came), license })
}

/// The bytes of a file at an address, which are `most` at most: a photo, say.
///
/// # Errors
/// [`Error::Download`] and [`Error::Address`].
pub fn bytes(url: &str, most: u64, network: &Network) -> Result<Vec<u8>> {
    What::parse(url)?;
    let fetched = Client::new(network).and_then(|client| {
        let answer = client.ask(Request::get(url))?.success()?;
        if answer.is_page() { Err(super::Fault::Page) } else { answer.bytes(most) }
    });
    fetched.map_err(|fault| failed(url, fault))
}
