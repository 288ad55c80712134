//! A bucket of an object store: where it is asked, by whom, and what its refusals mean.

use std::time::{Duration, SystemTime};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::Address;
use super::sign::{self, Signer};
use super::xml;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::get::online::archives::failed;
use crate::get::online::client::{Answer, Client, Request};
use crate::get::online::pace::wait;
use crate::get::{Error, Fault, StoreFault};
use crate::surroundings::S3;

/// What stands in a path as it is; a slash in a query does not.
const PATH: &AsciiSet = &QUERY.remove(b'/');
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Where Amazon's own stores look for buckets whose region is not told.
const USUAL_REGION: &str = "us-east-1";
/// No refusal needs more words.
const MOST_WORDS: u64 = 1 << 16;
/// A question is asked so many times, with longer and longer pauses.
const MOST_TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);

/// See the module.
pub struct Bucket<'a> {
    pub address: &'a Address,
    pub client: Client,
    access: &'a S3,
    region: String,
    /// `https://host`
    origin: String,
    /// What paths begin with, encoded: empty, or with a slash in front.
    root: String,
}

/// What is asked of it.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The whole name of an object; empty: the bucket itself.
    pub name: &'a str,
    /// Not encoded, sorted by name.
    pub query: &'a [(&'a str, &'a str)],
    /// The first byte, and the one behind the last.
    pub range: Option<(u64, u64)>,
    /// What the state of the object is called that is wanted.
    pub tag: Option<&'a str>,
}

/// Why a question was not answered.
pub enum Trouble {
    /// Worth another try.
    Again(crate::Error),
    Final(crate::Error),
}

/// The result of asking.
pub type Answered<T> = std::result::Result<T, Trouble>;

impl From<crate::Error> for Trouble {
    fn from(error: crate::Error) -> Self {
        Trouble::Final(error)
    }
}

impl<'a> Bucket<'a> {
    /// Where the variables say; Amazon's stores unless they do.
    pub fn new(address: &'a Address, access: &'a S3, client: Client) -> Result<Self> {
        let fail = |fault| Err(Error::Store { address: address.shown(), fault }.into());
        match (&access.key, &access.secret) {
            (Some(_), None) => return fail(StoreFault::HalfKey("AWS_SECRET_ACCESS_KEY")),
            (None, Some(_)) => return fail(StoreFault::HalfKey("AWS_ACCESS_KEY_ID")),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let region = access.region.clone().unwrap_or_else(|| USUAL_REGION.to_string());
        let name = &address.bucket;
        let (origin, root) = match &access.endpoint {
            Some(endpoint) => {
                let (origin, path) = parted(endpoint)?;
                (origin, format!("{path}/{name}"))
            }
            // The certificates of hosts reach one level deep.
            None if name.contains(['.', '_']) => (amazon(&region)?, format!("/{name}")),
            None => (amazon(&region)?.replacen("https://", &format!("https://{name}."), 1), String::new()),
        };
        Ok(Bucket { address, client, access, region, origin, root })
    }

    /// What tells the store from others.
    pub fn place(&self) -> String {
        format!("{}{}", self.origin, self.root)
    }

    /// The error of something that lies in it.
    pub fn error(&self, name: &str, fault: StoreFault) -> crate::Error {
        Error::Store { address: self.address.with_name(name).shown(), fault }.into()
    }

    /// Asks, and takes the answer by `take`; again where that is worth it.
    pub fn ask<T>(
        &self,
        question: Question<'_>,
        interrupt: &Interrupt,
        take: impl Fn(Answer) -> Answered<T>,
    ) -> Result<T> {
        let mut tries = Tries::default();
        loop {
            match self.ask_once(question).and_then(&take) {
                Ok(taken) => return Ok(taken),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Again(error)) => tries.again(error, interrupt)?,
            }
        }
    }

    /// Asks once. An answer is one of success.
    pub fn ask_once(&self, question: Question<'_>) -> Answered<Answer> {
        let path = match question.name {
            "" if self.root.is_empty() => "/".to_string(),
            "" => self.root.clone(),
            name => format!("{}/{}", self.root, utf8_percent_encode(name, PATH)),
        };
        let pairs = question.query.iter();
        let pairs: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY))).collect();
        let query = pairs.join("&");
        let url = format!("{}{path}{}{query}", self.origin, if query.is_empty() { "" } else { "?" });
        let stamp = sign::stamp(SystemTime::now());
        let authorization = self.authorization(&path, &query, &stamp);
        let mut headers = self.signed(&stamp);
        // Its own address tells the host already.
        headers.retain(|(name, _)| *name != "host");
        headers.extend(authorization.iter().map(|text| ("authorization", text.as_str())));
        headers.extend(question.tag.map(|tag| ("if-match", tag)));
        let range = question.range.map(|(from, until)| (from, Some(until)));
        let request = Request { range, ..Request::get(&url).with_headers(&headers) };
        // A signature is good for one address: wherever else it sends to is told, not gone to.
        let answer = self.client.ask_until(request, |_| true).map_err(|fault| of_line(&url, fault))?;
        if (200..300).contains(&answer.status()) { Ok(answer) } else { Err(self.refused(question.name, answer)) }
    }

    /// The headers that are signed, sorted.
    fn signed<'b>(&'b self, stamp: &'b str) -> Vec<(&'b str, &'b str)> {
        if self.access.key.is_none() {
            return Vec::new();
        }
        let host = self.origin.split("://").nth(1).unwrap_or_default();
        let mut headers = vec![("host", host), ("x-amz-content-sha256", sign::EMPTY), ("x-amz-date", stamp)];
        headers.extend(self.access.session.iter().map(|session| ("x-amz-security-token", session.secret())));
        headers
    }

    fn authorization(&self, path: &str, query: &str, stamp: &str) -> Option<String> {
        let (key, secret) = (self.access.key.as_deref()?, self.access.secret.as_ref()?.secret());
        let signer = Signer { key, secret, region: &self.region };
        Some(signer.authorization(path, query, &self.signed(stamp), stamp))
    }

    /// What an answer means that is none.
    fn refused(&self, name: &str, answer: Answer) -> Trouble {
        let status = answer.status();
        let told = answer.header("x-amz-bucket-region").map(str::to_string);
        let words = answer.bytes(MOST_WORDS).unwrap_or_default();
        let [code, message, region] = xml::refusal(&words);
        let signed = self.access.key.is_some();
        let fault = match (code.as_str(), status) {
            ("SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout", _) | (_, 429 | 500..=599) => {
                return Trouble::Again(self.error(name, StoreFault::Busy(status)));
            }
            ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed", _) | (_, 301 | 307) => {
                let region = told.or(Some(region)).filter(|region| !region.is_empty());
                StoreFault::Region { asked: self.region.clone(), region }
            }
            ("NoSuchBucket", _) => StoreFault::NoBucket,
            // Some say no more of a bucket that is not there.
            ("", 404) if name.is_empty() => StoreFault::NoBucket,
            ("InvalidAccessKeyId", _) => StoreFault::UnknownKey,
            ("SignatureDoesNotMatch", _) => StoreFault::Signature,
            ("RequestTimeTooSkewed" | "RequestExpired", _) => StoreFault::Clock,
            ("ExpiredToken" | "InvalidToken", _) => StoreFault::Expired,
            ("InvalidObjectState", _) => StoreFault::LaidAway,
            ("PreconditionFailed", _) | (_, 412) => StoreFault::Changed,
            ("NoSuchKey", _) | (_, 404) => StoreFault::Nothing,
            ("AccessDenied", _) | (_, 401) => StoreFault::Denied { signed },
            ("", 403) => StoreFault::Denied { signed },
            _ => StoreFault::Other { status, code, message },
        };
        Trouble::Final(self.error(name, fault))
    }
}

/// Counts tries.
#[derive(Default)]
pub struct Tries(u32);

impl Tries {
    /// Waits before another, or fails with what went wrong last.
    pub fn again(&mut self, error: crate::Error, interrupt: &Interrupt) -> Result<()> {
        self.0 += 1;
        if self.0 >= MOST_TRIES { Err(error) } else { wait(PAUSE * (1 << self.0), interrupt) }
    }
}

/// What happened to the line.
pub fn of_line(url: &str, fault: Fault) -> Trouble {
    let url = url.split('?').next().unwrap_or(url);
    let again = matches!(fault, Fault::Timeout { .. } | Fault::Unreachable(_));
    let error = failed(url, fault);
    if again { Trouble::Again(error) } else { Trouble::Final(error) }
}

/// Amazon's own store in a region.
fn amazon(region: &str) -> Result<String> {
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(wrong("AWS_REGION", region, "the name of a region, as eu-central-1"));
    }
    let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(format!("https://s3.{region}.{end}"))
}

/// Scheme and host of an endpoint, and the path behind them without a slash at its end.
fn parted(endpoint: &str) -> Result<(String, String)> {
    let refused = || wrong("AWS_ENDPOINT_URL", endpoint, "the address of a store, as http://localhost:9000");
    let (scheme, rest) = endpoint.split_once("://").ok_or_else(refused)?;
    let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.trim_end_matches('/'));
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let usual = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return Err(refused()),
    };
    let host = host.strip_suffix(usual).unwrap_or(host);
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '@' | '?' | '#');
    if host.is_empty() || endpoint.contains(odd) {
        return Err(refused());
    }
    Ok((format!("{scheme}://{}", host.to_ascii_lowercase()), path.to_string()))
}

fn wrong(setting: &str, value: &str, expected: &str) -> crate::Error {
    umbel_predict::Error::Setting { setting: setting.into(), value: value.into(), expected: expected.into() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(bucket: &str, endpoint: Option<&str>) -> Result<String> {
        let address = Address { bucket: bucket.into(), name: String::new() };
        let region = Some("eu-west-1".to_string());
        let access = S3 { endpoint: endpoint.map(str::to_string), region, ..S3::default() };
        let client = Client::new(&Default::default()).unwrap();
        Bucket::new(&address, &access, client).map(|bucket| bucket.place())
    }

    #[test]
    fn a_bucket_is_where_its_name_and_the_endpoint_say() {
        assert_eq!(place("flowers", None).unwrap(), "https://flowers.s3.eu-west-1.amazonaws.com");
        assert_eq!(place("my.flowers", None).unwrap(), "https://s3.eu-west-1.amazonaws.com/my.flowers");
        assert_eq!(place("flowers", Some("http://Localhost:9000/")).unwrap(), "http://localhost:9000/flowers");
        assert_eq!(place("flowers", Some("https://host:443/s3")).unwrap(), "https://host/s3/flowers");
        for wrong in ["localhost:9000", "ftp://host", "http://", "http://a@b", "http://a b", "https://host?x"] {
            assert!(place("flowers", Some(wrong)).unwrap_err().to_string().contains("AWS_ENDPOINT_URL"), "{wrong}");
        }
    }
}
