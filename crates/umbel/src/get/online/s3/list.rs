//! Lists what lies in a bucket, page by page.

use super::bucket::{Bucket, Question, Trouble, of_line};
use super::xml::{self, Object};
use crate::Result;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::get::online::archives::failed;
use crate::get::{Error, Fault};

/// A page has a thousand objects, of names up to a thousand bytes, which may be encoded.
const MOST_PAGE_BYTES: u64 = 16 << 20;
/// More are no data set.
const MOST_OBJECTS: usize = 2_000_000;

/// All objects whose names begin with `prefix`, sorted by name.
pub fn list(
    bucket: &Bucket<'_>,
    prefix: &str,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Vec<Object>> {
    let (mut objects, mut token): (Vec<Object>, Option<String>) = (Vec::new(), None);
    loop {
        if interrupt.requested() {
            return Err(crate::Error::Interrupted);
        }
        let mut query = vec![("encoding-type", "url"), ("list-type", "2"), ("prefix", prefix)];
        query.splice(0..0, token.as_deref().map(|token| ("continuation-token", token)));
        let question = Question { name: "", query: &query, range: None, tag: None };
        let nonsense = |detail: String| failed(&bucket.place(), Fault::Nonsense(detail));
        let page = bucket.ask(question, interrupt, |answer| {
            let url = answer.url.clone();
            let bytes = answer.bytes(MOST_PAGE_BYTES).map_err(|fault| of_line(&url, fault))?;
            xml::page(&bytes).map_err(|detail| Trouble::Final(nonsense(detail)))
        })?;
        objects.extend(page.objects.into_iter().filter(|object| object.name.starts_with(prefix)));
        if objects.len() > MOST_OBJECTS {
            return Err(Error::TooManyFiles { name: bucket.address.shown(), most: MOST_OBJECTS }.into());
        }
        observer.event(&Event::Listing { entries: objects.len() });
        match page.next {
            Some(next) if token.as_ref() == Some(&next) => return Err(nonsense("its list goes in a circle".into())),
            Some(next) => token = Some(next),
            None => break,
        }
    }
    objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    objects.dedup_by(|a, b| a.name == b.name);
    Ok(objects)
}
