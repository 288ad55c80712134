//! What goes wrong on the way: each cause has a message of its own, which names the address and a way out, and nothing takes a place that
//! is not whole.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::get::{files, gzip, noise, tar, zip};
use crate::server::{Asked, Reply, Server, umbel_with};
use crate::support::{Place, Ran};

fn little() -> Vec<u8> {
    gzip(&tar(&[("a/1.png", &noise(50_000)), ("b/2.png", b"2")]))
}

/// Fetches from a server that answers so; what is told must hold all of `words`.
#[track_caller]
fn refused(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static, words: &[&str]) -> Ran {
    let place = Place::new();
    let server = Server::start(answer);
    let ran = umbel_with(&place, &["get", &server.url("/set.tgz")], &[]);
    ran.fails(1, words[0]);
    for words in words.iter().chain(&[server.url("/set.tgz").as_str()]) {
        assert!(ran.err.contains(words), "{words}: {ran:?}");
    }
    assert!(!place.path("set").exists(), "{ran:?}");
    // Something is left if, and only if, it can be gone on with.
    let (work, part) = (place.path(".set.umbel-get"), place.path(".set.umbel-get/0.archive.part"));
    assert_eq!(work.exists(), fs::metadata(part).is_ok_and(|about| about.len() > 0), "{ran:?}");
    ran
}

#[test]
fn an_answer_that_is_no_file_is_told_by_its_status() {
    refused(|_| Reply::not_found(), &["status 404", "check the address"]);
    refused(|_| Reply::new("403 Forbidden", ""), &["status 403", "to some only"]);
    refused(|_| Reply::new("451 Unavailable", ""), &["legal reasons"]);
    refused(|_| Reply::new("503 Busy", ""), &["status 503", "try again later"]);
}

#[test]
fn a_server_that_is_busy_for_a_while_is_asked_again() {
    let (place, archive) = (Place::new(), little());
    let times = AtomicUsize::new(0);
    let server = Server::start(move |asked| match times.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::new("503 Busy", ""),
        _ => Reply::part(asked, &archive),
    });
    umbel_with(&place, &["get", &server.url("/set.tgz")], &[]).succeeds();
}

#[test]
fn a_page_for_people_is_no_archive() {
    let page = |_: &Asked| Reply::ok("<!DOCTYPE html><p>sign in").with("Content-Type", "text/html; charset=utf-8");
    refused(page, &["a page for people", "copy the address of the file itself"]);
    refused(|_| Reply::ok("<!DOCTYPE html><p>sign in"), &["neither a tar", "nor a zip"]);
}

#[test]
fn a_way_without_an_end_is_seen() {
    refused(|_| Reply::sends_to("/set.tgz"), &["from address to address"]);
    refused(|asked| Reply::sends_to(if asked.path() == "/a" { "/b" } else { "/a" }), &["from address to address"]);
    let times = AtomicUsize::new(0);
    let further = move |_: &Asked| Reply::sends_to(&format!("/{}", times.fetch_add(1, Ordering::SeqCst)));
    refused(further, &["from address to address", "check the address"]);
}

#[test]
fn a_way_with_an_end_is_gone() {
    let (place, archive) = (Place::new(), little());
    let server = Server::start(move |asked| match asked.path() {
        "/set.tgz" => Reply::sends_to("elsewhere/a?b"),
        "/elsewhere/a?b" => Reply::new("307 Go on", "").with("Location", "/c"),
        _ => Reply::part(asked, &archive),
    });
    umbel_with(&place, &["get", &server.url("/set.tgz")], &[]).succeeds();
    assert_eq!(files(&place.path("set")).len(), 3);
}

#[test]
fn no_room_is_told_before_anything_comes() {
    let ran = refused(
        |_| Reply::ok("").with("Content-Length", "1000000000000000000"),
        &["2000000000000000000 bytes of disk are needed", "are free", "name a folder elsewhere"],
    );
    assert!(!ran.err.contains("Fetching:"), "{ran:?}");
}

#[test]
fn a_line_that_dies_keeps_what_has_come() {
    let archive = little();
    let size = archive.len();
    refused(move |asked| Reply::part(asked, &archive).cut_after(1000), &[&format!("of {size} bytes"), "are kept"]);
}

#[test]
fn a_line_that_hangs_or_drips_is_given_up() {
    let began = Instant::now();
    refused(
        |_| Reply { hangs: Duration::from_secs(30), ..Reply::ok("").without("Content-Length") },
        &["the line broke"],
    );
    let archive = little();
    let drips = Some(Duration::from_millis(100));
    refused(move |asked| Reply { drips, ..Reply::part(asked, &archive) }, &["less than 1024 bytes in 1 s"]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/set.tgz", silent.local_addr().unwrap());
    let ran = umbel_with(&Place::new(), &["get", &url], &[]);
    ran.fails(1, "no answer came within 1 seconds");
    assert!(ran.err.contains("UMBEL_TIMEOUT"), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let ran = umbel_with(&Place::new(), &["get", &url], &[("UMBEL_TIMEOUT", "soon")]);
    ran.fails(2, "UMBEL_TIMEOUT");
}

#[test]
fn other_bytes_than_were_told_are_refused() {
    // More of them than its head says are not taken; fewer are a line that broke.
    let archive = little();
    let size = archive.len();
    refused(move |_| Reply::ok(archive.clone()).with("Content-Length", &(size + 10).to_string()), &["the line broke"]);
    // A part of another file than was asked for.
    let archive = little();
    let other = move |asked: &Asked| match asked.from() {
        None => Reply::part(asked, &archive).with("ETag", "\"a\"").cut_after(9000),
        Some(_) => Reply::new("206 Partial Content", "xx").with("Content-Range", "bytes 5-6/7"),
    };
    refused(other, &["makes no sense"]);
}

#[test]
fn nobody_there_is_told_by_its_cause() {
    let place = Place::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = umbel_with(&place, &["get", &format!("http://{closed}/set.tgz")], &[]);
    ran.fails(1, "refuses the connection");
    let ran = umbel_with(&place, &["get", "http://no-such-host.invalid/set.tgz"], &[("UMBEL_TIMEOUT", "20")]);
    ran.fails(1, "there is no host called no-such-host.invalid");
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 1, "nothing is left but the network's file");
}

#[test]
fn certificates_are_those_of_the_system() {
    let (place, archive) = (Place::new(), little());
    let server = Server::start_safe(move |asked| Reply::part(asked, &archive));
    let url = server.url("/set.tgz");
    let ran = umbel_with(&place, &["get", &url], &[]);
    ran.fails(1, "no safe connection to 127.0.0.1");
    assert!(ran.err.contains("SSL_CERT_FILE"), "{ran:?}");
    let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/localhost/certificate.pem");
    umbel_with(&place, &["get", &url], &[("SSL_CERT_FILE", certificate)]).succeeds();
    let ran = umbel_with(&place, &["get", &url, "--out", "b"], &[("SSL_CERT_FILE", "/no/such/file")]);
    ran.fails(1, "certificates of this computer cannot be read");
    // What does not speak TLS at all.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/set.tgz", plain.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
    });
    umbel_with(&place, &["get", &url, "--out", "c"], &[]).fails(1, "no safe connection");
}

#[test]
fn a_safe_address_does_not_send_to_one_that_is_not() {
    let place = Place::new();
    let plain = Server::start(|_| Reply::ok("never asked"));
    let elsewhere = plain.url("/set.tgz");
    let server = Server::start_safe(move |_| Reply::sends_to(&elsewhere));
    let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/localhost/certificate.pem");
    let ran = umbel_with(&place, &["get", &server.url("/set.tgz")], &[("SSL_CERT_FILE", certificate)]);
    ran.fails(1, "is not safe where the address itself is");
    assert!(plain.lines().is_empty());
}

#[test]
fn a_proxy_that_does_not_let_through_is_told() {
    let place = Place::new();
    let proxy = Server::start(|_| Reply::new("407 Proxy Authentication Required", ""));
    let ran = umbel_with(&place, &["get", "http://host.invalid/set.tgz"], &[("HTTP_PROXY", &proxy.address)]);
    ran.fails(1, "the proxy does not connect");
}

#[test]
fn what_is_odd_in_an_archive_stays_out_and_is_told_in_one_line() {
    let place = Place::new();
    let bytes = {
        let mut tar = tar::Builder::new(tar(&[("a/1.png", b"1"), ("b/2.png", b"2")]));
        // A tar goes on behind the end of another where that has none.
        let mut inner = tar.get_mut().clone();
        inner.truncate(inner.len() - 1024);
        let mut tar = tar::Builder::new(inner);
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "a/link", "/etc/passwd").unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.as_old_mut().name[..9].copy_from_slice(b"../out.pn");
        header.set_cksum();
        tar.append(&header, &b"evil"[..]).unwrap();
        gzip(&tar.into_inner().unwrap())
    };
    let server = Server::start(move |_| Reply::ok(bytes.clone()));
    let ran = umbel_with(&place, &["get", &server.url("/set.tgz")], &[]);
    ran.succeeds();
    let told: Vec<&str> = ran.err.lines().filter(|line| line.contains("odd members")).collect();
    assert!(told.len() == 1 && told[0].contains("1 links") && told[0].contains("1 names that lead out"), "{ran:?}");
    assert_eq!(files(&place.path("set")), [".umbel-get.json", "a/1.png", "b/2.png"]);
    assert!(!place.path("out.pn").exists() && !place.path(".set.umbel-get").exists());
}

#[test]
fn an_archive_that_is_damaged_is_thrown_away_and_comes_anew() {
    let place = Place::new();
    let (whole, times) = (little(), AtomicUsize::new(0));
    let server = Server::start(move |_| match times.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::ok(&whole[..whole.len() - 100]),
        _ => Reply::ok(whole.clone()),
    });
    let url = server.url("/set.tgz");
    umbel_with(&place, &["get", &url], &[]).fails(1, "it is damaged, or was cut short");
    assert!(!place.path("set").exists());
    umbel_with(&place, &["get", &url], &[]).succeeds();
    // A zip in the place of what its name says, and one that swells.
    let swells = zip(&[("a/1.bmp", &vec![0; 80 << 20])]);
    let server = Server::start(move |asked| match asked.path() {
        "/named.tgz" => Reply::ok(zip(&[("a/1.png", b"1"), ("b/2.png", b"2")])),
        _ => Reply::ok(swells.clone()),
    });
    umbel_with(&place, &["get", &server.url("/named.tgz")], &[]).succeeds();
    umbel_with(&place, &["get", &server.url("/swells.zip")], &[]).fails(1, "swells to more than 200 times its size");
    assert!(!place.path("swells").exists());
}

#[test]
#[cfg(unix)]
fn a_stop_keeps_what_has_come() {
    use std::process::Stdio;
    let (place, archive) = (Place::new(), gzip(&tar(&[("a/1.png", &noise(400_000)), ("b/2.png", b"2")])));
    let whole = archive.clone();
    let server = Server::start(move |asked| Reply {
        hangs: Duration::from_secs(20),
        ..Reply::part(asked, &archive).with("ETag", "\"a\"").cut_after(if asked.from().is_some() {
            1 << 30
        } else {
            200_000
        })
    });
    let url = server.url("/set.tgz");
    let mut command = place.command(&["get", &url]);
    command.env("UMBEL_TIMEOUT", "3").stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let part = place.path(".set.umbel-get/0.archive.part");
    let until = Instant::now() + Duration::from_secs(20);
    while fs::metadata(&part).map_or(0, |about| about.len()) < 200_000 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(ran.code == 1 && ran.err.contains("the same command goes on"), "{ran:?}");
    assert_eq!(fs::metadata(&part).unwrap().len(), 200_000);
    umbel_with(&place, &["get", &url], &[]).succeeds();
    assert_eq!(server.lines()[1..], ["GET /set.tgz from 200000"]);
    assert_eq!(fs::read(place.path("set/a/1.png")).unwrap().len(), 400_000);
    assert!(whole.len() > 400_000);
}
