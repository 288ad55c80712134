//! What goes wrong on the line, by its cause and in words that lead out of it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::get::Fault;

/// Of a question that got no answer.
pub fn of_asking(error: ureq::Error, url: &str, patience: Duration) -> Fault {
    let rest = url.find("://").map_or(url, |at| &url[at + 3..]);
    let host = || rest.split(['/', '?', '#']).next().unwrap_or_default().to_string();
    match error {
        ureq::Error::HostNotFound => Fault::NoHost { host: host(), detail: "its name is not known".into() },
        ureq::Error::Timeout(_) => Fault::Timeout { seconds: seconds(patience) },
        ureq::Error::Rustls(error) => Fault::Tls { host: host(), detail: error.to_string() },
        ureq::Error::Tls(detail) => Fault::Tls { host: host(), detail: detail.into() },
        ureq::Error::ConnectProxyFailed(detail) => Fault::Proxy(detail),
        ureq::Error::InvalidProxyUrl => Fault::Proxy("its address is none".into()),
        ureq::Error::Protocol(error) => Fault::Nonsense(error.to_string()),
        ureq::Error::LargeResponseHeader(..) => Fault::Nonsense("its head is too large".into()),
        ureq::Error::Io(error) => of_line(&error, host(), patience),
        other => Fault::Unreachable(other.to_string()),
    }
}

fn of_line(error: &io::Error, host: String, patience: Duration) -> Fault {
    // The TLS library's errors come wrapped where they happen while bytes are moved.
    let inner = error.get_ref().map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::ConnectionRefused => Fault::Refused { host },
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Fault::Timeout { seconds: seconds(patience) },
        ErrorKind::InvalidData if !inner.is_empty() => Fault::Tls { host, detail: inner },
        // What the system's resolver says has no kind of its own.
        _ if error.to_string().contains("lookup address") => {
            Fault::NoHost { host, detail: error.to_string().replace("failed to lookup address information: ", "") }
        }
        _ => Fault::Unreachable(error.to_string()),
    }
}

/// Of an answer that broke off, where it is not taken up again.
pub fn of_reading(error: &io::Error) -> Fault {
    Fault::Unreachable(error.to_string())
}

fn seconds(patience: Duration) -> u64 {
    patience.as_secs_f64().ceil() as u64
}
