use std::sync::Arc;

use umbel::base::augmentation::{AugmentLayer, Balance, Mixing};
use umbel::data::augment::Policy;
use umbel::data::{Batch, CacheOptions, Dataset, DatasetOptions, Loader, LoaderOptions, image_dataset_from_directory};

use super::pictures::{flowers, folder, prepared, small};

fn options(shuffle: bool, augment: &[AugmentLayer]) -> LoaderOptions {
    let augment = Policy::new(augment);
    LoaderOptions { batch: 4, seed: 9, epoch: 2, shuffle, augment, ..LoaderOptions::default() }
}

fn dataset(counts: &[usize]) -> Dataset {
    let root = folder(counts);
    let (index, cache) = prepared(root.path());
    let positions: Vec<usize> = (0..index.photos.len()).collect();
    Dataset::new(&index, Arc::new(cache), &positions)
}

fn all(dataset: &Dataset, options: &LoaderOptions) -> Vec<(Vec<f32>, Vec<u32>)> {
    Loader::new(dataset, options.clone()).map(Result::unwrap).map(|batch| (batch.images, batch.labels)).collect()
}

#[test]
fn an_unshuffled_epoch_is_the_dataset_in_order_with_a_partial_last_batch() {
    let dataset = dataset(&[6, 4]);
    let mut loader = Loader::new(&dataset, options(false, &[]));
    assert_eq!(loader.n_batches(), 3);
    let (mut images, mut labels, mut sizes) = (Vec::<f32>::new(), Vec::<u32>::new(), Vec::new());
    while let Some(batch) = loader.next().transpose().unwrap() {
        sizes.push(batch.labels.len());
        assert_eq!(batch.images.len(), batch.labels.len() * 32 * 32 * 3);
        images.extend(&batch.images);
        labels.extend(&batch.labels);
        loader.recycle(batch);
    }
    assert_eq!(sizes, [4, 4, 2]);
    assert_eq!(labels, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    let expected: Vec<f32> = (0..10).flat_map(|i| dataset.picture(i).unwrap().0.into_iter().map(f32::from)).collect();
    assert_eq!(images, expected);
    assert!(loader.next().is_none() && loader.next().is_none());
}

#[test]
fn an_epoch_is_a_function_of_seed_and_epoch() {
    let dataset = dataset(&[13, 9]);
    let options = options(true, &AugmentLayer::tutorial());
    let first = all(&dataset, &options);
    for _ in 0..3 {
        assert!(first == all(&dataset, &options));
    }
    assert!(first != all(&dataset, &LoaderOptions { epoch: 3, ..options.clone() }));
    assert!(first != all(&dataset, &LoaderOptions { seed: 10, ..options.clone() }));
    let mut labels: Vec<u32> = first.iter().flat_map(|(_, labels)| labels.clone()).collect();
    labels.sort_unstable();
    assert_eq!(labels.iter().filter(|&&label| label == 0).count(), 13, "every photo once");
    // What a resumed epoch sees is what the stopped one would have seen.
    let resumed = all(&dataset, &LoaderOptions { skip_batches: 4, ..options.clone() });
    assert!(first[4..] == resumed[..]);
    assert!(all(&dataset, &LoaderOptions { skip_batches: 99, ..options }).is_empty());
}

#[test]
fn recycled_batches_keep_nothing_of_their_past() {
    let dataset = dataset(&[7, 6]);
    let options = options(true, &AugmentLayer::tutorial());
    let mut loader = Loader::new(&dataset, options.clone());
    for expected in all(&dataset, &options) {
        let batch = loader.next().unwrap().unwrap();
        assert!((&batch.images, &batch.labels) == (&expected.0, &expected.1));
        loader.recycle(Batch { images: vec![f32::NAN; 99_999], labels: vec![7; 50], ..Batch::default() });
    }
}

#[test]
fn a_dropped_loader_ends_at_once() {
    let dataset = dataset(&[30, 30]);
    let weak = Arc::downgrade(&dataset.cache);
    let mut loader = Loader::new(&dataset, options(true, &[]));
    assert!(loader.next().is_some());
    drop(dataset);
    assert!(weak.upgrade().is_some(), "the thread still holds the photos");
    drop(loader);
    assert!(weak.upgrade().is_none(), "the thread has ended");
}

#[test]
fn a_panic_in_the_loader_reaches_its_user() {
    let whole = dataset(&[5, 5]);
    // A sample that the cache does not have.
    let broken = Dataset { samples: vec![(0, 0), (1, 0), (2, 0), (3, 0), (99, 0)].into(), ..whole };
    let result = std::panic::catch_unwind(|| Loader::new(&broken, options(false, &[])).count());
    assert!(result.is_err());
}

#[test]
fn a_folder_becomes_two_datasets() {
    let root = folder(&[10, 10]);
    let cache_folder = tempfile::TempDir::new().unwrap();
    let options = DatasetOptions {
        prep: small(),
        cache: CacheOptions { folder: cache_folder.path().to_owned(), max_bytes: u64::MAX, ..CacheOptions::default() },
        ..DatasetOptions::default()
    };
    let (train, val) = image_dataset_from_directory(root.path(), &options).unwrap();
    assert_eq!((train.len(), val.len()), (16, 4));
    assert!(!train.is_empty());
    assert_eq!(train.class_names(), ["a", "b"]);
    assert_eq!((train.image_size(), train.prep()), (32, &small()));
    assert!(Arc::ptr_eq(&train.cache, &val.cache));
    assert!(train.paths.iter().all(|path| !val.paths.contains(path)));
    for (path, (_, label)) in train.paths.iter().zip(train.samples.iter()) {
        assert!(path.starts_with(&train.class_names()[*label as usize]));
    }
    assert!(image_dataset_from_directory(&root.path().join("absent"), &options).is_err());
}

#[test]
fn flowers_become_batches() {
    let Some((index, cache)) = flowers() else {
        return;
    };
    let positions: Vec<usize> = (0..index.photos.len()).step_by(10).collect();
    let dataset = Dataset::new(index, cache.clone(), &positions);
    let mut loader = Loader::new(&dataset, options(true, &AugmentLayer::tutorial()));
    let mut photos = 0;
    while let Some(batch) = loader.next().transpose().unwrap() {
        assert!(batch.images.iter().all(|value| (0.0..=255.0).contains(value)));
        photos += batch.labels.len();
        loader.recycle(batch);
    }
    assert_eq!(photos, 294);
}

#[test]
fn mixed_photos_are_what_their_partners_say() {
    let dataset = dataset(&[5, 6]);
    for mixing in [Mixing { mixup: 0.4, ..Mixing::default() }, Mixing { cutmix: 1.0, ..Mixing::default() }] {
        let whole = LoaderOptions { mixing: Mixing::default(), ..options(true, &[]) };
        let mixed = LoaderOptions { mixing, ..whole.clone() };
        let (mut count, mut shares) = (0, Vec::new());
        for (before, after) in Loader::new(&dataset, whole).zip(Loader::new(&dataset, mixed.clone())) {
            let (before, after) = (before.unwrap(), after.unwrap());
            assert!(before.partners.is_empty() && before.labels == after.labels);
            let (n, len) = (after.labels.len(), 32 * 32 * 3);
            for (i, partner) in after.partners.iter().enumerate() {
                let other = (i + 1) % n;
                assert_eq!(partner.label, after.labels[other]);
                let photo = |images: &[f32], i: usize| images[i * len..(i + 1) * len].to_vec();
                let (own, with) = (photo(&before.images, i), photo(&before.images, other));
                let came = photo(&after.images, i);
                if mixing.mixup > 0.0 {
                    for ((came, own), with) in came.iter().zip(&own).zip(&with) {
                        assert!((came - (own * (1.0 - partner.share) + with * partner.share)).abs() < 1e-3);
                    }
                } else {
                    // Each pixel is one photo's or the other's, and the other's are the share that is told.
                    let pixels = came.chunks(3).zip(own.chunks(3)).zip(with.chunks(3));
                    let told = (partner.share * 1024.0).round() as usize;
                    let others = pixels.clone().filter(|((came, _), with)| came == with).count();
                    assert!(pixels.clone().all(|((came, own), with)| came == own || came == with));
                    let alike = pixels.filter(|((_, own), with)| own == with).count();
                    assert!((told..=told + alike).contains(&others), "{others} pixels for {told}");
                }
                shares.push(partner.share);
            }
            count += after.partners.len();
        }
        assert_eq!(count, 11);
        assert!(shares.iter().any(|share| *share > 0.05) && shares.iter().all(|share| (0.0..=1.0).contains(share)));
        let again = |skip: usize| -> Vec<Vec<f32>> {
            let options = LoaderOptions { skip_batches: skip, ..mixed.clone() };
            Loader::new(&dataset, options).map(|batch| batch.unwrap().images).collect()
        };
        assert!(again(0)[1..] == again(1)[..], "a resumed epoch sees the same");
    }
}

#[test]
fn half_of_the_photos_are_mixed_where_half_is_asked_for() {
    let dataset = dataset(&[60, 60]);
    let mixing = Mixing { mixup: 1.0, cutmix: 1.0, probability: 0.5 };
    let options = LoaderOptions { mixing, batch: 40, ..options(true, &[]) };
    let untouched =
        Loader::new(&dataset, options).flat_map(|batch| batch.unwrap().partners).filter(|p| p.share == 0.0).count();
    assert!((40..80).contains(&untouched), "{untouched}");
}

#[test]
fn balanced_sampling_takes_the_classes_in_turn() {
    let dataset = dataset(&[18, 3]);
    let balanced = LoaderOptions { balance: Balance::Sample, ..options(true, &AugmentLayer::tutorial()) };
    let epoch = all(&dataset, &balanced);
    let labels: Vec<u32> = epoch.iter().flat_map(|(_, labels)| labels.clone()).collect();
    assert_eq!(labels.len(), 21, "as many photos as before");
    assert!((10..=11).contains(&labels.iter().filter(|label| **label == 1).count()), "{labels:?}");
    assert!(epoch == all(&dataset, &balanced));
    // Three photos came ten times, each time augmented differently.
    let len = 32 * 32 * 3;
    let photos = epoch.iter().flat_map(|(images, labels)| images.chunks(len).zip(labels));
    let small: Vec<&[f32]> = photos.filter(|(_, label)| **label == 1).map(|(photo, _)| photo).collect();
    assert!(small.iter().enumerate().all(|(i, photo)| !small[..i].contains(photo)));
    assert!(epoch != all(&dataset, &LoaderOptions { epoch: 3, ..balanced.clone() }));
    let resumed = all(&dataset, &LoaderOptions { skip_batches: 2, ..balanced });
    assert!(epoch[2..] == resumed[..]);
}
