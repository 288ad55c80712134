//! What photos in hand may take of memory together.

use image::{ImageFormat, RgbImage};
use rayon::prelude::*;
use umbel::base::budget::MemoryBudget;
use umbel::base::progress::{Interrupt, Silent};
use umbel::check::{FindingKind, check_within};
use umbel::data::decode::{Limits, Reading, decode, decode_for, try_read_file};
use umbel::data::{Cache, CacheOptions, Index, PrepSpec, ProblemKind};

use super::pictures::{drawn, encoded, folder, write};

/// As large as two small pictures, and not as one large one.
const SMALL: u64 = 24 << 20;

fn large() -> Vec<u8> {
    encoded(RgbImage::new(3000, 2000), ImageFormat::Png)
}

#[test]
fn photos_wait_for_room_and_one_that_cannot_fit_says_so() {
    let memory = MemoryBudget::new(SMALL);
    let limits = Limits::within(&memory);
    let picture = drawn(800, 500, 1);
    let photos = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff]
        .map(|format| encoded(picture.clone(), format));
    let expected = photos.each_ref().map(|photo| decode(photo, &Limits::default()).unwrap());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(16).build().unwrap();
    pool.install(|| {
        (0..64usize).into_par_iter().for_each(|k| {
            let held = decode_for(&photos[k % 5], &limits, Reading::default(), &|_, _| 1 << 20).unwrap();
            assert!(held.photo == expected[k % 5]);
        });
    });
    assert!(memory.most_taken() <= SMALL && memory.most_taken() > 0);
    let error = decode(&large(), &limits).unwrap_err();
    assert!(error.kind == ProblemKind::TooLarge && error.detail.contains("together"), "{error}");
    assert!(decode(&large(), &Limits::default()).is_ok(), "without a bound it is decoded");
}

#[test]
fn a_file_that_cannot_fit_is_not_read() {
    let root = tempfile::TempDir::new().unwrap();
    let path = root.path().join("sparse.png");
    std::fs::File::create(&path).unwrap().set_len(200 << 20).unwrap();
    let limits = Limits::within(&MemoryBudget::new(SMALL));
    let error = try_read_file(&path, &limits).unwrap().unwrap_err();
    assert!(error.kind == ProblemKind::TooLarge && error.detail.contains("together"), "{error}");
}

#[test]
fn preparing_and_checking_list_a_photo_that_cannot_fit() {
    let root = folder(&[3, 3]);
    write(root.path(), "a/large.png", &large());
    let index = Index::scan(root.path()).unwrap();
    let memory = MemoryBudget::new(SMALL);
    let cache_folder = tempfile::TempDir::new().unwrap();
    let options = CacheOptions::within(cache_folder.path().to_owned(), &memory);
    let cache = Cache::open(&index, &PrepSpec::default(), &options, &mut Silent, &Interrupt::default()).unwrap();
    let problems: Vec<_> = cache.problems().iter().map(|problem| (problem.path.as_str(), problem.kind)).collect();
    assert_eq!(problems, [("a/large.png", ProblemKind::TooLarge)]);
    let report = check_within(&memory, Reading::default(), &index, None, &mut Silent, &Interrupt::default()).unwrap();
    let listed: Vec<_> = report.problems.iter().filter(|finding| finding.path == "a/large.png").collect();
    assert!(listed.len() == 1 && listed[0].kind == FindingKind::from(ProblemKind::TooLarge), "{listed:?}");
    assert!(memory.most_taken() <= SMALL);
}
