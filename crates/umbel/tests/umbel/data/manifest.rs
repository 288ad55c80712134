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
    assert_eq!(index.root, root.path());
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
    assert!(matches!(second("b/000.png,b,dev"), ManifestError::UnknownPart { line: 3, .. }));
    assert!(matches!(second("b/000.png,b,"), ManifestError::UnknownPart { line: 3, .. }));
    assert!(matches!(second("a/./000.png,b,val"), ManifestError::Repeated { line: 3, first: 2, .. }));
    assert!(matches!(second("b/000.png,b"), ManifestError::Malformed(_)));
    assert!(matches!(second("b/000.png,a,val"), ManifestError::Classes { photos: 2, .. }));
    assert!(matches!(wrong("path,label\n"), ManifestError::Classes { photos: 0, found: None }));
    fs::write(root.path().join("photos.csv"), b"path,label\n\xff\xfe,a\n").unwrap();
    let error = with_causes(&Index::scan(&root.path().join("photos.csv")).unwrap_err());
    assert!(
        error.contains("photos.csv cannot be used: it is not a well-formed CSV file: ") && error.contains("UTF-8"),
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
