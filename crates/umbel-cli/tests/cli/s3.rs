//! `s3://` in the place of a folder, against a server that speaks as S3 does: lists in pages, objects, refusals, and moods.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::server::{Asked, Reply, Server, umbel_with};
use crate::support::{Place, Ran};

const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "hidden-secret");
/// Objects on a page of the list.
const PAGE: usize = 3;

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A store with the bucket `photos`.
struct Store {
    server: Server,
    objects: Objects,
}

impl Store {
    fn with(objects: BTreeMap<String, Vec<u8>>, mood: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static) -> Self {
        let objects: Objects = Arc::new(Mutex::new(objects));
        let held = objects.clone();
        let server = Server::start(move |asked| mood(asked, answer(asked, &held.lock().unwrap())));
        Store { server, objects }
    }

    fn run(&self, place: &Place, args: &[&str]) -> Ran {
        self.run_as(place, args, &[KEY, SECRET])
    }

    fn run_as(&self, place: &Place, args: &[&str], who: &[(&str, &str)]) -> Ran {
        let endpoint = [("AWS_ENDPOINT_URL", self.server.address.as_str()), ("AWS_REGION", "eu-west-1")];
        umbel_with(place, args, &[&endpoint, who].concat())
    }

    /// Objects that were asked for, without the list.
    fn fetched(&self) -> Vec<String> {
        let lines = self.server.asked().into_iter().map(|asked| asked.path().to_string());
        lines.filter(|path| !path.contains("list-type")).collect()
    }
}

fn refusal(status: &str, code: &str) -> Reply {
    Reply::new(
        status,
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no, \u{9b}31mno</Message></Error>"),
    )
}

fn tag(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(bytes.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    format!("\"{sum:x}\"")
}

fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

fn answer(asked: &Asked, objects: &BTreeMap<String, Vec<u8>>) -> Reply {
    let signed = asked.header("authorization").is_some_and(|text| {
        text.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
            && text.contains("/eu-west-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date")
    });
    if !signed || asked.header("x-amz-date").is_none() {
        return refusal("403 Forbidden", "AccessDenied");
    }
    let (path, query) = asked.path().split_once('?').unwrap_or((asked.path(), ""));
    if path == "/photos" {
        let of = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let prefix = of("prefix").unwrap_or_default().replace("%2F", "/");
        let after: usize = of("continuation-token").and_then(|token| token.parse().ok()).unwrap_or(0);
        let found: Vec<_> = objects.iter().filter(|(name, _)| encoded(name).starts_with(&prefix)).collect();
        let row = |(name, bytes): &(&String, &Vec<u8>)| {
            let (name, tag) = (encoded(name), tag(bytes).replace('"', "&quot;"));
            format!("<Contents><Key>{name}</Key><ETag>{tag}</ETag><Size>{}</Size></Contents>", bytes.len())
        };
        let rows: String = found.iter().skip(after).take(PAGE).map(row).collect();
        let more = match after + PAGE < found.len() {
            true => format!(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
                after + PAGE
            ),
            false => "<IsTruncated>false</IsTruncated>".to_string(),
        };
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
        return Reply::ok(format!("{head}<EncodingType>url</EncodingType>{more}{rows}</ListBucketResult>"));
    }
    let Some((_, bytes)) = objects.iter().find(|(name, _)| format!("/photos/{}", encoded(name)) == path) else {
        let code = if path.starts_with("/photos/") { "NoSuchKey" } else { "NoSuchBucket" };
        return refusal("404 Not Found", code);
    };
    if asked.header("if-match").is_some_and(|wanted| wanted != tag(bytes)) {
        return refusal("412 Precondition Failed", "PreconditionFailed");
    }
    match asked.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) {
        Some((from, last)) => {
            let (from, last): (usize, usize) = (from.parse().unwrap(), last.parse().unwrap());
            let range = format!("bytes {from}-{last}/{}", bytes.len());
            Reply::new("206 Partial Content", &bytes[from..=last]).with("Content-Range", &range)
        }
        None => Reply::ok(bytes.clone()),
    }
}

/// The files below a folder as objects below `prefix`.
fn objects(folder: &Path, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{prefix}/{}", entry.file_name().to_str().unwrap());
        match entry.path().is_dir() {
            true => all.extend(objects(&entry.path(), &name)),
            false => drop(all.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
    all
}

/// A place with a few photos in `album`, and the store that has them, too.
fn album(mood: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static) -> (Place, Store) {
    let place = Place::new();
    for (class, shade) in [("daisy", 200u8), ("rote Rosen & mehr", 90)] {
        let folder = place.path(format!("album/{class}"));
        fs::create_dir_all(&folder).unwrap();
        for number in 0..6u8 {
            let pixel = |x: u32, y: u32| image::Rgb([shade, (x * 9) as u8 + number, (y * 7) as u8 ^ (number * 40)]);
            image::RgbImage::from_fn(24, 24, pixel).save(folder.join(format!("{number}.png"))).unwrap();
        }
    }
    fs::write(place.path("album/README.md"), "about").unwrap();
    let store = Store::with(objects(&place.path("album"), "of me/album"), mood);
    (place, store)
}

const ADDRESS: &str = "s3://photos/of me/album";

fn train<'a>(data: &'a str, out: &'a str) -> Vec<&'a str> {
    vec!["train", data, "--recipe", "tutorial", "--image-size", "32", "--epochs", "1", "--batch", "4", "--out", out]
}

/// A check that was done: these few photos are tiny, which it remarks.
fn checked(ran: Ran) -> Ran {
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("Tiny: 1"), "{ran:?}");
    ran
}

#[test]
fn photos_in_a_store_train_as_those_in_a_folder_do() {
    let (place, store) = album(|_, reply| reply);
    store.run(&place, &train("album", "here")).succeeds();
    assert!(store.server.asked().is_empty(), "nobody is asked for a folder");
    let ran = store.run(&place, &train(ADDRESS, "there"));
    assert!(ran.succeeds().err.contains("Fetching s3://photos/of me/album"), "{ran:?}");
    assert!(!ran.err.contains("hidden-secret") && !ran.out.contains("hidden-secret"), "{ran:?}");
    for file in ["split.csv", "model.safetensors"] {
        let read = |run: &str| fs::read(place.path(format!("{run}/{file}"))).unwrap();
        assert!(read("here") == read("there"), "{file} differs");
    }
    let config = fs::read_to_string(place.path("there/config.toml")).unwrap();
    assert!(config.contains("data = \"s3://photos/of me/album\""), "{config}");
    assert!(!config.contains("hidden-secret") && !config.contains("AKIDEXAMPLE"), "{config}");
    // Once each, however often it is opened; what is no photo is not fetched.
    assert_eq!(store.fetched().len(), 12, "{:?}", store.fetched());
    checked(store.run(&place, &["check", ADDRESS]));
    assert_eq!(store.fetched().len(), 12, "they are here already");
    store
        .objects
        .lock()
        .unwrap()
        .insert("of me/album/daisy/0.png".into(), fs::read(place.path("album/daisy/1.png")).unwrap());
    let ran = store.run(&place, &["check", ADDRESS]);
    assert!(ran.out.contains("duplicate"), "a changed one comes anew: {ran:?}");
    let ran = store.run(&place, &["predict", "there", ADDRESS, "--sort-into", "sorted"]);
    assert_eq!(
        ran.succeeds().out.lines().filter(|line| line.contains(&format!("{ADDRESS}/daisy/"))).count(),
        6,
        "{ran:?}"
    );
    store.run(&place, &["eval", "there", ADDRESS]).succeeds();
    store.run(&place, &["preview", ADDRESS, "--out", "grid.png"]).succeeds();
    assert!(place.path("grid.png").is_file());
}

#[test]
fn moods_of_a_store_pass_and_lines_that_break_are_taken_up() {
    let seen: Mutex<Vec<String>> = Mutex::default();
    let (place, store) = album(move |asked, reply| {
        let mut seen = seen.lock().unwrap();
        let is_first = !seen.iter().any(|path| path == asked.path());
        seen.push(asked.path().to_string());
        match asked.path() {
            path if is_first && (path.ends_with("daisy/0.png") || path.contains("continuation-token=3")) => {
                refusal("503 Slow Down", "SlowDown")
            }
            path if is_first && path.ends_with("daisy/1.png") => reply.cut_after(20),
            _ => reply,
        }
    });
    let ran = checked(store.run(&place, &["check", ADDRESS]));
    assert!(ran.out.contains("Found 12 files"), "{ran:?}");
    assert!(!ran.out.contains("cannot be used") && !ran.out.contains("damaged"), "{ran:?}");
    assert_eq!(store.fetched().len(), 14, "{:?}", store.fetched());
    let asked = store.server.asked();
    assert!(asked.iter().any(|asked| asked.header("range").is_some_and(|range| range.starts_with("bytes=20-"))));
}

#[test]
fn a_store_that_never_has_time_is_asked_only_so_often() {
    let (place, store) = album(|_, _| refusal("503 Slow Down", "SlowDown"));
    store.run(&place, &["check", ADDRESS]).fails(1, "try again later");
    assert_eq!(store.server.asked().len(), 5);
}

#[test]
fn refusals_are_told_with_the_way_out() {
    let always = |status: &'static str, code: &'static str| album(move |_, _| refusal(status, code));
    for (status, code, said) in [
        ("404 Not Found", "NoSuchBucket", "no bucket of that name"),
        ("404 Not Found", "", "no bucket of that name"),
        ("403 Forbidden", "AccessDenied", "s3:ListBucket"),
        ("403 Forbidden", "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        ("403 Forbidden", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        ("403 Forbidden", "RequestTimeTooSkewed", "clock"),
        ("400 Bad Request", "ExpiredToken", "AWS_SESSION_TOKEN"),
        ("301 Moved Permanently", "PermanentRedirect", "AWS_REGION"),
        ("418 Teapot", "Odd", "Odd: no, "),
    ] {
        let (place, store) = always(status, code);
        let ran = store.run(&place, &["check", ADDRESS]);
        ran.fails(1, said);
        assert!(!ran.err.contains('\u{9b}') && !ran.err.contains("hidden-secret"), "{ran:?}");
        assert_eq!(store.server.asked().len(), 1, "{code} is not asked again");
    }
    let (place, store) = album(|_, reply| reply);
    store.run_as(&place, &["check", ADDRESS], &[]).fails(1, "AWS_ACCESS_KEY_ID");
    let half = store.run_as(&place, &["check", ADDRESS], &[KEY]);
    half.fails(2, "AWS_SECRET_ACCESS_KEY is not set");
    store.run(&place, &["check", "s3://photos/elsewhere"]).fails(1, "nothing lies there");
    store.run(&place, &["check", "s3://photos/{a,b}.tar"]).fails(1, "a.tar is not there");
    store.run(&place, &["check", "s3://ph@tos/x"]).fails(2, "s3://bucket/photos");
    store.run(&place, &["get", ADDRESS]).fails(2, "where a folder of photos stands");
}

#[test]
fn shards_in_a_store_are_read_as_shards() {
    let (place, store) = album(|_, reply| reply);
    let pictures = objects(&place.path("album"), "x");
    let mut all = BTreeMap::new();
    for part in 0..2 {
        let mut tar = tar::Builder::new(Vec::new());
        for (number, (name, bytes)) in pictures.iter().filter(|(name, _)| name.ends_with(".png")).enumerate() {
            if number % 2 == part {
                let class = name.split('/').nth(1).unwrap();
                for (end, bytes) in [("png", bytes.as_slice()), ("cls", class.as_bytes())] {
                    let mut header = tar::Header::new_gnu();
                    header.set_size(bytes.len() as u64);
                    header.set_mode(0o644);
                    header.set_cksum();
                    tar.append_data(&mut header, format!("{number:04}.{end}"), bytes).unwrap();
                }
            }
        }
        all.insert(format!("shards/data-{part}.tar"), tar.into_inner().unwrap());
    }
    *store.objects.lock().unwrap() = all;
    for address in ["s3://photos/shards", "s3://photos/shards/data-{0..1}.tar"] {
        let ran = checked(store.run(&place, &["check", address]));
        assert!(ran.out.contains("Found 12 files"), "{ran:?}");
        assert!(ran.out.contains("rote Rosen & mehr"), "{ran:?}");
    }
    assert_eq!(store.fetched().len(), 2, "{:?}", store.fetched());
}

#[test]
fn an_object_that_went_is_a_problem_and_the_others_go_on() {
    let (place, store) = album(|asked, reply| match asked.path().ends_with("daisy/3.png") {
        true => refusal("404 Not Found", "NoSuchKey"),
        false => reply,
    });
    let ran = store.run(&place, &["check", ADDRESS]);
    assert!(ran.out.contains("daisy/3.png") && ran.out.contains("it was listed, and is gone"), "{ran:?}");
    assert!(ran.out.contains("11"), "{ran:?}");
}
