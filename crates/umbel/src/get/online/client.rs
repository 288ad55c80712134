//! The client: HTTP with the system's proxies and certificates, redirects that lead nowhere unsafe, ranges, and errors by cause. It knows
//! of no data set and writes no file.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::failure;
use crate::get::Fault;
use crate::surroundings::Network;

/// From one address to the next, at most so many times.
pub const MOST_REDIRECTS: usize = 10;

/// The result of asking.
pub type Asked<T> = Result<T, Fault>;

/// How a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With its bytes.
    Get,
    /// Only what is told of it.
    Head,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// With or without bytes.
    pub method: Method,
    /// The address.
    pub url: &'a str,
    /// Names and values of headers. Those that tell who asks (`authorization`, `cookie`, ...) go to the host of the address alone, and to none that it sends to.
    pub headers: &'a [(&'a str, &'a str)],
    /// The first byte that is wanted, and the one behind the last where an end is known.
    pub range: Option<(u64, Option<u64>)>,
}

impl<'a> Request<'a> {
    /// For all of a file.
    pub fn get(url: &'a str) -> Self {
        Request { method: Method::Get, url, headers: &[], range: None }
    }

    /// For what is told of a file.
    pub fn head(url: &'a str) -> Self {
        Request { method: Method::Head, ..Request::get(url) }
    }

    /// With these headers.
    pub fn with_headers(self, headers: &'a [(&'a str, &'a str)]) -> Self {
        Request { headers, ..self }
    }
}

/// Headers that tell who asks.
pub const SECRET: [&str; 3] = ["authorization", "cookie", "x-amz-security-token"];

/// An answer: what is told of a file, and its bytes where they were asked for.
pub struct Answer {
    /// The address that gave it, after all redirects.
    pub url: String,
    response: Response<Body>,
}

impl Answer {
    /// By the standard of HTTP.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(self.response.headers(), name)
    }

    /// The bytes that follow, where that is told.
    pub fn length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// Where in the file its bytes begin, and how long the file is (where that is told): of an answer to a range.
    pub fn range(&self) -> Option<(u64, Option<u64>)> {
        let (range, whole) = self.header("content-range")?.strip_prefix("bytes ")?.split_once('/')?;
        Some((range.split('-').next()?.trim().parse().ok()?, whole.trim().parse().ok()))
    }

    /// Whether it is a page for people.
    pub fn is_page(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
        kind.starts_with("text/html") || kind.starts_with("application/xhtml")
    }

    /// Where it sends to, if it does.
    pub fn sends_to(&self) -> Option<String> {
        let sends = [
            StatusCode::MOVED_PERMANENTLY,
            StatusCode::FOUND,
            StatusCode::SEE_OTHER,
            StatusCode::TEMPORARY_REDIRECT,
            StatusCode::PERMANENT_REDIRECT,
        ];
        let to = self.header("location").filter(|_| sends.contains(&self.response.status()))?;
        joined(&self.url, to)
    }

    /// Itself, if it is what was asked for.
    ///
    /// # Errors
    /// [`Fault::Status`] otherwise.
    pub fn success(self) -> Asked<Self> {
        if self.response.status().is_success() { Ok(self) } else { Err(Fault::Status { status: self.status() }) }
    }

    /// Its bytes, as they come.
    pub fn reader(&mut self) -> impl Read + '_ {
        self.response.body_mut().as_reader()
    }

    /// All its bytes, which are `most` at most.
    ///
    /// # Errors
    /// [`Fault::TooLarge`], and what may happen to the line.
    pub fn bytes(mut self, most: u64) -> Asked<Vec<u8>> {
        if self.length().is_some_and(|length| length > most) {
            return Err(Fault::TooLarge(most));
        }
        let mut bytes = Vec::new();
        let read = self.reader().take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| failure::of_reading(&error))?;
        if bytes.len() as u64 > most { Err(Fault::TooLarge(most)) } else { Ok(bytes) }
    }
}

/// See the module. It keeps connections open, and may be used by several threads at once.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    timeout: Duration,
}

impl Client {
    /// With the system's proxies and certificates.
    ///
    /// # Errors
    /// [`Fault::Certificates`] where the system has some that cannot be read.
    pub fn new(network: &Network) -> Asked<Self> {
        let patience = Some(network.timeout);
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_resolve(patience)
            .timeout_connect(patience)
            .timeout_recv_response(patience)
            .timeout_per_read(patience)
            .tls_config(TlsConfig::builder().root_certs(certificates()?).build())
            .user_agent(concat!("umbel/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Client { agent: config.into(), timeout: network.timeout })
    }

    /// How long it waits for an answer.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks, and goes where the answer sends to.
    ///
    /// # Errors
    /// A [`Fault`] by its cause. An answer with a status of failure is an answer: see [`Answer::success`].
    pub fn ask(&self, request: Request<'_>) -> Asked<Answer> {
        self.ask_until(request, |_| false)
    }

    /// The same, but takes the first answer that `is_enough`, even if it sends elsewhere.
    ///
    /// # Errors
    /// Those of [`Client::ask`].
    pub fn ask_until(&self, request: Request<'_>, is_enough: impl Fn(&Answer) -> bool) -> Asked<Answer> {
        let mut at = request.url.to_string();
        let mut seen = Vec::new();
        loop {
            let answer = self.ask_once(Request { url: &at, ..request }, request.url)?;
            let Some(next) = answer.sends_to().filter(|_| !is_enough(&answer)) else { return Ok(answer) };
            if is_safe(&at) && !is_safe(&next) {
                return Err(Fault::Unsafe(next));
            }
            seen.push(std::mem::replace(&mut at, next));
            if seen.contains(&at) || seen.len() > MOST_REDIRECTS {
                return Err(Fault::Circle(seen.len()));
            }
        }
    }

    /// Asks one address, which `first` sent to.
    fn ask_once(&self, request: Request<'_>, first: &str) -> Asked<Answer> {
        let url = request.url;
        let mut builder = match request.method {
            Method::Get => self.agent.get(url),
            Method::Head => self.agent.head(url),
        };
        let is_own = origin(url) == origin(first);
        for (name, value) in request.headers {
            if is_own || !SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
                builder = builder.header(*name, *value);
            }
        }
        if let Some((from, until)) = request.range {
            let last = until.map_or(String::new(), |until| until.saturating_sub(1).to_string());
            builder = builder.header(header::RANGE, format!("bytes={from}-{last}"));
        }
        let response = builder.call().map_err(|error| failure::of_asking(error, url, self.timeout))?;
        Ok(Answer { url: url.to_string(), response })
    }
}

/// Those of the system (or of `SSL_CERT_FILE` and `SSL_CERT_DIR`); Mozilla's where it has none at all.
fn certificates() -> Asked<RootCerts> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return match found.errors.first() {
            Some(error) => Err(Fault::Certificates(error.to_string())),
            None => Ok(RootCerts::WebPki),
        };
    }
    let certificates = found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned());
    Ok(RootCerts::Specific(Arc::new(certificates.collect())))
}

/// An address that stands on the page `from`.
pub(super) fn joined(from: &str, to: &str) -> Option<String> {
    if to.contains("://") {
        return Some(to.to_string());
    }
    let scheme = from.find("://")? + 3;
    if let Some(to) = to.strip_prefix("//") {
        return Some(format!("{}{to}", &from[..scheme]));
    }
    let host = from[scheme..].find(['/', '?', '#']).map_or(from.len(), |end| scheme + end);
    if to.starts_with('/') {
        return Some(format!("{}{to}", &from[..host]));
    }
    let path = from[host..].split(['?', '#']).next().unwrap_or_default();
    let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
    Some(format!("{}{folder}{to}", &from[..host]))
}

fn is_safe(url: &str) -> bool {
    url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> String {
    let scheme = url.find("://").map_or(0, |at| at + 3);
    let host = url[scheme..].find(['/', '?', '#']).map_or(url.len(), |end| scheme + end);
    url[..host].to_ascii_lowercase()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_on_a_page_is_joined_to_its_own() {
        for (from, to, expected) in [
            ("https://a.b/c/d?e=/f", "https://x/y", "https://x/y"),
            ("https://a.b/c/d?e=/f", "//x/y", "https://x/y"),
            ("https://a.b/c/d?e=/f", "/y", "https://a.b/y"),
            ("https://a.b/c/d?e=/f", "y?z", "https://a.b/c/y?z"),
            ("https://a.b", "y", "https://a.b/y"),
            ("http://a.b:80?q", "/y", "http://a.b:80/y"),
        ] {
            assert_eq!(joined(from, to).as_deref(), Some(expected));
        }
        assert_eq!(origin("HTTPS://Host:1/a"), "https://host:1");
    }
}
