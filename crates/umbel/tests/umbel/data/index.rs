use std::fs;

use image::ImageFormat;
use tempfile::TempDir;
use umbel::data::{Index, ProblemKind};
use umbel::{Error, data};

use super::pictures::{drawn, encoded, folder, write};

fn paths(index: &Index) -> Vec<&str> {
    index.photos.iter().map(|photo| photo.path.as_str()).collect()
}

#[test]
fn classes_and_photos_come_in_keras_order() {
    let root = TempDir::new().unwrap();
    // Keras sorts folders by their whole path as text, so "a/x-y" comes between "a/x" and "a/x/deep".
    for path in ["b/1.jpg", "a/x/z.jpg", "a/x-y/1.jpg", "a/10.jpg", "a/9.jpg", "a/B.JPG", "a/a.png", "a/x/deep/1.gif"] {
        write(root.path(), path, b"listed by name");
    }
    let index = Index::scan(root.path()).unwrap();
    assert_eq!(index.classes, ["a", "b"]);
    let expected =
        ["a/10.jpg", "a/9.jpg", "a/B.JPG", "a/a.png", "a/x/z.jpg", "a/x-y/1.jpg", "a/x/deep/1.gif", "b/1.jpg"];
    assert_eq!(paths(&index), expected);
    assert_eq!(index.photos.last().unwrap().class, 1);
    assert!(index.problems.is_empty());
}

#[test]
fn hidden_folders_other_files_and_loose_files_are_left_alone() {
    let root = folder(&[1, 1]);
    write(root.path(), ".hidden/1.jpg", b"x");
    write(root.path(), "a/notes.txt", b"P1 is not a picture here");
    write(root.path(), "a/BMI.csv", b"BMI,1\n2,3\n");
    write(root.path(), "readme.md", b"x");
    let index = Index::scan(root.path()).unwrap();
    assert_eq!(index.classes, ["a", "b"]);
    assert_eq!(index.photos.len(), 2);
    assert!(index.problems.is_empty());
}

#[test]
fn a_picture_without_a_picture_name_is_found_by_content() {
    let root = folder(&[1, 1]);
    for (name, format) in [
        ("a/photo", ImageFormat::Jpeg),
        ("a/photo.dat", ImageFormat::Bmp),
        ("b/photo.upload", ImageFormat::Pnm),
        ("b/photo.webp2", ImageFormat::WebP),
    ] {
        write(root.path(), name, &encoded(drawn(8, 8, 1), format));
    }
    let index = Index::scan(root.path()).unwrap();
    assert_eq!(paths(&index), ["a/000.png", "a/photo", "a/photo.dat", "b/000.png", "b/photo.upload", "b/photo.webp2"]);
}

#[test]
fn a_folder_without_pictures_is_a_problem_and_no_class() {
    let root = folder(&[1, 1]);
    write(root.path(), "aa/notes.txt", b"x");
    let index = Index::scan(root.path()).unwrap();
    assert_eq!(index.classes, ["a", "b"]);
    assert_eq!((index.problems[0].path.as_str(), index.problems[0].kind), ("aa", ProblemKind::Empty));
}

#[test]
fn every_wrong_folder_has_an_error_of_its_own() {
    let root = TempDir::new().unwrap();
    let scan = |path: &str| Index::scan(&root.path().join(path)).unwrap_err();
    assert!(matches!(scan("absent"), Error::Data(data::Error::FolderMissing { .. })));
    write(root.path(), "file", b"x");
    assert!(matches!(scan("file"), Error::Data(data::Error::NotAFolder { .. })));
    write(root.path(), "flat/1.jpg", b"x");
    assert!(matches!(scan("flat"), Error::Data(data::Error::NoClasses { files: 1, .. })));
    write(root.path(), "texts/a/1.txt", b"x");
    write(root.path(), "texts/b/1.txt", b"x");
    assert!(matches!(scan("texts"), Error::Data(data::Error::NoPictures { sub_folders: 2, files: 2, .. })));
    write(root.path(), "single/a/1.jpg", b"x");
    let error = scan("single");
    assert!(matches!(&error, Error::Data(data::Error::OneClass { class, photos: 1, .. }) if class == "a"));
    let message = error.to_string();
    assert!(message.contains("single") && message.contains("one sub-folder per class"), "{message}");
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_listed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let root = folder(&[1, 1]);
    let picture = encoded(drawn(8, 8, 1), ImageFormat::Png);
    if fs::write(root.path().join("a").join(OsStr::from_bytes(b"bad\xff.png")), &picture).is_err() {
        println!("skipped: this file system takes UTF-8 names only");
        return;
    }
    let class = root.path().join(OsStr::from_bytes(b"class\xfe"));
    fs::create_dir(&class).unwrap();
    fs::write(class.join("1.png"), &picture).unwrap();
    let index = Index::scan(root.path()).unwrap();
    assert_eq!(index.classes, ["a", "b"]);
    assert_eq!(index.photos.len(), 2);
    let mut names: Vec<&str> = index.problems.iter().map(|problem| problem.path.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a/bad\u{fffd}.png", "class\u{fffd}"]);
    assert!(index.problems.iter().all(|problem| problem.kind == ProblemKind::Name));
}

#[cfg(unix)]
#[test]
fn loops_of_links_end() {
    use std::os::unix::fs::symlink;

    let root = folder(&[2, 1]);
    symlink(root.path(), root.path().join("again")).unwrap();
    symlink(root.path().join("a"), root.path().join("a/itself")).unwrap();
    symlink("nowhere.png", root.path().join("b/lost.png")).unwrap();
    symlink("000.png", root.path().join("b/linked.png")).unwrap();
    let index = Index::scan(root.path()).unwrap();
    assert_eq!(paths(&index), ["a/000.png", "a/001.png", "b/000.png", "b/linked.png"]);
    let mut problems: Vec<&str> = index.problems.iter().map(|problem| problem.path.as_str()).collect();
    problems.sort_unstable();
    assert_eq!(problems, ["a/itself", "again", "b/lost.png"]);
}
