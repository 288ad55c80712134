//! `umbel get hf:…` against a server that speaks the hub's paths: lists in pages, files that lie elsewhere, data sets for some only.

use std::fs;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::get::{files, zip};
use crate::server::{Asked, Reply, Server, umbel_with};
use crate::support::Place;

const TOKEN: &str = "hf_secretsecret";

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A data set `ai/little` with these files; those beyond ten bytes are LFS objects, which lie on another server.
struct Hub {
    server: Server,
    _blobs: Server,
}

fn hub(have: Vec<(&'static str, Vec<u8>)>, is_open: impl Fn(&Asked) -> bool + Send + Sync + 'static) -> Hub {
    let have = Arc::new(have);
    let blobs = have.clone();
    let blobs = Server::start(move |asked| {
        assert!(asked.header("authorization").is_none(), "the token is the hub's alone");
        let found = blobs.iter().find(|(_, bytes)| asked.path().ends_with(&hex(bytes)));
        found.map_or_else(Reply::not_found, |(_, bytes)| Reply::part(asked, bytes))
    });
    let elsewhere = blobs.address.clone();
    let server = Server::start(move |asked| {
        if !is_open(asked) {
            return Reply::new("401 Unauthorized", "");
        }
        let tree = "/api/datasets/ai/little/tree/main?recursive=true";
        let listed = |files: &[(&str, Vec<u8>)]| {
            let row = |(path, bytes): &(&str, Vec<u8>)| {
                let lfs = match bytes.len() > 10 {
                    true => format!(r#","lfs":{{"oid":"{}","size":{},"pointerSize":134}}"#, hex(bytes), bytes.len()),
                    false => String::new(),
                };
                format!(r#"{{"type":"file","oid":"0123","size":{},"path":{path:?}{lfs}}}"#, bytes.len())
            };
            let rows: Vec<String> = files.iter().map(row).collect();
            Reply::ok(format!(r#"[{{"type":"directory","oid":"1","size":0,"path":"train"}},{}]"#, rows.join(",")))
        };
        let half = have.len() / 2;
        if asked.path() == tree {
            return listed(&have[..half]).with("Link", &format!("<{tree}&cursor=abc>; rel=\"next\""));
        }
        if asked.path() == format!("{tree}&cursor=abc") {
            return listed(&have[half..]);
        }
        let path =
            asked.path().strip_prefix("/datasets/ai/little/resolve/main/").unwrap_or_default().replace("%20", " ");
        match have.iter().find(|(own, _)| *own == path) {
            Some((_, bytes)) if bytes.len() > 10 => Reply::sends_to(&format!("{elsewhere}/blobs/{}", hex(bytes))),
            Some((_, bytes)) => Reply::part(asked, bytes),
            None => Reply::not_found(),
        }
    });
    Hub { server, _blobs: blobs }
}

fn little() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("README.md", b"# read me, all of me".to_vec()),
        ("train/red rose/1.jpg", b"small".to_vec()),
        ("train/daisy/2.jpg", b"larger than ten bytes".to_vec()),
        ("train/metadata.csv", b"file_name,label\n".to_vec()),
        ("data/train-00000-of-00001.parquet", b"PAR1 and more of it".to_vec()),
        ("more/test.zip", zip(&[("roses/3.jpg", b"3"), ("daisy/4.jpg", b"4")])),
    ]
}

#[test]
fn pictures_tables_parquet_and_archives_come() {
    let place = Place::new();
    let hub = hub(little(), |_| true);
    let endpoint = [("HF_ENDPOINT", hub.server.address.as_str())];
    let ran = umbel_with(&place, &["get", "hf:ai/little"], &endpoint);
    assert!(ran.succeeds().out.contains("Fetched: little (6 files, "), "{ran:?}");
    let there = files(&place.path("little"));
    let expected = [
        ".umbel-get.json",
        "data/train-00000-of-00001.parquet",
        "more/test/daisy/4.jpg",
        "more/test/roses/3.jpg",
        "train/daisy/2.jpg",
        "train/metadata.csv",
        "train/red rose/1.jpg",
    ];
    assert_eq!(there, expected);
    assert_eq!(fs::read(place.path("little/train/daisy/2.jpg")).unwrap(), b"larger than ten bytes");
    let asked = hub.server.lines().len();
    let ran = umbel_with(&place, &["get", "hf:ai/little"], &endpoint);
    assert!(ran.succeeds().out.contains("lies there already"), "{ran:?}");
    assert_eq!(hub.server.lines().len(), asked, "nobody is asked again");
    umbel_with(&place, &["get", "hf:ai/little@v2"], &endpoint).fails(1, "holds hf:ai/little");
    umbel_with(&place, &["get", "hf:ai/other"], &endpoint).fails(1, "status 404");
}

#[test]
fn who_asks_is_told_to_the_hub_alone_and_never_shown() {
    let place = Place::new();
    let bearer = format!("Bearer {TOKEN}");
    let hub = hub(little(), move |asked| asked.header("authorization") == Some(&bearer));
    let endpoint = ("HF_ENDPOINT", hub.server.address.as_str());
    let ran = umbel_with(&place, &["get", "hf:ai/little"], &[endpoint]);
    ran.fails(1, "status 401");
    assert!(ran.err.contains("HF_TOKEN"), "{ran:?}");
    let ran = umbel_with(&place, &["get", "hf:ai/little"], &[endpoint, ("HF_TOKEN", "hf_wrongwrong")]);
    ran.fails(1, "status 401");
    assert!(!ran.err.contains("wrongwrong"), "{ran:?}");
    let ran = umbel_with(&place, &["get", "hf:ai/little"], &[endpoint, ("HF_TOKEN", TOKEN)]);
    assert!(!ran.succeeds().err.contains(TOKEN) && !ran.out.contains(TOKEN), "{ran:?}");
    let marker = fs::read_to_string(place.path("little/.umbel-get.json")).unwrap();
    assert!(!marker.contains(TOKEN), "{marker}");
}

#[test]
fn a_data_set_that_is_broken_off_goes_on_where_it_was() {
    let place = Place::new();
    let is_there = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = is_there.clone();
    let hub = hub(little(), move |asked| {
        flag.load(std::sync::atomic::Ordering::SeqCst) || !asked.path().contains("metadata")
    });
    let endpoint = [("HF_ENDPOINT", hub.server.address.as_str())];
    umbel_with(&place, &["get", "hf:ai/little"], &endpoint).fails(1, "metadata.csv");
    assert!(!place.path("little").exists());
    is_there.store(true, std::sync::atomic::Ordering::SeqCst);
    umbel_with(&place, &["get", "hf:ai/little"], &endpoint).succeeds();
    let roses = hub.server.lines().iter().filter(|line| line.contains("red%20rose")).count();
    assert_eq!(roses, 1, "what came before is not asked for again");
}

#[test]
fn a_list_that_leads_outside_or_to_nothing_is_refused() {
    let place = Place::new();
    let evil = Server::start(|_| Reply::ok(r#"[{"type":"file","oid":"1","size":4,"path":"../../evil.jpg"}]"#));
    let ran = umbel_with(&place, &["get", "hf:ai/evil"], &[("HF_ENDPOINT", &evil.address)]);
    ran.fails(1, "outside of the folder");
    assert_eq!(evil.lines().len(), 1);
    let dull = Server::start(|_| Reply::ok(r#"[{"type":"file","oid":"1","size":4,"path":"train.csv"}]"#));
    let ran = umbel_with(&place, &["get", "hf:ai/dull"], &[("HF_ENDPOINT", &dull.address)]);
    ran.fails(1, "has no file at main that could be used");
    let broken = Server::start(|_| Reply::ok("<html>"));
    umbel_with(&place, &["get", "hf:ai/b"], &[("HF_ENDPOINT", &broken.address)]).fails(1, "makes no sense");
}

#[test]
fn other_bytes_than_the_list_tells_are_refused() {
    let place = Place::new();
    let server = Server::start(|asked| match asked.path().starts_with("/api/") {
        true => Reply::ok(format!(
            r#"[{{"type":"file","oid":"1","size":4,"path":"a/1.jpg","lfs":{{"oid":"{}","size":4}}}}]"#,
            "ab".repeat(32)
        )),
        false => Reply::ok("four"),
    });
    let ran = umbel_with(&place, &["get", "hf:ai/wrong"], &[("HF_ENDPOINT", &server.address)]);
    ran.fails(1, "its sha256 is");
    assert!(!place.path("wrong").exists());
}
