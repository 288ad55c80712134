//! `umbel get` against a server on this machine that has the archives of data sets, in small: where they come to lie, what is gone on with,
//! and what is left alone.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use sha2::{Digest, Sha256};
use umbel::Surroundings;
use umbel::base::progress::{Interrupt, Silent};
use umbel::get::sets::{Arrange, Row, SETS, Set};
use umbel::get::{News, What, get};

use crate::server::{Reply, Server, proxy, umbel_with};
use crate::support::{Place, Ran};

/// The files below a folder, with `/`.
pub fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

/// A tar of these members.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut written = Vec::new();
    let mut zip = rawzip::ZipArchiveWriter::new(&mut written);
    for (name, bytes) in members {
        let file = zip.new_file(*name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::fast()));
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap();
    written
}

/// The tutorial's archive in small: a folder of folders, with the license beside them.
pub fn flower_photos(place: &Place) -> Vec<u8> {
    place.draw("drawn", &["daisy", "roses"], 10);
    let drawn = place.path("drawn");
    let mut members = vec![("flower_photos/LICENSE.txt".to_string(), b"CC-BY".to_vec())];
    for file in files(&drawn) {
        members.push((format!("flower_photos/{file}"), fs::read(drawn.join(&file)).unwrap()));
    }
    fs::remove_dir_all(&drawn).unwrap();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    gzip(&tar(&members))
}

fn run(place: &Place, args: &[&str]) -> Ran {
    umbel_with(place, args, &[])
}

/// Everything in the working folder but the cache and the network, hidden things too.
fn left(place: &Place) -> Vec<String> {
    let names = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "cache" && name != "tiny.toml").collect();
    names.sort();
    names
}

#[test]
fn the_tutorials_archive_becomes_a_folder_of_classes_and_is_fetched_once() {
    let place = Place::new();
    let archive = flower_photos(&place);
    let server = Server::start(move |asked| Reply::part(asked, &archive));
    let url = server.url("/example_images/flower_photos.tgz");
    let ran = run(&place, &["get", &url]);
    assert!(ran.succeeds().out.contains("Fetched: flower_photos (21 files, "), "{ran:?}");
    assert!(ran.out.contains("Try it:  umbel train flower_photos"), "{ran:?}");
    let there = files(&place.path("flower_photos"));
    assert_eq!(there.len(), 22, "20 photos, the license and the marker: {there:?}");
    for file in [".umbel-get.json", "LICENSE.txt", "daisy/000.png", "roses/009.png"] {
        assert!(there.iter().any(|there| there == file), "{file}: {there:?}");
    }
    assert_eq!(left(&place), ["flower_photos"], "nothing is left of what was on its way");
    // The second time, nobody is asked.
    let ran = run(&place, &["get", &url]);
    assert!(ran.succeeds().out.contains("lies there already: flower_photos"), "{ran:?}");
    assert_eq!(server.lines(), ["GET /example_images/flower_photos.tgz"]);
    let ran = run(&place, &["get", &url, "--json"]);
    let json = &ran.succeeds().json()[0];
    assert_eq!((json["new"].as_bool(), json["path"].as_str()), (Some(false), Some("flower_photos")));
    // What the marker tells is data for nobody.
    let ran = place.umbel(&["check", "flower_photos", "--labels", "none"]);
    assert!(ran.out.contains("Found 20 files belonging to 2 classes."), "{ran:?}");
}

#[test]
fn an_address_stands_for_a_folder_wherever_photos_are_taken() {
    let place = Place::new();
    let archive = flower_photos(&place);
    let photo = {
        place.draw("one", &["daisy"], 1);
        fs::read(place.path("one/daisy/000.png")).unwrap()
    };
    let server = Server::start(move |asked| match asked.path() {
        "/photos.tgz" => Reply::ok(archive.clone()),
        "/Red_sunflower.png" => Reply::ok(photo.clone()),
        "/page" => Reply::ok("<html>").with("Content-Type", "text/html"),
        _ => Reply::not_found(),
    });
    let url = server.url("/photos.tgz");
    let tiny = ["--model", "tiny.toml", "--image-size", "32", "--batch", "8", "--epochs", "1", "--out", "run"];
    let train = [&["train", url.as_str()], &tiny[..]].concat();
    let ran = run(&place, &train);
    assert!(ran.succeeds().out.contains("Found 20 files belonging to 2 classes."), "{ran:?}");
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("photos\"") && !config.contains("http"), "the run holds the folder: {config}");
    let ran = run(&place, &["eval", "run", &url]);
    assert!(ran.succeeds().out.contains("20"), "{ran:?}");
    run(&place, &["preview", &url]).succeeds();
    let ran = run(&place, &["check", &url, "--labels", "none"]);
    assert!(ran.out.contains("Found 20 files"), "{ran:?}");
    assert_eq!(server.lines(), ["GET /photos.tgz"], "fetched once for all of them");

    let sunflower = server.url("/Red_sunflower.png");
    let ran = run(&place, &["predict", "run", &sunflower]);
    assert!(ran.succeeds().out.contains("This image most likely belongs to"), "{ran:?}");
    let missing = server.url("/missing.png");
    let page = server.url("/page");
    let ran = run(&place, &["predict", "run", &sunflower, &missing, &page, "--json"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let json = ran.json();
    assert_eq!(json[0]["path"].as_str(), Some(sunflower.as_str()));
    assert!(json[0]["class"].is_string() && json[1]["error"].as_str().unwrap().contains("404"), "{json:?}");
    assert!(json[2]["error"].as_str().unwrap().contains("a page for people"), "{json:?}");
    run(&place, &["predict", "run", &sunflower, "--sort-into", "sorted"]).fails(2, "--sort-into copies files");
    run(&place, &["explain", "run", &sunflower, "--out", "why"]).succeeds();
    assert!(!left(&place).iter().any(|name| name.contains("sunflower")), "{:?}", left(&place));
}

#[test]
fn a_folder_that_was_not_fetched_is_left_as_it_is() {
    let place = Place::with_photos();
    let server = Server::start(|_| Reply::ok(gzip(&tar(&[("a/1.png", b"1"), ("b/2.png", b"2")]))));
    let before = place.contents("photos");
    let url = server.url("/photos.tgz");
    run(&place, &["get", &url]).fails(1, "was not fetched, so it is left as it is");
    assert_eq!(place.contents("photos"), before);
    assert!(server.lines().is_empty(), "nobody was asked");
    run(&place, &["get", &url, "--out", "other"]).succeeds();
    // Another data set does not take its place, and an empty folder is nobody's.
    run(&place, &["get", &server.url("/more.tgz"), "--out", "other"])
        .fails(1, "and not asked for".split(' ').next().unwrap());
    fs::create_dir(place.path("empty")).unwrap();
    run(&place, &["get", &url, "--out", "empty"]).succeeds();
    assert_eq!(files(&place.path("empty")), [".umbel-get.json", "a/1.png", "b/2.png"]);
    fs::write(place.path("file"), "mine").unwrap();
    run(&place, &["get", &url, "--out", "file"]).fails(1, "left as it is");
    assert_eq!(fs::read(place.path("file")).unwrap(), b"mine");
}

#[test]
fn what_has_come_is_gone_on_with_if_it_is_of_the_same_file() {
    let place = Place::new();
    let archive = gzip(&tar(&[("a/1.png", &[7; 300_000]), ("b/2.png", &noise(400_000))]));
    let (size, whole) = (archive.len(), archive.clone());
    // Once cut and then closed for good.
    let server = Server::start(move |asked| match asked.from() {
        None => Reply::part(asked, &archive).with("ETag", "\"one\"").cut_after(200_000),
        Some(_) => Reply::part(asked, &archive).with("ETag", "\"one\"").cut_after(0),
    });
    let ran = run(&place, &["get", &server.url("/set.tgz"), "--out", "set"]);
    ran.fails(1, &format!("200000 of {size} bytes"));
    assert!(ran.err.contains("are kept"), "{ran:?}");
    assert_eq!(server.asked()[1].header("if-range"), Some("\"one\""));
    assert!(!place.path("set").exists());
    // Another time, at the same address.
    let port: String = server.address.rsplit(':').next().unwrap().into();
    drop(server);
    let again = Server::start({
        let archive = whole.clone();
        move |asked| Reply::part(asked, &archive).with("ETag", "\"one\"")
    });
    let marker = fs::read_to_string(place.path(".set.umbel-get/.umbel-get.json")).unwrap();
    let moved = marker.replace(&port, again.address.rsplit(':').next().unwrap());
    fs::write(place.path(".set.umbel-get/.umbel-get.json"), moved).unwrap();
    run(&place, &["get", &again.url("/set.tgz"), "--out", "set"]).succeeds();
    assert_eq!(again.lines(), ["GET /set.tgz from 200000"]);
    assert_eq!(fs::read(place.path("set/a/1.png")).unwrap(), [7; 300_000]);
    assert_eq!(left(&place), ["set"]);

    // Where the file has changed meanwhile, the server gives all of the new one.
    let times = AtomicUsize::new(0);
    let other = gzip(&tar(&[("a/1.png", b"new"), ("b/2.png", &noise(300_000))]));
    let server = Server::start(move |asked| match times.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::part(asked, &whole).with("ETag", "\"one\"").cut_after(100_000),
        _ => Reply::ok(other.clone()).with("ETag", "\"two\""),
    });
    run(&place, &["get", &server.url("/changed.tgz")]).succeeds();
    assert_eq!(fs::read(place.path("changed/a/1.png")).unwrap(), b"new");
}

#[test]
fn what_nothing_says_to_be_the_same_file_comes_anew() {
    let place = Place::new();
    let archive = gzip(&tar(&[("a/1.png", &noise(300_000)), ("b/2.png", b"2")]));
    let times = AtomicUsize::new(0);
    // No tag, and no date either: a part of it may be one of another file.
    let server = Server::start(move |asked| match times.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::part(asked, &archive).cut_after(100_000),
        _ => Reply::part(asked, &archive),
    });
    run(&place, &["get", &server.url("/set.tgz")]).succeeds();
    assert_eq!(server.lines(), ["GET /set.tgz", "GET /set.tgz"]);
    assert_eq!(fs::read(place.path("set/a/1.png")).unwrap(), noise(300_000));
}

/// Bytes that do not compress.
pub fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// A row of the table as it would be for archives that this server has.
fn set_of(server: &Server, archives: &[(&'static str, &[u8], Option<&'static str>)], set: Set) -> What {
    let row = |(path, bytes, folder): &(&'static str, &[u8], Option<&'static str>)| Row {
        url: server.url(path).leak(),
        bytes: bytes.len() as u64,
        sha256: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>().leak(),
        folder: *folder,
    };
    let archives: Vec<Row> = archives.iter().map(row).collect();
    What::Set(Box::leak(Box::new(Set { name: "little", archives: archives.leak(), ..set })))
}

#[test]
fn rows_of_the_table_become_folders_by_class() {
    let place = Place::new();
    let named = |name: &str| *SETS.iter().find(|set| set.name == name).unwrap();
    // As the beans: an archive for each part, with or without a folder of its name.
    let train = zip(&[("train/healthy/1.jpg", b"1"), ("train/bean_rust/2.jpg", b"2"), ("__MACOSX/._x", b"")]);
    let test = zip(&[("healthy/3.jpg", b"3"), ("bean_rust/4.jpg", b"4")]);
    let pets = gzip(&tar(&[
        ("images/great_pyrenees_12.jpg", b"a"),
        ("images/Bengal_3.jpg", b"b"),
        ("images/Bengal.mat", b"c"),
    ]));
    let food = gzip(&tar(&[
        ("food-101/images/pizza/1.jpg", b"1"),
        ("food-101/images/soup/2.jpg", b"2"),
        ("food-101/meta/train.txt", b""),
    ]));
    let have = [
        ("/train.zip", train.clone()),
        ("/test.zip", test.clone()),
        ("/pets.tgz", pets.clone()),
        ("/food.tgz", food.clone()),
    ];
    let server = Server::start(move |asked| match have.iter().find(|(path, _)| *path == asked.path()) {
        Some((_, bytes)) => Reply::part(asked, bytes),
        None => Reply::not_found(),
    });
    let fetch = |what: &What, out: &str| {
        let out = place.path(out);
        let got = get(what, Some(&out), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap();
        (got.news != News::LayThere, files(&out))
    };
    let beans =
        set_of(&server, &[("/train.zip", &train, Some("train")), ("/test.zip", &test, Some("test"))], named("beans"));
    let (came, there) = fetch(&beans, "beans");
    let expected = [
        ".umbel-get.json",
        "test/bean_rust/4.jpg",
        "test/healthy/3.jpg",
        "train/bean_rust/2.jpg",
        "train/healthy/1.jpg",
    ];
    assert!(came && there == expected, "{there:?}");
    assert!(!fetch(&beans, "beans").0);
    let own = set_of(&server, &[("/pets.tgz", &pets, None)], named("oxford_pets"));
    assert_eq!(named("oxford_pets").arrange, Arrange::ByName);
    let there = fetch(&own, "pets").1;
    assert_eq!(there, [".umbel-get.json", "Bengal.mat", "Bengal/Bengal_3.jpg", "great_pyrenees/great_pyrenees_12.jpg"]);
    let own = set_of(&server, &[("/food.tgz", &food, None)], named("food101"));
    assert_eq!(fetch(&own, "food").1, [".umbel-get.json", "pizza/1.jpg", "soup/2.jpg"]);
    let marker = fs::read_to_string(place.path("food/.umbel-get.json")).unwrap();
    assert!(marker.contains("Bossard") && marker.contains("sha256") && marker.contains("license"), "{marker}");
    // Other bytes than the row says, of the same length.
    let mut wrong = food.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let own = set_of(&server, &[("/food.tgz", &wrong, None)], named("food101"));
    let error = get(&own, Some(&place.path("wrong")), &Surroundings::default(), &mut Silent, &Interrupt::default());
    assert!(error.unwrap_err().to_string().contains("its sha256 is"), "thrown away, and told");
    assert!(!place.path("wrong").exists());
}

#[test]
fn a_name_is_fetched_from_where_the_table_says_through_the_proxy() {
    let place = Place::new();
    let server = Server::start(|_| Reply::ok("not the archive"));
    let (proxy, asked) = proxy(&server.address);
    let ran = umbel_with(&place, &["get", "eurosat"], &[("HTTP_PROXY", &proxy)]);
    ran.fails(1, "it has 15 bytes instead of 94280567");
    assert_eq!(*asked.lock().unwrap(), ["CONNECT madm.dfki.de:80 HTTP/1.1"]);
    assert_eq!(server.lines(), ["GET /files/sentinel/EuroSAT.zip"]);
}

#[test]
fn the_list_tells_what_there_is_and_what_was_never_tried() {
    let place = Place::new();
    let ran = place.umbel(&["get"]);
    for set in SETS {
        assert!(ran.succeeds().out.contains(set.name) && ran.out.contains(set.license), "{}: {}", set.name, ran.out);
    }
    assert!(ran.out.contains("None of them was ever fetched from there by those who make umbel"), "{}", ran.out);
    assert!(ran.out.contains("228.8 MB") && ran.out.contains("3,670"), "{}", ran.out);
    let json = place.umbel(&["get", "--json"]).succeeds().json();
    assert_eq!(json.len(), SETS.len());
    assert!(json[0]["source"].as_str().unwrap().contains("checksums.tsv") && json[0]["tried"].is_null());
}

#[test]
fn a_name_is_a_path_for_every_other_command() {
    let place = Place::with_run();
    for args in [&["train", "flowers"][..], &["check", "flowers"], &["eval", "run", "flowers"], &["preview", "flowers"]]
    {
        place.umbel(args).fails(1, "umbel get flowers");
    }
    let ran = place.umbel(&["predict", "run", "flowers"]);
    assert!(ran.code == 1 && ran.err.contains("umbel get flowers"), "{ran:?}");
    let ran = place.umbel(&["train", "flwers"]);
    assert!(!ran.err.contains("umbel get"), "{ran:?}");
    place.umbel(&["get", "flwers"]).fails(2, "known are flowers, beans");
    place.umbel(&["get", "hf:beans"]).fails(2, "hf:OWNER/NAME");
    place.umbel(&["get", "weights:vgg"]).fails(2, "resnet18");
    place.umbel(&["get", "weights:resnet18", "--out", "here"]).fails(2, "UMBEL_MODELS");
    place.umbel(&["get", "https://me:secret@host/a.zip"]).fails(2, "do not belong into an address");
}
