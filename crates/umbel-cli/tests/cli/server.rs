//! A server on this machine for whatever fetches: it answers as a test tells it to, breaks off, drips, hangs, lies, and remembers what it
//! was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Place, Ran};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET /path`
    pub line: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first byte that is wanted.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.trim_end_matches('-').parse().ok()
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// `200 OK`
    pub status: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Of the body, only so many bytes come before the line is closed.
    pub cut: Option<usize>,
    /// The line stays open so long afterwards, without a byte.
    pub hangs: Duration,
    /// Between any two bytes.
    pub drips: Option<Duration>,
}

impl Reply {
    pub fn new(status: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let headers = vec![("Content-Length".to_string(), body.len().to_string())];
        Reply { status: status.to_string(), headers, body, ..Reply::default() }
    }

    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Reply::new("200 OK", body)
    }

    pub fn not_found() -> Self {
        Reply::new("404 Not Found", "")
    }

    pub fn sends_to(location: &str) -> Self {
        Reply::new("302 Found", "").with("Location", location)
    }

    /// A file, from where it is wanted on.
    pub fn part(asked: &Asked, file: &[u8]) -> Self {
        match asked.from() {
            Some(from) if from >= file.len() => Reply::new("416 Range Not Satisfiable", ""),
            Some(from) => Reply::new("206 Partial Content", &file[from..])
                .with("Content-Range", &format!("bytes {from}-{}/{}", file.len() - 1, file.len())),
            None => Reply::ok(file),
        }
    }

    /// With a header, in the place of one of that name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self
    }

    pub fn cut_after(self, bytes: usize) -> Self {
        Reply { cut: Some(bytes), ..self }
    }
}

/// See the module.
pub struct Server {
    /// `http://127.0.0.1:…`
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve("http", answer, |stream| Some(Box::new(stream)))
    }

    /// With the certificate in `localhost/`, which nobody has signed.
    pub fn start_safe(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("localhost/certificate.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("localhost/key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
        Self::serve("https", answer, move |stream| {
            let connection = ServerConnection::new(config.clone()).ok()?;
            Some(Box::new(StreamOwned::new(connection, stream)))
        })
    }

    fn serve(
        scheme: &str,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        open: impl Fn(TcpStream) -> Option<Box<dyn Line>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("{scheme}://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer, open) = (asked.clone(), Arc::new(answer), Arc::new(open));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, answer, open) = (noted.clone(), answer.clone(), open.clone());
                std::thread::spawn(move || {
                    let mut line = open(stream)?;
                    let asked = read(&mut line)?;
                    noted.lock().unwrap().push(asked.clone());
                    write(&mut line, &asked, &answer(&asked)).ok()
                });
            }
        });
        Server { address, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked, with the byte from which on.
    pub fn lines(&self) -> Vec<String> {
        let line = |asked: Asked| match asked.from() {
            Some(from) => format!("{} from {from}", asked.line),
            None => asked.line,
        };
        self.asked().into_iter().map(line).collect()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// What is read and written.
trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

fn read(line: &mut Box<dyn Line>) -> Option<Asked> {
    let mut lines = Vec::new();
    let mut reader = BufReader::new(line);
    loop {
        let mut text = String::new();
        if reader.read_line(&mut text).ok()? == 0 || text == "\r\n" {
            break;
        }
        lines.push(text.trim_end().to_string());
    }
    let first = lines.first()?.strip_suffix(" HTTP/1.1")?.to_string();
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    Some(Asked { line: first, headers: headers.map(|(name, value)| (name.into(), value.into())).collect() })
}

fn write(line: &mut Box<dyn Line>, asked: &Asked, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    line.write_all((head + "\r\n").as_bytes())?;
    line.flush()?;
    if !asked.line.starts_with("HEAD ") {
        let body = &reply.body[..reply.cut.unwrap_or(usize::MAX).min(reply.body.len())];
        match reply.drips {
            Some(pause) => {
                for byte in body {
                    line.write_all(&[*byte])?;
                    line.flush()?;
                    std::thread::sleep(pause);
                }
            }
            None => line.write_all(body)?,
        }
        line.flush()?;
    }
    std::thread::sleep(reply.hangs);
    Ok(())
}

/// A proxy that lets everything through to `to`, whatever was asked for; and what was asked for.
pub fn proxy(to: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (noted, to) = (asked.clone(), to.split("://").nth(1).unwrap().to_string());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            noted.lock().unwrap().push(first.trim_end().to_string());
            let mut header = String::new();
            while reader.read_line(&mut header).unwrap() > 2 {
                header.clear();
            }
            let mut from = stream;
            from.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            let to = TcpStream::connect(&to).unwrap();
            let (mut back, mut out) = (to.try_clone().unwrap(), to);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut reader, &mut out);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut from);
                let _ = from.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (address, asked)
}

const PROXIES: [&str; 8] =
    ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// What else tells how others are reached, and as whom.
const VARIABLES: [&str; 11] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HF_ENDPOINT",
    "HF_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// Runs the program, without this machine's proxies and certificates, with these variables. It waits for an answer for a second.
pub fn umbel_with(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = place.command(args);
    for name in PROXIES.iter().chain(&VARIABLES) {
        command.env_remove(name);
    }
    command.env("UMBEL_MODELS", place.path("models")).env("UMBEL_TIMEOUT", "1").envs(variables.iter().copied());
    Ran::from(command.output().unwrap())
}
