//! With the Cargo feature `net`: what is fetched, over HTTP.

mod archives;
mod client;
mod download;
mod failure;
mod hub;
mod pace;
mod part;
mod place;
mod s3;
mod weights;

use std::path::Path;

use self::archives::failed;
pub use self::client::{Answer, Asked, Client, Method, Request};
use self::hub::Repository;
use self::place::{Found, Place, look};
pub(super) use self::s3::open as open_s3;
pub use self::weights::weights;
use super::{Got, News, What};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::Unpacked;
use crate::surroundings::{Network, Surroundings};

/// Whether anything can be fetched.
pub const CAN_CONNECT: bool = true;

/// Fetches `what` into the folder `out`, or into one of its name in the working folder; weights, into the store. Where it lies there
/// already, nothing is asked of anybody. A folder that was not fetched is left as it is. What has come before a break is kept beside the
/// folder, hidden, and gone on with.
///
/// # Errors
/// Those of [`enum@super::Error`], [`crate::data::Error::Unpack`], [`crate::Error::Interrupted`], and the system's.
pub fn get(
    what: &What,
    out: Option<&Path>,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Got> {
    match what {
        What::Weights(origin) => {
            let there = surroundings.store.path_of(origin.name).is_file();
            let path = weights(origin, surroundings, observer, interrupt)?;
            let news = if there { News::LayThere } else { News::Came(Unpacked::default()) };
            Ok(Got { path, news, license: Some(origin.license.to_string()) })
        }
        What::Set(set) => in_folder(what, out, &surroundings.network, |client, place| {
            archives::set(client, set, place, (observer, interrupt))
        }),
        What::Address(url) => in_folder(what, out, &surroundings.network, |client, place| {
            archives::address(client, url, place, (observer, interrupt))
        }),
        What::Hub { owner, name, revision } => in_folder(what, out, &surroundings.network, |client, place| {
            let repository = Repository { owner, name, revision };
            hub::fetch(client, &repository, surroundings, place, (observer, interrupt))
        }),
    }
}

/// Has `fetch` fill the place of `what`, if it is not filled.
fn in_folder(
    what: &What,
    out: Option<&Path>,
    network: &Network,
    fetch: impl FnOnce(&Client, Place) -> Result<Unpacked>,
) -> Result<Got> {
    let path = match out {
        Some(out) => out.to_owned(),
        None => what.folder()?.into(),
    };
    let place = match look(&path, what)? {
        Found::Here(marker) => return Ok(Got { path, news: News::LayThere, license: marker.license }),
        Found::Free(place) => place,
    };
    let client = Client::new(network).map_err(|fault| failed(&what.name(), fault))?;
    let license = match what {
        What::Set(set) => Some(set.license.to_string()),
        What::Weights(_) | What::Address(_) | What::Hub { .. } => None,
    };
    Ok(Got { path, news: News::Came(fetch(&client, place)?), license })
}

/// The bytes of a file at an address, which are `most` at most: a photo, say.
///
/// # Errors
/// [`super::Error::Download`] and [`super::Error::Address`].
pub fn bytes(url: &str, most: u64, network: &Network) -> Result<Vec<u8>> {
    What::parse(url)?;
    let fetched = Client::new(network).and_then(|client| {
        let answer = client.ask(Request::get(url))?.success()?;
        if answer.is_page() { Err(super::Fault::Page) } else { answer.bytes(most) }
    });
    fetched.map_err(|fault| failed(url, fault))
}
