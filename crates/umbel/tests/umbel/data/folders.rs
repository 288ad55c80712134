//! Folders as people really have them: parts beside other things, what is never data, classes that are none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use image::ImageFormat;
use tempfile::TempDir;
use umbel::base::budget::MemoryBudget;
use umbel::base::progress::{Event, Interrupt, Observer, Silent};
use umbel::base::remark::{NeverData, Remark};
use umbel::data::{Cache, CacheOptions, Index, Listing, Part, PrepSpec, ProblemKind, Source};
use umbel::{Error, data};

use super::pictures::{drawn, encoded, write};

/// One picture in each of these places.
fn folder(paths: &[&str]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (place, path) in paths.iter().enumerate() {
        write(root.path(), path, &encoded(drawn(12, 12, place as u32), ImageFormat::Png));
    }
    root
}

fn scan(root: &TempDir) -> Index {
    Index::scan(root.path()).unwrap()
}

fn refused(root: &TempDir) -> data::Error {
    match Index::scan(root.path()).unwrap_err() {
        Error::Data(error) => error,
        other => panic!("{other}"),
    }
}

fn left_out(index: &Index) -> Vec<(NeverData, usize)> {
    let found = index.remarks.iter().find_map(|remark| match remark {
        Remark::LeftOut { counts } => Some(counts.clone()),
        _ => None,
    });
    found.unwrap_or_default()
}

#[test]
fn parts_stay_parts_whatever_lies_beside_them() {
    for beside in ["docs/readme.txt", "docs/plot.png", "docs/a/plot.png"] {
        let root = folder(&["train/cup/1.png", "train/leaf/1.png", "val/cup/1.png", "val/leaf/1.png", beside]);
        let index = scan(&root);
        assert_eq!(index.classes, ["cup", "leaf"], "{beside}");
        assert_eq!(index.parts.as_ref().unwrap().len(), 4);
        let [problem] = &index.problems[..] else { panic!("{:?}", index.problems) };
        assert_eq!((problem.path.as_str(), problem.kind), ("docs", ProblemKind::Beside));
    }
}

#[test]
fn parts_are_known_by_their_usual_names_in_any_case() {
    for (train, val, test) in [
        ("Training", "Validation", "Testing"),
        ("TRAIN", "Val", "TEST"),
        ("train", "dev", "evaluation"),
        ("trn", "valid", "tst"),
        ("Train", "dev", "eval"),
    ] {
        let paths = [train, val, test].map(|part| [format!("{part}/cup/1.png"), format!("{part}/leaf/1.png")]).concat();
        let root = folder(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let index = scan(&root);
        assert_eq!(index.classes, ["cup", "leaf"], "{train}");
        for (folder, part) in [(train, Part::Train), (val, Part::Val), (test, Part::Test)] {
            let of = index.photos.iter().zip(index.parts.as_ref().unwrap());
            let parts: BTreeSet<_> =
                of.filter(|(photo, _)| photo.path.starts_with(folder)).map(|(_, part)| part).collect();
            assert_eq!(parts, [&part].into(), "{folder}");
        }
    }
    // What evaluates is the validation part where there is no other.
    let index = scan(&folder(&["train/a/1.png", "train/b/1.png", "eval/a/1.png", "eval/b/1.png"]));
    assert!(index.comes_with(Part::Val) && !index.comes_with(Part::Test));
}

#[test]
fn a_training_part_beside_other_folders_alone_is_no_class() {
    let error = refused(&folder(&["train/cup/1.png", "train/leaf/1.png", "extra/1.png"]));
    assert!(matches!(&error, data::Error::OnePart { beside, .. } if beside == &["extra"]), "{error}");
    assert!(error.to_string().contains("train, or put a part"), "{error}");
}

#[test]
fn one_folder_too_high_names_the_folder_to_give() {
    for (paths, give) in [
        (&["flowers/cup/1.png", "flowers/leaf/1.png"][..], "flowers"),
        (&["train/cup/1.png", "train/leaf/1.png"], "train"),
        (&["data/photos/cup/1.png", "data/photos/leaf/1.png", "__MACOSX/photos/cup/._1.png"], "data/photos"),
        (&["train/images/cup/1.png", "train/images/leaf/1.png", "val/images/cup/1.png"], "train/images"),
    ] {
        let root = folder(paths);
        let error = refused(&root);
        let place = root.path().join(give);
        assert!(matches!(&error, data::Error::OneClass { give: Some(give), .. } if *give == place), "{error}");
        assert!(error.to_string().ends_with(&format!("give {}", place.display())), "{error}");
    }
}

#[test]
fn folders_in_which_the_same_classes_recur_are_no_classes() {
    for (paths, give) in [
        (
            &[
                "seg_train/seg_train/sea/1.png",
                "seg_train/seg_train/wood/1.png",
                "seg_train/seg_train/wood/2.png",
                "seg_test/seg_test/sea/1.png",
                "seg_test/seg_test/wood/1.png",
            ][..],
            "seg_train/seg_train",
        ),
        (&["first/cup/1.png", "first/cup/2.png", "first/leaf/1.png", "second/cup/1.png", "second/leaf/1.png"], "first"),
        (
            &["my_train/0/1.png", "my_train/1/1.png", "my_train/1/2.png", "my_test/0/1.png", "my_test/1/1.png"],
            "my_train",
        ),
    ] {
        let root = folder(paths);
        let error = refused(&root);
        let place = root.path().join(give);
        assert!(matches!(&error, data::Error::Nested { give, .. } if *give == place), "{error}");
        assert!(error.to_string().contains("the same names recur"), "{error}");
    }
    // Years recur within classes, and one folder each is no set of classes.
    scan(&folder(&["rose/2021/1.png", "rose/2022/1.png", "tulip/2021/1.png", "tulip/2022/1.png"]));
    scan(&folder(&["rose/images/1.png", "tulip/images/1.png"]));
    // Where one has pictures of its own, they are classes with folders in them.
    scan(&folder(&["rose/1.png", "rose/cup/1.png", "rose/leaf/1.png", "tulip/cup/1.png", "tulip/leaf/1.png"]));
}

#[test]
fn what_is_never_data_is_counted_and_left_out_at_every_depth() {
    let root = folder(&["cup/1.png", "cup/2.png", "leaf/1.png"]);
    for path in [
        "__MACOSX/cup/._1.png",
        "cup/._1.png",
        "cup/._2.png",
        "cup/.hidden.png",
        "leaf/.ipynb_checkpoints/1.png",
        "leaf/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg",
        "cup/.thumbnails/1.png",
        "$Recycle.Bin/1.png",
        "lost+found/1.png",
        "cup/.DS_Store",
    ] {
        write(root.path(), path, &encoded(drawn(8, 8, 1), ImageFormat::Png));
    }
    let index = scan(&root);
    assert_eq!(index.classes, ["cup", "leaf"]);
    assert_eq!(index.photos.len(), 3);
    assert_eq!(index.problems, []);
    let expected = [
        (NeverData::AppleDouble, 2),
        (NeverData::HiddenFile, 1),
        (NeverData::HiddenFolder, 2),
        (NeverData::SystemFolder, 4),
    ];
    assert_eq!(left_out(&index), expected);
}

#[test]
fn own_runs_among_the_photos_are_no_class() {
    let root = folder(&["cup/1.png", "leaf/1.png", "runs/cup/plots/curves.png", "result/plots/curves.png"]);
    for run in ["runs/cup", "result"] {
        write(root.path(), &format!("{run}/config.toml"), b"");
        write(root.path(), &format!("{run}/split.csv"), b"");
    }
    let index = scan(&root);
    assert_eq!(index.classes, ["cup", "leaf"]);
    assert_eq!(index.problems, []);
    assert_eq!(left_out(&index), [(NeverData::RunFolder, 2)]);
    // Beside the parts of data that come divided, too.
    let root = folder(&["train/cup/1.png", "train/leaf/1.png", "val/cup/1.png", "runs/a/plots/curves.png"]);
    write(root.path(), "runs/a/config.toml", b"");
    write(root.path(), "runs/a/split.csv", b"");
    let index = scan(&root);
    assert_eq!(index.problems, []);
    assert_eq!(left_out(&index), [(NeverData::RunFolder, 1)]);
}

#[test]
fn keras_listing_leaves_out_nothing_below_a_class() {
    let root = folder(&["cup/1.png", "leaf/1.png", "leaf/.cache/1.png", "cup/._1.png"]);
    let interrupt = Interrupt::default();
    let index = Index::list(Source::at(root.path()).unwrap(), Listing::Keras, &mut Silent, &interrupt).unwrap();
    let paths: Vec<&str> = index.photos.iter().map(|photo| photo.path.as_str()).collect();
    assert_eq!(paths, ["cup/._1.png", "cup/1.png", "leaf/1.png", "leaf/.cache/1.png"]);
    assert_eq!(left_out(&index), []);
}

#[test]
fn pictures_of_kinds_that_are_not_read_are_counted() {
    let root = folder(&["cup/1.png", "leaf/1.png"]);
    for path in ["cup/1.tga", "cup/2.TGA", "leaf/1.svg", "leaf/notes.txt"] {
        write(root.path(), path, b"something else");
    }
    let extensions = vec![("tga".to_string(), 2), ("svg".to_string(), 1)];
    assert_eq!(scan(&root).remarks, [Remark::PassedOver { extensions }]);
}

#[test]
fn a_folder_whose_pictures_are_of_kinds_that_are_not_read_is_told_with_the_kinds() {
    let root = folder(&["cup/1.png"]);
    for number in 0..3 {
        write(root.path(), &format!("leaf/{number}.tga"), b"something else");
    }
    let error = refused(&root).to_string();
    assert!(
        error.ends_with("leaf/ has files of kinds that are not read (3 .tga): save them as JPEG or PNG"),
        "{error}"
    );
    fs::remove_file(root.path().join("cup/1.png")).unwrap();
    let error = refused(&root).to_string();
    assert!(error.contains("none of the 2 sub-folders") && error.contains("leaf/ has files of kinds"), "{error}");
    // Where two others are left, it is no class, and that is said.
    write(root.path(), "cup/1.png", b"");
    write(root.path(), "sky/1.png", b"");
    let index = scan(&root);
    assert_eq!(index.classes, ["cup", "sky"]);
    assert!(index.problems[0].path == "leaf" && index.problems[0].detail.contains("3 .tga"), "{:?}", index.problems);
    assert_eq!(index.remarks, [Remark::PassedOver { extensions: vec![("tga".to_string(), 3)] }]);
}

#[test]
fn folders_that_look_like_classes_within_a_class_are_said() {
    let index = scan(&folder(&[
        "Rosa/canina/1.png",
        "Rosa/rugosa/1.png",
        "Tulipa/1.png",
        "Acer/2021/1.png",
        "Acer/2022/1.png",
    ]));
    let folders = ["canina", "rugosa"].map(String::from).to_vec();
    assert_eq!(index.remarks, [Remark::ClassesWithin { class: "Rosa".into(), folders }]);
}

#[test]
fn classes_called_like_parts_or_like_each_other_are_said() {
    let index = scan(&folder(&["train/1.png", "test/1.png"]));
    assert!(matches!(&index.remarks[..], [Remark::NamedLikeParts { classes }] if classes == &["test", "train"]));
    let index = scan(&folder(&["Cup/1.png", "cup/1.png", "cup;red/1.png"]));
    assert!(matches!(&index.remarks[..], [Remark::NamesAlike { .. }, Remark::TwoLabels { .. }]), "{:?}", index.remarks);
}

#[test]
fn a_class_without_a_usable_photo_is_no_class() {
    let root = folder(&["cup/1.png", "cup/2.png", "leaf/1.png", "zebra/1.png"]);
    for name in ["1.jpg", "2.jpg"] {
        write(root.path(), &format!("html/{name}"), b"<!DOCTYPE html><title>403</title>");
    }
    let (options, prep) = (cache(root.path()), PrepSpec { image_size: 32, ..PrepSpec::default() });
    let index = scan(&root);
    assert_eq!(index.classes, ["cup", "html", "leaf", "zebra"]);
    let (index, cache) = Cache::of_usable(index, &prep, &options, &mut Silent, &Interrupt::default()).unwrap();
    assert_eq!(index.classes, ["cup", "leaf", "zebra"]);
    assert_eq!(index.photos.iter().map(|photo| photo.class).collect::<Vec<_>>(), [0, 0, 1, 2]);
    assert_eq!(index.remarks, [Remark::ClassUnusable { class: "html".into(), pictures: 2 }]);
    assert_eq!(cache.usable(), [0, 1, 2, 3]);
    let told: Vec<&str> = cache.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(told, ["html/1.jpg", "html/2.jpg"]);
}

fn cache(root: &Path) -> CacheOptions {
    CacheOptions::within(root.with_extension("cache"), &MemoryBudget::default())
}

#[test]
fn listing_ends_at_the_first_wish_and_is_heard_of() {
    struct Heard(usize);
    impl Observer for Heard {
        fn event(&mut self, event: &Event<'_>) {
            self.0 += usize::from(matches!(event, Event::Listing { .. }));
        }
    }
    let root = folder(&["cup/1.png", "leaf/1.png"]);
    for number in 0..2100 {
        fs::write(root.path().join(format!("cup/{number}.txt")), b"").unwrap();
    }
    let (mut heard, interrupt) = (Heard(0), Interrupt::default());
    Index::list(Source::at(root.path()).unwrap(), Listing::Photos, &mut heard, &interrupt).unwrap();
    assert_eq!(heard.0, 2);
    interrupt.request();
    let stopped = Index::list(Source::at(root.path()).unwrap(), Listing::Photos, &mut heard, &interrupt).unwrap_err();
    assert!(matches!(stopped, Error::Interrupted));
}

#[test]
fn deep_folders_end() {
    let root = folder(&["cup/1.png", "leaf/1.png"]);
    let mut place = root.path().join("cup");
    for _ in 0..700 {
        place.push("in");
    }
    if fs::create_dir_all(&place).is_err() {
        println!("skipped: this file system takes no such depth");
        return;
    }
    fs::write(place.join("1.png"), encoded(drawn(8, 8, 1), ImageFormat::Png)).unwrap();
    assert_eq!(scan(&root).photos.len(), 3);
}
