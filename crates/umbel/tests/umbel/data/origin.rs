//! When and where photos were taken, from every container; and that no EXIF, whatever its state, tells nonsense or costs the photo.

use umbel::data::decode::{Limits, Origin, decode, origin};

use super::exif::{jpeg, picture, png, webp};
use super::pictures::encoded;

const TEXT: u16 = 2;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// What an entry says: tag, type, count, value.
#[derive(Clone)]
struct Entry(u16, u16, u32, Vec<u8>);

/// The tags that tell when and where.
#[derive(Clone)]
struct Told {
    big_endian: bool,
    exif: Vec<Entry>,
    gps: Vec<Entry>,
}

fn text(tag: u16, text: &str) -> Entry {
    Entry(tag, TEXT, text.len() as u32 + 1, [text.as_bytes(), &[0]].concat())
}

impl Told {
    /// At noon in Sydney.
    fn sydney(big_endian: bool) -> Self {
        let mut told = Told { big_endian, exif: Vec::new(), gps: Vec::new() };
        told.exif = vec![text(0x9003, "2024:05:01 12:00:00"), text(0x9011, "+10:00")];
        let (latitude, longitude) = ([(33, 1), (51, 1), (24, 1)], [(151, 1), (12, 1), (3600, 100)]);
        told.gps = vec![text(1, "S"), told.fractions(2, &latitude), text(3, "E"), told.fractions(4, &longitude)];
        told
    }

    fn four(&self, number: u32) -> [u8; 4] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn two(&self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn fractions(&self, tag: u16, parts: &[(u32, u32)]) -> Entry {
        let value = parts.iter().flat_map(|&(above, below)| [above, below]).flat_map(|n| self.four(n)).collect();
        Entry(tag, RATIONAL, parts.len() as u32, value)
    }

    /// A directory that lies at `at`, with its values behind it.
    fn directory(&self, at: usize, entries: &[Entry]) -> Vec<u8> {
        let values_at = at + 2 + 12 * entries.len() + 4;
        let (mut directory, mut values) = (self.two(entries.len() as u16).to_vec(), Vec::new());
        for Entry(tag, kind, count, value) in entries {
            directory.extend([self.two(*tag), self.two(*kind)].concat());
            directory.extend(self.four(*count));
            let mut field = self.four((values_at + values.len()) as u32).to_vec();
            if value.len() > 4 {
                values.extend(value);
                values.resize(values.len().next_multiple_of(2), 0);
            } else {
                field = [&value[..], &[0; 4]].concat()[..4].to_vec();
            }
            directory.extend(field);
        }
        [&directory[..], &[0; 4], &values].concat()
    }

    /// A first directory of these entries and two that lead on, at `at`; and all that it leads to.
    fn from(&self, at: usize, entries: &[Entry]) -> Vec<u8> {
        let lead = |tag: u16, to: usize| Entry(tag, LONG, 1, self.four(to as u32).to_vec());
        let whole = |exif: usize, gps: usize| {
            let mut all = [entries, &[lead(0x8769, exif), lead(0x8825, gps)]].concat();
            all.sort_by_key(|entry| entry.0);
            self.directory(at, &all)
        };
        let exif_at = at + whole(0, 0).len();
        let exif = self.directory(exif_at, &self.exif);
        let gps_at = exif_at + exif.len();
        [whole(exif_at, gps_at), exif, self.directory(gps_at, &self.gps)].concat()
    }

    fn bytes(&self) -> Vec<u8> {
        let start = if self.big_endian { b"MM\0\x2A\0\0\0\x08" } else { b"II\x2A\0\x08\0\0\0" };
        [start, &self.from(8, &[])[..]].concat()
    }

    /// Of a JPEG that tells it.
    fn origin(&self) -> Origin {
        let file = jpeg(&self.bytes());
        assert_eq!(
            decode(&file, &Limits::default()),
            decode(&encoded(picture(), image::ImageFormat::Jpeg), &Limits::default())
        );
        origin(&file)
    }
}

fn sydney() -> Origin {
    let taken = Some("2024-05-01T12:00:00+10:00".to_string());
    Origin { taken, latitude: Some(-33.856_666_7), longitude: Some(151.21) }
}

/// The picture as a TIFF whose one directory leads on to the others.
fn tiff(told: &Told) -> Vec<u8> {
    let mut bytes = encoded(picture(), image::ImageFormat::Tiff);
    let start = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(bytes[start..start + 2].try_into().unwrap()));
    let read = |entry: &[u8; 12]| {
        let two = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
        let values = u32::from_le_bytes(entry[4..8].try_into().unwrap());
        // The field as it is: a value, or where the values lie.
        Entry(two(0), two(2), values, entry[8..].to_vec())
    };
    let entries: Vec<Entry> = bytes[start + 2..].as_chunks().0.iter().take(count).map(read).collect();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let at = bytes.len();
    bytes[4..8].copy_from_slice(&(at as u32).to_le_bytes());
    bytes.extend(told.from(at, &entries));
    bytes
}

#[test]
fn when_and_where_is_told_by_every_container() {
    for big_endian in [false, true] {
        let told = Told::sydney(big_endian);
        let exif = told.bytes();
        let prefixed = [b"Exif\0\0", &exif[..]].concat();
        let mut behind = png(&exif);
        let chunk = behind.drain(33..33 + 12 + exif.len()).collect::<Vec<_>>();
        let end = behind.len() - 12;
        behind.splice(end..end, chunk);
        for (what, file) in [
            ("jpeg", jpeg(&exif)),
            ("png", png(&exif)),
            ("png behind the picture", behind),
            ("webp", webp(&exif)),
            ("webp with the prefix of jpeg", webp(&prefixed)),
        ] {
            assert_eq!(origin(&file), sydney(), "{what}");
            assert!(decode(&file, &Limits::default()).is_ok(), "{what}");
        }
    }
    let file = tiff(&Told::sydney(false));
    assert!(decode(&file, &Limits::default()).unwrap() == picture());
    assert_eq!(origin(&file), sydney());
    #[cfg(feature = "heic")]
    assert_eq!(origin(include_bytes!("../../pictures/told.heic")), sydney());
    let plain = include_bytes!("../../pictures/lossy.webp");
    assert_eq!(
        (origin(plain), origin(b"words"), origin(b"")),
        (Origin::default(), Origin::default(), Origin::default())
    );
}

#[test]
fn south_and_west_are_negative_and_what_is_missing_is_left_out() {
    let mut told = Told::sydney(true);
    told.exif.pop();
    told.gps[0] = text(1, "N");
    told.gps[2] = text(3, "W");
    let expected = Origin {
        taken: Some("2024-05-01T12:00:00".to_string()),
        latitude: Some(33.856_666_7),
        longitude: Some(-151.21),
    };
    assert_eq!(told.origin(), expected);
    told.gps[1] = told.fractions(2, &[(0, 1), (0, 1), (0, 1)]);
    told.gps[0] = text(1, "S");
    assert!(told.origin().latitude.unwrap().is_sign_positive(), "there is no -0");
    told.gps.pop();
    assert_eq!(told.origin(), Origin { latitude: None, longitude: None, ..expected.clone() }, "one alone is no place");
    told.exif.clear();
    assert_eq!(told.origin(), Origin::default());
}

#[test]
fn a_moment_that_cannot_be_is_none() {
    let of = |moment: &str, offset: &str| {
        let mut told = Told::sydney(false);
        told.exif = vec![text(0x9003, moment), text(0x9011, offset)];
        let origin = told.origin();
        assert!(origin.latitude.is_some(), "the place is told all the same");
        origin.taken
    };
    let good = |moment: &str| of("2024:02:29 23:59:59", moment);
    assert_eq!(good("").as_deref(), Some("2024-02-29T23:59:59"));
    assert_eq!(good("-03:30").as_deref(), Some("2024-02-29T23:59:59-03:30"));
    for offset in ["+24:00", "+10:60", "10:00", "+1:00", "UTC", "+1000"] {
        assert_eq!(good(offset).as_deref(), Some("2024-02-29T23:59:59"), "{offset}");
    }
    assert_eq!(of("2024-05-01T12:00:00", "").as_deref(), Some("2024-05-01T12:00:00"));
    for moment in [
        "",
        "2024:05:01",
        "    :  :     :  :  ",
        "0000:00:00 00:00:00",
        "0001:01:01 00:00:00",
        "2024:13:01 12:00:00",
        "2024:00:01 12:00:00",
        "2024:04:31 12:00:00",
        "2023:02:29 12:00:00",
        "1900:02:29 12:00:00",
        "2024:05:00 12:00:00",
        "2024:05:01 24:00:00",
        "2024:05:01 12:60:00",
        "2024:05:01 12:00:60",
        "2024:05:01 12:00:000",
        "2024/05/01 12:00:00",
        "20x4:05:01 12:00:00",
        "2024:05:01\u{a0}12:00:0",
    ] {
        assert_eq!(of(moment, "+10:00"), None, "{moment:?}");
    }
}

#[test]
fn a_place_that_cannot_be_is_none() {
    let of = |change: &dyn Fn(&Told) -> Vec<Entry>| {
        let mut told = Told::sydney(true);
        told.gps = change(&told);
        let origin = told.origin();
        assert!(origin.taken.is_some(), "the moment is told all the same");
        (origin.latitude, origin.longitude)
    };
    let with_latitude = |side: &str, parts: &[(u32, u32)]| {
        let change =
            |told: &Told| vec![text(1, side), told.fractions(2, parts), told.gps[2].clone(), told.gps[3].clone()];
        of(&change)
    };
    assert_eq!(with_latitude("N", &[(90, 1), (0, 1), (0, 1)]), (Some(90.0), Some(151.21)));
    assert_eq!(with_latitude("n", &[(48, 1), (519_888, 10_000), (0, 1)]), (Some(48.866_48), Some(151.21)));
    for (what, side, parts) in [
        ("latitude 999", "N", &[(999, 1), (0, 1), (0, 1)][..]),
        ("above the pole", "N", &[(90, 1), (0, 1), (1, 1)]),
        ("no denominator", "N", &[(48, 0), (51, 0), (24, 0)]),
        ("no denominator of the seconds", "N", &[(48, 1), (51, 1), (0, 0)]),
        ("ninety minutes", "N", &[(48, 1), (90, 1), (0, 1)]),
        ("far too many seconds", "N", &[(48, 1), (0, 1), (u32::MAX, 1)]),
        ("two parts", "N", &[(48, 1), (51, 1)]),
        ("none", "N", &[]),
        ("the side of a longitude", "E", &[(48, 1), (51, 1), (24, 1)]),
        ("no side", "", &[(48, 1), (51, 1), (24, 1)]),
    ] {
        assert_eq!(with_latitude(side, parts), (None, None), "{what}");
    }
    for (what, kind, count) in [
        ("text", TEXT, 24),
        ("whole numbers", LONG, 3),
        ("more than the file has", RATIONAL, u32::MAX),
        ("no type", 77, 3),
    ] {
        let change = |told: &Told| {
            let Entry(tag, _, _, value) = told.gps[1].clone();
            vec![told.gps[0].clone(), Entry(tag, kind, count, value), told.gps[2].clone(), told.gps[3].clone()]
        };
        assert_eq!(of(&change), (None, None), "{what}");
    }
    let west_of_everything = |told: &Told| {
        vec![told.gps[0].clone(), told.gps[1].clone(), text(3, "W"), told.fractions(4, &[(181, 1), (0, 1), (0, 1)])]
    };
    assert_eq!(of(&west_of_everything), (None, None));
}

#[test]
fn exif_that_leads_nowhere_or_round_in_a_circle_tells_nothing() {
    let whole = Told::sydney(false).bytes();
    for end in 0..whole.len() {
        let file = jpeg(&whole[..end]);
        assert!(decode(&file, &Limits::default()).is_ok());
        let told = origin(&file);
        assert!([None, sydney().latitude].contains(&told.latitude), "{told:?}");
        let _ = (origin(&png(&whole[..end])), origin(&webp(&whole[..end])), origin(&whole[..end]));
    }
    // Every pointer to every place, the directory itself among them.
    for lead in [18, 30] {
        for to in (0..whole.len() as u32).chain([u32::MAX, u32::MAX - 8]) {
            let mut led = whole.clone();
            led[lead..lead + 4].copy_from_slice(&to.to_le_bytes());
            let told = origin(&jpeg(&led));
            assert!(told.latitude.is_none_or(|degrees| degrees.abs() <= 90.0), "{told:?}");
            assert!(told.longitude.is_none_or(|degrees| degrees.abs() <= 180.0), "{told:?}");
        }
    }
}
