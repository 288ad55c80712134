//! Tables of photos: path,label[,split].

use std::fs;

use tempfile::TempDir;
use umbel::base::error::with_causes;
use umbel::data::{Index, ManifestError, Part, Split, SplitOptions};
use umbel::{Error, data};

use super::pictures::{folder, prepared, write};

/// Writes photos.csv into a folder of pictures and reads it.
fn read(root: &TempDir, text: &str) -> umbel::Result<Index> {
    let path = root.path().join("photos.csv");
    fs::write(&path, text).unwrap();
    Index::scan(&path)
}

#[test]
fn labels_come_from_the_table() {
    let root = folder(&[3, 3]);
    let text = "\u{feff}label, path\nrose,b/001.png\ntulip,a/002.png\nrose,./a//000.png\n";
    let index = read(&root, text).unwrap();
    assert_eq!(index.classes, ["rose", "tulip"]);
    assert_eq!(index.root(), root.path());
    let photos: Vec<(&str, u32)> = index.photos.iter().map(|photo| (photo.path.as_str(), photo.class)).collect();
    assert_eq!(photos, [("a/000.png", 0), ("b/001.png", 0), ("a/002.png", 1)]);
    assert_eq!(index.parts, None);
}

#[test]
fn a_column_of_parts_is_the_split() {
    let root = folder(&[3, 3]);
    let rows = "a/000.png,a,train\nb/000.png,b,train\na/001.png,a,val\nb/001.png,b,validation\na/002.png,a,test\n";
    for header in ["path,label,split", "path,class,part"] {
        fs::write(root.path().join("photos.csv"), format!("{header}\n{rows}")).unwrap();
        let (index, cache) = prepared(&root.path().join("photos.csv"));
        assert_eq!(index.parts.as_deref().unwrap(), [Part::Train, Part::Val, Part::Test, Part::Train, Part::Val]);
        let split = Split::with(&SplitOptions::default(), &index, &cache).unwrap();
        assert_eq!((split.train, split.val, split.test), (vec![0, 3], vec![1, 4], vec![2]));
    }
}

#[test]
fn what_a_run_writes_can_be_fed_back() {
    let root = folder(&[9, 9]);
    let (index, cache) = prepared(root.path());
    let options = SplitOptions { test: Some(0.2), ..SplitOptions::default() };
    let split = Split::with(&options, &index, &cache).unwrap();
    let path = root.path().join("split.csv");
    split.write(&path, &index).unwrap();
    let (again, cache) = prepared(&path);
    assert_eq!((again.classes.clone(), again.photos.clone()), (index.classes, index.photos));
    assert_eq!(Split::with(&SplitOptions::default(), &again, &cache).unwrap(), split);
}

#[test]
fn a_wrong_table_names_the_line() {
    let root = folder(&[3, 3]);
    write(root.path(), "photo.txt", b"x");
    let wrong = |text: &str| match read(&root, text).unwrap_err() {
        Error::Data(data::Error::Manifest { source, path }) => {
            assert!(path.ends_with("photos.csv"));
            source
        }
        other => panic!("{other}"),
    };
    let second = |line: &str| wrong(&format!("path,label,split\na/000.png,a,train\n{line}\n"));
    assert!(matches!(wrong(""), ManifestError::MissingColumn { column: "path", .. }));
    assert!(matches!(wrong("path,kind\n"), ManifestError::MissingColumn { column: "label", .. }));
    let escapes =
        ["../a/1.png", "a/../../x.png", "a/..", "/etc/passwd", "C:/x.png", "c:x.png", "..\\x.png", "a\\0.png", "", "."];
    for path in escapes {
        let error = second(&format!("{path},b,val"));
        assert!(matches!(error, ManifestError::Outside { line: 3, .. }), "{path}: {error}");
    }
    assert!(matches!(second("a/9.png,b,val"), ManifestError::NoFile { line: 3, .. }));
    assert!(matches!(second("a,b,val"), ManifestError::NoFile { line: 3, .. }), "a folder is no picture");
    assert!(matches!(second("b/000.png, ,val"), ManifestError::NoLabel { line: 3, .. }));
    assert!(matches!(second("b/000.png,b,third"), ManifestError::UnknownPart { line: 3, .. }));
    assert!(matches!(second("b/000.png,b,"), ManifestError::UnknownPart { line: 3, .. }));
    assert!(matches!(second("a/./000.png,b,val"), ManifestError::Repeated { line: 3, first: 2, .. }));
    assert!(matches!(second("b/000.png,b"), ManifestError::Malformed(_)));
    assert!(matches!(second("b/000.png,a,val"), ManifestError::Classes { photos: 2, .. }));
    assert!(matches!(wrong("path,label\n"), ManifestError::Classes { photos: 0, found: None }));
    fs::write(root.path().join("photos.csv"), b"path,label\n\xff\xfe,a\n").unwrap();
    let error = with_causes(&Index::scan(&root.path().join("photos.csv")).unwrap_err());
    assert!(
        error.contains("photos.csv cannot be used: line 2 names \u{ff}\u{fe}, and there is no such file")
            && error.contains("UTF-8"),
        "{error}"
    );
}

#[test]
fn other_files_are_no_tables() {
    let root = folder(&[1, 1]);
    assert!(matches!(Index::scan(&root.path().join("a/000.png")), Err(Error::Data(data::Error::NotAFolder { .. }))));
    assert!(matches!(
        Index::scan(&root.path().join("absent.csv")),
        Err(Error::Data(data::Error::FolderMissing { .. }))
    ));
}

/// The two tables of the first test in every form that a spreadsheet or a person gives them.
#[test]
fn the_tables_that_people_have_are_read() {
    let root = folder(&[2, 2]);
    fs::create_dir(root.path().join("Äpfel")).unwrap();
    fs::copy(root.path().join("a/001.png"), root.path().join("Äpfel/1.png")).unwrap();
    let path = root.path().join("photos.csv");
    let plain = "path,label\na/000.png,roses\nÄpfel/1.png,Äpfel\nb/000.png,roses\n";
    let expected = read(&root, plain).unwrap();
    assert_eq!(expected.classes, ["roses", "Äpfel"]);
    let same = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let index = Index::scan(&path).unwrap_or_else(|error| panic!("{what}: {}", with_causes(&error)));
        assert_eq!((index.classes, index.photos), (expected.classes.clone(), expected.photos.clone()), "{what}");
    };
    for (what, text) in [
        ("semicolons", plain.replace(',', ";")),
        ("tabs", plain.replace(',', "\t")),
        ("sep=", format!("sep=;\r\n{}", plain.replace(',', ";"))),
        ("\\r", plain.replace('\n', "\r")),
        ("empty rows at the end", format!("{plain},\n\n , \n")),
        ("spaces around", plain.replace("a/000.png", " a/000.png ")),
        ("capitals", plain.replace("path,label", "Path,Label")),
        ("other names", plain.replace("path,label", "filename,Species")),
        ("and others", plain.replace("path,label", "Image Path,category")),
    ] {
        same(text.as_bytes(), what);
    }
    let utf16 =
        |unit: fn(u16) -> [u8; 2]| format!("\u{feff}{plain}").encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    same(&utf16(u16::to_le_bytes), "UTF-16");
    same(&utf16(u16::to_be_bytes), "UTF-16, the other way round");
    same(&plain.chars().map(|c| c as u32 as u8).collect::<Vec<u8>>(), "Latin-1");
    let parts = "path,label,split\na/000.png,a,TRAIN\nb/000.png,b,training\na/001.png,a,Dev\nb/001.png,b,Testing\n";
    assert_eq!(read(&root, parts).unwrap().parts.unwrap(), [Part::Train, Part::Val, Part::Train, Part::Test]);
}

#[test]
fn a_table_that_cannot_be_read_says_what_was_seen_and_what_would_be_taken() {
    let root = folder(&[2, 2]);
    let said = |text: &str| with_causes(&read(&root, text).unwrap_err());
    let missing = said("image_id;kind\na/000.png;a\n");
    assert!(
        missing.contains("no column \"path\" (found: image_id,kind; separated by semicolons; in UTF-8)"),
        "{missing}"
    );
    assert!(missing.contains("filename") && missing.contains("category"), "{missing}");
    let two = said("file,species,category\na/000.png,a,b\n");
    assert!(two.contains("\"species\"") && two.contains("\"category\""), "{two}");
    let headless = said("a/000.png,a\nb/000.png,b\n");
    assert!(headless.contains("(found: a/000.png,a;"), "{headless}");
}

#[test]
fn the_line_of_a_wrong_row_was_that_of_the_empty_ones_above_it() {
    let root = folder(&[2, 2]);
    let line = |text: &str| match read(&root, text).unwrap_err() {
        Error::Data(data::Error::Manifest { source: ManifestError::NoFile { line, .. }, .. }) => line,
        other => panic!("{other}"),
    };
    assert_eq!(line("path,label\na/000.png,a\n\n\n\nx.png,a\n"), 6);
    assert_eq!(line("path,label\ra/000.png,a\rx.png,a\r"), 3);
    assert_eq!(line("path,label\r\na/000.png,\"a\r\nb\"\r\nx.png,a\r\n"), 4);
    assert_eq!(line("sep=,\npath,label\nx.png,a\n"), 3);
}

/// What looks the same is written in two ways: `Ä` as one character, or as a letter and a mark.
#[cfg(target_os = "linux")]
#[test]
fn a_path_in_the_other_unicode_form_was_not_found() {
    let root = folder(&[2, 2]);
    let (composed, apart) = ("\u{c4}pfel/\u{fc}.png", "A\u{308}pfel/u\u{308}.png");
    write(root.path(), apart, &fs::read(root.path().join("a/000.png")).unwrap());
    let index = read(&root, &format!("path,label\n{composed},a\nb/000.png,b\n")).unwrap();
    assert_eq!(index.photos[0].path, apart, "as the disk has it");
    let twice = read(&root, &format!("path,label\n{composed},a\n{apart},a\nb/000.png,b\n")).unwrap_err();
    assert!(matches!(
        twice,
        Error::Data(data::Error::Manifest { source: ManifestError::Repeated { line: 3, first: 2, .. }, .. })
    ));
}

#[cfg(unix)]
#[test]
fn links_led_out_of_a_tables_folder() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[2, 2]);
    let root = outside.path().join("inner");
    fs::create_dir_all(root.join("a")).unwrap();
    for name in ["0.png", "1.png"] {
        fs::copy(outside.path().join("a/000.png"), root.join("a").join(name)).unwrap();
    }
    symlink("..", root.join("up")).unwrap();
    symlink("../a/001.png", root.join("out.png")).unwrap();
    symlink("a/1.png", root.join("in.png")).unwrap();
    symlink("a", root.join("again")).unwrap();
    let read = |path: &str| {
        fs::write(root.join("photos.csv"), format!("path,label\na/0.png,a\n{path},b\n")).unwrap();
        Index::scan(&root.join("photos.csv"))
    };
    for inside in ["in.png", "again/1.png"] {
        assert_eq!(read(inside).unwrap().photos[1].path, inside);
    }
    for out in ["up/a/000.png", "out.png"] {
        let error = read(out).unwrap_err();
        let leads_out = matches!(
            &error,
            Error::Data(data::Error::Manifest { source: ManifestError::LeadsOut { line: 3, .. }, .. })
        );
        assert!(leads_out, "{out}: {error}");
    }
}
