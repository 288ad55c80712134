//! `--download` against a local server that speaks the hub's paths: an answer that sends to where the file is, ranges, lines
//! that break, files that are not what they should be.

use std::fs;
use std::net::TcpListener;
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use crate::server::{Asked, Reply, Server, umbel_with};
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

fn serve(plan: Plan) -> Server {
    let cuts = Mutex::new(plan.cuts.clone().into_iter());
    Server::start(move |asked| answer(asked, &plan, &cuts))
}

fn answer(asked: &Asked, plan: &Plan, cuts: &Mutex<impl Iterator<Item = usize>>) -> Reply {
    if let Some(status) = plan.status {
        Reply::new(&format!("{status} No"), "")
    } else if asked.line == format!("HEAD {PATH}") {
        let own = Sha256::digest(&plan.file).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest: String = plan.digest.clone().unwrap_or(own);
        Reply::sends_to("/blobs/weights")
            .with("X-Linked-Size", &plan.file.len().to_string())
            .with("X-Linked-Etag", &format!("\"{digest}\""))
            .with("ETag", "\"pointer\"")
    } else if asked.line == "GET /blobs/weights" {
        let whole = Asked { headers: Vec::new(), ..asked.clone() };
        let reply = Reply::part(if plan.whole_only { &whole } else { asked }, &plan.file);
        Reply { cut: cuts.lock().unwrap().next(), ..reply }
    } else if let (true, Some(config)) = (asked.line == format!("GET {CONFIG_PATH}"), plan.config) {
        Reply::ok(config)
    } else {
        Reply::not_found()
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
    umbel_with(place, &args, &[("HF_ENDPOINT", endpoint)])
}

fn stored(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("models")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn weights_are_fetched_once() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = serve(Plan { file: file.clone(), ..Plan::default() });
    train(&place, &hub.address, "one").succeeds();
    assert_eq!(fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap(), file);
    let asked = [format!("HEAD {PATH}"), "GET /blobs/weights".to_string(), format!("GET {CONFIG_PATH}")];
    assert_eq!(hub.lines(), asked);
    train(&place, &hub.address, "two").succeeds();
    assert_eq!(hub.lines().len(), 3, "what is there is not asked for");
    assert_eq!(stored(&place), [format!("{NETWORK}.safetensors")]);
}

#[test]
fn what_the_hub_tells_of_the_weights_comes_with_them() {
    let place = Place::with_photos();
    let config = r#"{"pretrained_cfg": {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0], "license": "cc-by-nc-4.0"}}"#;
    let hub = serve(Plan { file: weights(&place), config: Some(config), ..Plan::default() });
    let ran = train(&place, &hub.address, "run");
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
    let hub = serve(Plan { file: file.clone(), cuts: vec![100_000, 0, 200_000], ..Plan::default() });
    train(&place, &hub.address, "run").succeeds();
    assert_eq!(fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap(), file);
    let expected = ["", " from 100000", " from 100000", " from 300000"].map(|from| format!("GET /blobs/weights{from}"));
    assert_eq!(hub.lines()[1..5], expected);
}

#[test]
fn what_has_come_is_kept_for_the_next_time() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = serve(Plan { file: file.clone(), cuts: vec![50_000, 0, 0, 0, 0, 0], ..Plan::default() });
    let ran = train(&place, &hub.address, "run");
    ran.fails(1, "50000 of");
    assert!(ran.err.contains("go on"), "{ran:?}");
    let hub = serve(Plan { file: file.clone(), ..Plan::default() });
    train(&place, &hub.address, "run").succeeds();
    assert_eq!(hub.lines()[1], "GET /blobs/weights from 50000");

    // From a server that gives no parts, all of it comes again.
    fs::remove_file(place.path(format!("models/{NETWORK}.safetensors"))).unwrap();
    let hub = serve(Plan { file: file.clone(), cuts: vec![50_000], whole_only: true, ..Plan::default() });
    train(&place, &hub.address, "again").succeeds();
    assert_eq!(fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap(), file);
    assert_eq!(stored(&place), [format!("{NETWORK}.safetensors")]);
}

#[test]
fn what_is_not_as_promised_is_thrown_away() {
    let place = Place::with_photos();
    let file = weights(&place);
    let hub = serve(Plan { file: file.clone(), digest: Some("ab".repeat(32)), ..Plan::default() });
    train(&place, &hub.address, "run").fails(1, "sha256");
    assert!(stored(&place).is_empty(), "{:?}", stored(&place));
    // The hub's own file is no weights file.
    let hub = serve(Plan { file: b"<html>sign in</html>".to_vec(), ..Plan::default() });
    train(&place, &hub.address, "run").fails(1, "not a whole safetensors file");
    assert!(stored(&place).is_empty(), "{:?}", stored(&place));
}

#[test]
fn no_file_and_no_line_fail_at_once_with_the_way_out() {
    let place = Place::with_photos();
    let hub = serve(Plan { status: Some(404), ..Plan::default() });
    let ran = train(&place, &hub.address, "run");
    ran.fails(1, "404");
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let ran = train(&place, &closed, "run");
    ran.fails(1, "refuses the connection");
    for part in [PATH, &format!("{NETWORK}.safetensors")] {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
    assert!(!place.path("run").exists());
}
