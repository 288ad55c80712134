//! `--download` against a local server that speaks the hub's paths: an answer that sends to where the file is, ranges, lines
//! that break, files that are not what they should be.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::support::{Place, Ran};
use crate::weights::{NETWORK, tensors, write};

const PATH: &str = "/timm/mobilenetv3_small_100.lamb_in1k/resolve/main/model.safetensors";

/// What the hub tells of the weights.
const CONFIG_PATH: &str = "/timm/mobilenetv3_small_100.lamb_in1k/resolve/main/config.json";

/// What the server does.
#[derive(Clone, Default)]
struct Plan {
    file: Vec<u8>,
    /// In place of the file's own.
    digest: Option<String>,
    /// Each of the first answers ends after so many bytes of the file.
    cuts: Vec<usize>,
    /// Parts are not given.
    whole_only: bool,
    /// In place of any answer.
    status: Option<u16>,
    /// What it tells of the weights; nothing: it does not.
    config: Option<&'static str>,
}

/// A server on a port of its own, and the lines of all requests.
struct Hub {
    endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hub {
    fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        std::thread::spawn(move || {
            let mut cuts = plan.cuts.clone().into_iter();
            for stream in listener.incoming().flatten() {
                answer(stream, &plan, &mut cuts, &noted);
            }
        });
        Hub { endpoint, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, plan: &Plan, cuts: &mut impl Iterator<Item = usize>, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut lines, mut from) = (Vec::new(), None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        let line = line.trim_end().to_string();
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse::<usize>().ok();
        }
        lines.push(line);
    }
    let Some(request) = lines.first().and_then(|line| line.strip_suffix(" HTTP/1.1")) else { return };
    asked.lock().unwrap().push(match from {
        Some(from) => format!("{request} from {from}"),
        None => request.to_string(),
    });
    let size = plan.file.len();
    let head = |status: &str, fields: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{fields}\r\n");
    if let Some(status) = plan.status {
        let _ = stream.write_all(head(&format!("{status} No"), "Content-Length: 0\r\n").as_bytes());
    } else if request == format!("HEAD {PATH}") {
        let own = Sha256::digest(&plan.file).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest: String = plan.digest.clone().unwrap_or(own);
        let fields = format!(
            "Location: /blobs/weights\r\nX-Linked-Size: {size}\r\nX-Linked-Etag: \"{digest}\"\r\nETag: \"pointer\"\r\nContent-Length: 0\r\n"
        );
        let _ = stream.write_all(head("302 Found", &fields).as_bytes());
    } else if request == "GET /blobs/weights" {
        let from = from.filter(|_| !plan.whole_only);
        let start = from.unwrap_or(0);
        let range = match from {
            Some(from) => format!("Content-Range: bytes {from}-{}/{size}\r\n", size - 1),
            None => String::new(),
        };
        let status = if from.is_some() { "206 Partial Content" } else { "200 OK" };
        let _ = stream.write_all(head(status, &format!("{range}Content-Length: {}\r\n", size - start)).as_bytes());
        let end = cuts.next().map_or(size, |cut| (start + cut).min(size));
        let _ = stream.write_all(&plan.file[start..end]);
    } else if let (true, Some(config)) = (request == format!("GET {CONFIG_PATH}"), plan.config) {
        let _ = stream.write_all(head("200 OK", &format!("Content-Length: {}\r\n", config.len())).as_bytes());
        let _ = stream.write_all(config.as_bytes());
    } else {
        let _ = stream.write_all(head("404 Not Found", "Content-Length: 0\r\n").as_bytes());
    }
}

fn weights(place: &Place) -> Vec<u8> {
    write(&place.path("w.safetensors"), &tensors(NETWORK, 10));
    fs::read(place.path("w.safetensors")).unwrap()
}

fn train(place: &Place, endpoint: &str, out: &str) -> Ran {
    let args = [
        "train",
        "photos",
        "--pretrained",
        NETWORK,
        "--download",
        "--image-size",
        "64",
        "--tune",
        "head",
        "--out",
        out,
    ];
    let mut command = place.command(&args);
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    Ran::from(command.env("UMBEL_MODELS", place.path("models")).env("HF_ENDPOINT", endpoint).output().unwrap())
}

fn stored(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("models")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn weights_are_fetched_once() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = Hub::start(Plan { file: file.clone(), ..Plan::default() });
    train(&place, &hub.endpoint, "one").succeeds();
    assert_eq!(fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap(), file);
    let asked = [format!("HEAD {PATH}"), "GET /blobs/weights".to_string(), format!("GET {CONFIG_PATH}")];
    assert_eq!(hub.asked(), asked);
    train(&place, &hub.endpoint, "two").succeeds();
    assert_eq!(hub.asked().len(), 3, "what is there is not asked for");
    assert_eq!(stored(&place), [format!("{NETWORK}.safetensors")]);
}

#[test]
fn what_the_hub_tells_of_the_weights_comes_with_them() {
    let place = Place::with_photos();
    let config = r#"{"pretrained_cfg": {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0], "license": "cc-by-nc-4.0"}}"#;
    let hub = Hub::start(Plan { file: weights(&place), config: Some(config), ..Plan::default() });
    let ran = train(&place, &hub.endpoint, "run");
    assert!(ran.succeeds().err.contains("cc-by-nc-4.0: not for commercial use"), "{ran:?}");
    assert!(!ran.err.contains("it is assumed as usual"), "{ran:?}");
    assert_eq!(fs::read_to_string(place.path(format!("models/{NETWORK}.json"))).unwrap(), config);
    let summary = place.umbel(&["summary", "run"]);
    assert!(summary.succeeds().out.contains("not for commercial use"), "{summary:?}");
}

#[test]
fn a_broken_line_is_taken_up_where_it_broke() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = Hub::start(Plan { file: file.clone(), cuts: vec![100_000, 0, 200_000], ..Plan::default() });
    train(&place, &hub.endpoint, "run").succeeds();
    assert_eq!(fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap(), file);
    let expected = ["", " from 100000", " from 100000", " from 300000"].map(|from| format!("GET /blobs/weights{from}"));
    assert_eq!(hub.asked()[1..5], expected);
}

#[test]
fn what_has_come_is_kept_for_the_next_time() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = Hub::start(Plan { file: file.clone(), cuts: vec![50_000, 0, 0, 0, 0, 0], ..Plan::default() });
    let ran = train(&place, &hub.endpoint, "run");
    ran.fails(1, "50000 of");
    assert!(ran.err.contains("go on"), "{ran:?}");
    let hub = Hub::start(Plan { file: file.clone(), ..Plan::default() });
    train(&place, &hub.endpoint, "run").succeeds();
    assert_eq!(hub.asked()[1], "GET /blobs/weights from 50000");

    // From a server that gives no parts, all of it comes again.
    fs::remove_file(place.path(format!("models/{NETWORK}.safetensors"))).unwrap();
    let hub = Hub::start(Plan { file: file.clone(), cuts: vec![50_000], whole_only: true, ..Plan::default() });
    train(&place, &hub.endpoint, "again").succeeds();
    assert_eq!(fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap(), file);
    assert_eq!(stored(&place), [format!("{NETWORK}.safetensors")]);
}

#[test]
fn what_is_not_as_promised_is_thrown_away() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = Hub::start(Plan { file: file.clone(), digest: Some("ab".repeat(32)), ..Plan::default() });
    train(&place, &hub.endpoint, "run").fails(1, "sha256");
    assert!(stored(&place).is_empty(), "{:?}", stored(&place));
    // The hub's own file is no weights file.
    let hub = Hub::start(Plan { file: b"<html>sign in</html>".to_vec(), ..Plan::default() });
    train(&place, &hub.endpoint, "run").fails(1, "not a whole safetensors file");
    assert!(stored(&place).is_empty(), "{:?}", stored(&place));
}

#[test]
fn no_file_and_no_line_fail_at_once_with_the_way_out() {
    let place = Place::with_photos();
    let hub = Hub::start(Plan { status: Some(404), ..Plan::default() });
    let ran = train(&place, &hub.endpoint, "run");
    ran.fails(1, "404");
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let ran = train(&place, &closed, "run");
    ran.fails(1, "cannot be reached");
    for part in [PATH, &format!("{NETWORK}.safetensors")] {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
    assert!(!place.path("run").exists());
}
