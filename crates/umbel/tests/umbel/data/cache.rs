use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use image::ImageFormat;
use tempfile::TempDir;
use umbel::base::error::with_causes;
use umbel::base::progress::{Event, Interrupt, Observer, Silent};
use umbel::data::decode::{Limits, decode_file};
use umbel::data::{Cache, CacheOptions, Dataset, Index, Loader, LoaderOptions, PrepSpec, ProblemKind};
use umbel::{Error, PredictError, data};

use super::pictures::{drawn, encoded, flowers, folder, small, write};

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    prepared: Vec<(usize, usize)>,
    skipped: Vec<Vec<String>>,
    stop_at: Option<(usize, Interrupt)>,
}

impl Observer for Notes {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Preparing { done, total } => {
                self.prepared.push((*done, *total));
                if let Some((at, interrupt)) = &self.stop_at
                    && done >= at
                {
                    interrupt.request();
                }
            }
            Event::Skipped { problems } => {
                self.skipped.push(problems.iter().map(|problem| problem.path.clone()).collect());
            }
            _ => {}
        }
    }
}

fn options(folder: &TempDir) -> CacheOptions {
    CacheOptions { folder: folder.path().to_owned(), max_bytes: u64::MAX, ..CacheOptions::default() }
}

fn open(index: &Index, prep: &PrepSpec, options: &CacheOptions) -> (Cache, Notes) {
    let mut notes = Notes::default();
    let cache = Cache::open(index, prep, options, &mut notes, &Interrupt::default()).unwrap();
    (cache, notes)
}

fn packs(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "umbel-pack")).collect()
}

fn assert_right(cache: &Cache, index: &Index, prep: &PrepSpec) {
    for &position in cache.usable() {
        let photo = decode_file(&index.root().join(&index.photos[position].path), &Limits::default()).unwrap();
        assert_eq!(cache.image(position).unwrap().unwrap(), prep.apply(&photo), "{}", index.photos[position].path);
    }
}

#[test]
fn photos_are_prepared_once_and_found_again() {
    let (root, cache_folder) = (folder(&[5, 4]), TempDir::new().unwrap());
    write(root.path(), "a/broken.jpg", b"no picture");
    write(root.path(), "b/copy.png", &fs::read(root.path().join("a/000.png")).unwrap());
    let index = Index::scan(root.path()).unwrap();

    let (cache, notes) = open(&index, &small(), &options(&cache_folder));
    assert_eq!(cache.usable().len(), 10);
    assert_right(&cache, &index, &small());
    assert_eq!(cache.prep(), &small());
    assert!(notes.prepared.len() <= 101);
    assert_eq!((notes.prepared.first(), notes.prepared.last()), (Some(&(0, 11)), Some(&(11, 11))));
    assert!(notes.prepared.is_sorted());
    assert_eq!(notes.skipped, [["a/broken.jpg"]]);
    let broken = index.photos.iter().position(|photo| photo.path == "a/broken.jpg").unwrap();
    assert!(cache.image(broken).unwrap().is_none() && cache.digest(broken).is_none());
    assert_eq!(cache.problems()[0].kind, ProblemKind::NotAPicture);
    let copy = index.photos.iter().position(|photo| photo.path == "b/copy.png").unwrap();
    assert_eq!(cache.digest(0), cache.digest(copy));
    assert_ne!(cache.digest(0), cache.digest(1));
    assert!(cache.image(99).unwrap().is_none() && cache.digest(99).is_none());

    let (again, notes) = open(&index, &small(), &options(&cache_folder));
    assert!(notes.prepared.is_empty(), "nothing is decoded a second time");
    assert_eq!(notes.skipped.len(), 1, "what is skipped is said every time");
    assert_eq!((again.usable(), again.problems()), (cache.usable(), cache.problems()));
    for i in 0..11 {
        assert_eq!(again.image(i).unwrap(), cache.image(i).unwrap());
        assert_eq!(again.digest(i), cache.digest(i));
    }
    assert_eq!(fs::read_dir(cache_folder.path()).unwrap().count(), 1, "one pack and no scratch file");
}

#[test]
fn another_preparation_or_a_changed_photo_makes_another_pack() {
    let (root, cache_folder) = (folder(&[2, 2]), TempDir::new().unwrap());
    let index = Index::scan(root.path()).unwrap();
    open(&index, &small(), &options(&cache_folder));
    let larger = PrepSpec { image_size: 33, ..small() };
    let (cache, notes) = open(&index, &larger, &options(&cache_folder));
    assert!(!notes.prepared.is_empty());
    assert_right(&cache, &index, &larger);

    write(root.path(), "a/001.png", &encoded(drawn(50, 50, 77), ImageFormat::Png));
    let (cache, notes) = open(&index, &small(), &options(&cache_folder));
    assert!(!notes.prepared.is_empty());
    assert_right(&cache, &index, &small());
    assert_eq!(packs(cache_folder.path()).len(), 3);
}

#[test]
fn a_damaged_pack_is_made_anew() {
    let (root, cache_folder) = (folder(&[2, 2]), TempDir::new().unwrap());
    write(root.path(), "b/broken.png", b"x");
    let index = Index::scan(root.path()).unwrap();
    open(&index, &small(), &options(&cache_folder));
    let pack = packs(cache_folder.path()).remove(0);
    let whole = fs::read(&pack).unwrap();
    let flip = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        bytes
    };
    let damaged = [
        Vec::new(),
        whole[..20].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], b"x"].concat(),
        flip(0),
        flip(9),
        flip(17),
        flip(40),
        flip(5000),
        flip(whole.len() - 150),
        flip(whole.len() - 5),
    ];
    for (case, bytes) in damaged.into_iter().enumerate() {
        // As a new file: changing one that is open is for another test.
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
        let (cache, notes) = open(&index, &small(), &options(&cache_folder));
        assert!(!notes.prepared.is_empty(), "damage {case} went unnoticed");
        assert_right(&cache, &index, &small());
        assert_eq!(fs::read(&pack).unwrap(), whole, "a pack is a function of the folder");
    }
}

#[test]
fn a_pack_that_is_damaged_while_it_is_in_use_is_an_error_and_no_other_picture() {
    let (root, cache_folder) = (folder(&[2, 2]), TempDir::new().unwrap());
    let index = Index::scan(root.path()).unwrap();
    let (cache, _) = open(&index, &small(), &options(&cache_folder));
    let pack = packs(cache_folder.path()).remove(0);
    let (slot, header) = (small().bytes() as u64, 4096);
    let file = File::options().write(true).open(&pack).unwrap();
    let mut changed = cache.image(1).unwrap().unwrap();
    changed[7] ^= 1;
    write_at(&file, &changed, header + slot);
    let detail = |cache: &Cache, position| match cache.image(position) {
        Err(Error::Data(data::Error::Pack { path, detail })) if path == pack => detail,
        other => panic!("{other:?} came of photo {position}"),
    };
    assert!(detail(&cache, 1).contains("changed"));
    assert!(cache.image(0).unwrap().is_some() && cache.image(2).unwrap().is_some(), "the others are whole");

    file.set_len(header + 3 * slot - 1).unwrap();
    assert!(detail(&cache, 2).contains("cut short"));
    let error = cache.fingerprint(0).unwrap_err().to_string();
    assert!(error.contains("cut short") && error.contains("try again and they are made anew"), "{error}");

    // The loader hands the error on, and then no more.
    let positions: Vec<usize> = (0..4).collect();
    let dataset = Dataset::new(&index, Arc::new(cache), &positions);
    let plain = LoaderOptions { batch: 1, ..LoaderOptions::default() };
    let batches: Vec<_> = Loader::new(&dataset, plain).collect();
    assert!(matches!(batches[..], [Ok(_), Err(Error::Data(data::Error::Pack { .. }))]), "{}", batches.len());

    let (cache, notes) = open(&index, &small(), &options(&cache_folder));
    assert!(!notes.prepared.is_empty(), "the next to open it makes it anew");
    assert_right(&cache, &index, &small());
}

fn write_at(mut file: &File, bytes: &[u8], offset: u64) {
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn old_packs_give_way_but_never_the_one_in_use() {
    let (root, cache_folder) = (folder(&[2, 2]), TempDir::new().unwrap());
    let index = Index::scan(root.path()).unwrap();
    write(cache_folder.path(), "notes.txt", b"the user's own");
    write(cache_folder.path(), ".umbel-scratch-killed", b"left behind");
    let age = |path: &Path, hours: u64| {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
    };
    age(&cache_folder.path().join(".umbel-scratch-killed"), 2);
    for size in [32, 33, 34] {
        open(&index, &PrepSpec { image_size: size, ..small() }, &options(&cache_folder));
        for pack in packs(cache_folder.path()) {
            age(&pack, 50 - u64::from(size));
        }
    }
    assert_eq!(packs(cache_folder.path()).len(), 3);
    let one = fs::metadata(&packs(cache_folder.path())[0]).unwrap().len();
    // Used again, so it is no longer the oldest.
    let (first, _) = open(&index, &small(), &options(&cache_folder));
    let bounded = CacheOptions { max_bytes: one * 5 / 2, ..options(&cache_folder) };
    open(&index, &PrepSpec { image_size: 35, ..small() }, &bounded);
    assert_eq!(packs(cache_folder.path()).len(), 2);
    let (_, notes) = open(&index, &small(), &options(&cache_folder));
    assert!(notes.prepared.is_empty(), "the pack used last is kept");
    assert_right(&first, &index, &small());

    let tiny = CacheOptions { max_bytes: 1, ..options(&cache_folder) };
    let (cache, _) = open(&index, &PrepSpec { image_size: 36, ..small() }, &tiny);
    assert_eq!(packs(cache_folder.path()).len(), 1, "the one in use stays, however large");
    assert_right(&cache, &index, cache.prep());
    assert!(cache_folder.path().join("notes.txt").exists());
    assert!(!cache_folder.path().join(".umbel-scratch-killed").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_cause() {
    let root = folder(&[1, 1]);
    let index = Index::scan(root.path()).unwrap();
    write(root.path(), "file", b"x");
    let options = CacheOptions { folder: root.path().join("file/cache"), ..CacheOptions::default() };
    let error = Cache::open(&index, &small(), &options, &mut Silent, &Interrupt::default()).unwrap_err();
    assert!(matches!(error, Error::Data(data::Error::Cache { .. })));
    let (message, folder) = (with_causes(&error), options.folder.display());
    assert!(message.starts_with(&format!("cannot make a place in the cache folder {folder}: ")), "{message}");
    assert_eq!(
        error.to_string(),
        format!("cannot make a place in the cache folder {folder}"),
        "the cause is told once"
    );
}

#[test]
fn a_wrong_size_is_refused_before_any_work() {
    let (root, cache_folder) = (folder(&[1, 1]), TempDir::new().unwrap());
    let index = Index::scan(root.path()).unwrap();
    let prep = PrepSpec { image_size: 513, ..small() };
    let error = Cache::open(&index, &prep, &options(&cache_folder), &mut Silent, &Interrupt::default()).unwrap_err();
    assert!(matches!(error, Error::Predict(PredictError::Setting { .. })));
    assert_eq!(fs::read_dir(cache_folder.path()).unwrap().count(), 0);
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let (root, cache_folder) = (folder(&[40, 40]), TempDir::new().unwrap());
    let index = Index::scan(root.path()).unwrap();
    let interrupt = Interrupt::default();
    let mut notes = Notes { stop_at: Some((10, interrupt.clone())), ..Notes::default() };
    let error = Cache::open(&index, &small(), &options(&cache_folder), &mut notes, &interrupt).unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    assert!(notes.prepared.last().unwrap().0 < 80, "it stops at once");
    assert_eq!(fs::read_dir(cache_folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_photo_that_becomes_readable_is_tried_again() {
    let (root, cache_folder, outside) = (folder(&[2, 2]), TempDir::new().unwrap(), TempDir::new().unwrap());
    // A photo that vanishes between the listing and the decoding, and comes back.
    let photo = root.path().join("a/001.png");
    let index = Index::scan(root.path()).unwrap();
    let aside = outside.path().join("aside.png");
    fs::rename(&photo, &aside).unwrap();
    let (cache, _) = open(&index, &small(), &options(&cache_folder));
    assert_eq!(cache.problems()[0].kind, ProblemKind::Unreadable);
    assert_eq!(cache.usable().len(), 3);
    fs::copy(&aside, &photo).unwrap();
    let (cache, _) = open(&index, &small(), &options(&cache_folder));
    assert_eq!((cache.usable().len(), cache.problems().len()), (4, 0));
}

#[test]
fn every_flower_can_be_used() {
    let Some((index, cache)) = flowers() else {
        return;
    };
    assert_eq!(index.classes, ["daisy", "dandelion", "roses", "sunflowers", "tulips"]);
    assert_eq!(index.photos.len(), 2935);
    assert_eq!(cache.usable().len(), 2935);
    assert!(cache.problems().is_empty());
}
