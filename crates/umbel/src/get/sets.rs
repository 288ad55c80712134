//! The table of data sets that have a name. Each row tells where its size and digest were read; a set of which no source tells both, or whose
//! labels lie in a format of their own, is left out.

/// A data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// What it is asked for by, and its folder.
    pub name: &'static str,
    /// What is on its photos.
    pub about: &'static str,
    /// Classes.
    pub classes: usize,
    /// Photos, as those who made it tell.
    pub photos: usize,
    /// Under which terms it may be used, as far as those who made it tell.
    pub license: &'static str,
    /// Whom to cite.
    pub citation: &'static str,
    /// Its archives.
    pub archives: &'static [Row],
    /// The folder in each archive that holds the classes, where there are others beside it.
    pub within: Option<&'static str>,
    /// How its photos come into folders.
    pub arrange: Arrange,
    /// Where addresses, sizes and digests were read.
    pub source: &'static str,
    /// When it was last fetched from there by those who make umbel; `None`: never.
    pub tried: Option<&'static str>,
}

/// An archive of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it lies.
    pub url: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: &'static str,
    /// The folder that it is unpacked to, where there are several: the part of the data that it is.
    pub folder: Option<&'static str>,
}

/// How photos come into folders by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrange {
    /// They are.
    AsItIs,
    /// They are named after their class and a number, as `great_pyrenees_12.jpg`.
    ByName,
}

impl Set {
    /// Bytes to fetch.
    pub fn bytes(&self) -> u64 {
        self.archives.iter().map(|row| row.bytes).sum()
    }

    /// The host that it is fetched from.
    pub fn host(&self) -> &'static str {
        let url = self.archives.first().map_or("", |row| row.url);
        url.split('/').nth(2).unwrap_or_default()
    }
}

/// The data set of that name.
pub fn find(name: &str) -> Option<&'static Set> {
    SETS.iter().find(|set| set.name == name)
}

/// A package of Python, as PyPI has it: its table of checksums, and what it does with the archives.
macro_rules! tfds {
    ($path:literal) => {
        concat!("tensorflow-datasets 4.9.10 (PyPI), ", $path)
    };
}

/// All of them, the smallest that teach most first.
pub const SETS: &[Set] = &[
    Set {
        name: "flowers",
        about: "five kinds of flowers: the data of the tutorial",
        classes: 5,
        photos: 3670,
        license: "CC-BY-2.0 (its LICENSE.txt names the photographers)",
        citation: "The TensorFlow Team: Flowers. January 2019. http://download.tensorflow.org/example_images/flower_photos.tgz",
        archives: &[Row {
            url: "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
            bytes: 228_813_984,
            sha256: "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
            folder: None,
        }],
        within: None,
        arrange: Arrange::AsItIs,
        source: tfds!(
            "datasets/tf_flowers/checksums.tsv; the address is that of TensorFlow's tutorial on image classification"
        ),
        tried: None,
    },
    Set {
        name: "beans",
        about: "leaves of beans: healthy, or with one of two diseases; comes divided",
        classes: 3,
        photos: 1296,
        license: "MIT",
        citation: "Makerere AI Lab: Bean disease dataset. January 2020. https://github.com/AI-Lab-Makerere/ibean/",
        archives: &[
            Row {
                url: "https://storage.googleapis.com/ibeans/train.zip",
                bytes: 143_812_152,
                sha256: "284fe8456ce20687f4367ae7ad94a64577e7f9fde2c2c6b1c74340ab5dc82715",
                folder: Some("train"),
            },
            Row {
                url: "https://storage.googleapis.com/ibeans/validation.zip",
                bytes: 18_504_213,
                sha256: "90b7aa1c26d91d9afff07a30bbc67a5ea34f1f1397f068d8675be09d7d0c602d",
                folder: Some("validation"),
            },
            Row {
                url: "https://storage.googleapis.com/ibeans/test.zip",
                bytes: 17_708_541,
                sha256: "ca67b15d960d1e2fd9d23fd8498ce86818ead90755c630a43baf19ec4af09312",
                folder: Some("test"),
            },
        ],
        within: None,
        arrange: Arrange::AsItIs,
        source: tfds!(
            "datasets/beans/checksums.tsv; photos and license: the README of github.com/AI-Lab-Makerere/ibean"
        ),
        tried: None,
    },
    Set {
        name: "eurosat",
        about: "squares of satellite pictures by what the land is used for",
        classes: 10,
        photos: 27_000,
        license: "MIT; made of Copernicus Sentinel data",
        citation: "Helber, Bischke, Dengel, Borth: EuroSAT: A Novel Dataset and Deep Learning Benchmark for Land Use and Land Cover \
                   Classification. 2017. https://arxiv.org/abs/1709.00029",
        archives: &[Row {
            url: "http://madm.dfki.de/files/sentinel/EuroSAT.zip",
            bytes: 94_280_567,
            sha256: "8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd",
            folder: None,
        }],
        within: Some("2750"),
        arrange: Arrange::AsItIs,
        source: tfds!(
            "url_checksums/eurosat.txt and image_classification/eurosat.py; license: the data card of torchgeo/eurosat"
        ),
        tried: None,
    },
    Set {
        name: "imagenette-160",
        about: "ten classes of ImageNet that are easily told apart, 160 pixels; comes divided",
        classes: 10,
        photos: 13_394,
        license: "ImageNet's terms: for research and teaching, not for commercial use",
        citation: "Jeremy Howard: imagenette. https://github.com/fastai/imagenette/",
        archives: &[Row {
            url: "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz",
            bytes: 99_003_388,
            sha256: "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5",
            folder: None,
        }],
        within: None,
        arrange: Arrange::AsItIs,
        source: tfds!("datasets/imagenette/checksums.tsv"),
        tried: None,
    },
    Set {
        name: "imagenette",
        about: "ten classes of ImageNet that are easily told apart, 320 pixels; comes divided",
        classes: 10,
        photos: 13_394,
        license: "ImageNet's terms: for research and teaching, not for commercial use",
        citation: "Jeremy Howard: imagenette. https://github.com/fastai/imagenette/",
        archives: &[Row {
            url: "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz",
            bytes: 341_663_724,
            sha256: "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c",
            folder: None,
        }],
        within: None,
        arrange: Arrange::AsItIs,
        source: tfds!("datasets/imagenette/checksums.tsv"),
        tried: None,
    },
    Set {
        name: "oxford_pets",
        about: "37 breeds of cats and dogs",
        classes: 37,
        photos: 7349,
        license: "CC-BY-SA-4.0",
        citation: "Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs. IEEE Conference on Computer Vision and Pattern Recognition, 2012",
        archives: &[Row {
            url: "https://thor.robots.ox.ac.uk/~vgg/data/pets/images.tar.gz",
            bytes: 791_918_971,
            sha256: "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
            folder: None,
        }],
        within: None,
        arrange: Arrange::ByName,
        source: tfds!("datasets/oxford_iiit_pet/checksums.tsv and oxford_iiit_pet_dataset_builder.py"),
        tried: None,
    },
    Set {
        name: "plant_village",
        about: "leaves of crops, healthy and with diseases, and a class without leaves",
        classes: 39,
        photos: 55_448,
        license: "CC0-1.0",
        citation: "Hughes, Salathe: An open access repository of images on plant health to enable the development of mobile disease \
                   diagnostics. 2015. https://arxiv.org/abs/1511.08060",
        archives: &[Row {
            url: "https://data.mendeley.com/public-files/datasets/tywbtsjrjv/files/d5652a28-c1d8-4b76-97f3-72fb80f94efc/file_downloaded",
            bytes: 868_032_562,
            sha256: "ac3432453984d02a86197987e775a5429d0d59e7cc7c35bcf5a8f50349b90ff0",
            folder: None,
        }],
        within: Some("Plant_leave_diseases_dataset_without_augmentation"),
        arrange: Arrange::AsItIs,
        source: tfds!("datasets/plant_village/checksums.tsv and plant_village_dataset_builder.py"),
        tried: None,
    },
    Set {
        name: "food101",
        about: "dishes; its own division into training and test photos is not kept",
        classes: 101,
        photos: 101_000,
        license: "not told; the photos come from foodspotting.com, for scientific use",
        citation: "Bossard, Guillaumin, Van Gool: Food-101 - Mining Discriminative Components with Random Forests. European Conference \
                   on Computer Vision, 2014",
        archives: &[Row {
            url: "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz",
            bytes: 4_996_278_331,
            sha256: "d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4",
            folder: None,
        }],
        within: Some("images"),
        arrange: Arrange::AsItIs,
        source: tfds!("url_checksums/food101.txt and image_classification/food101.py"),
        tried: None,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Of these, the source has no other address; what comes is told by its digest.
    const PLAIN_HTTP: [&str; 2] = ["eurosat", "food101"];

    #[test]
    fn every_row_is_whole() {
        for set in SETS {
            let Set { name, about, classes, photos, license, citation, archives, source, .. } = *set;
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
            assert!(!name.is_empty() && name.chars().all(plain), "{name}");
            assert!(classes >= 2 && photos > 10 * classes, "{name}");
            for text in [about, license, citation, source, set.host()] {
                assert!(!text.trim().is_empty() && !text.contains('\n'), "{name}: {text:?}");
            }
            assert!(source.contains("4.9.10"), "{name}: where its size and digest were read");
            assert!(!archives.is_empty(), "{name}");
            let folders: BTreeSet<_> = archives.iter().map(|row| row.folder).collect();
            assert_eq!(folders.len(), archives.len(), "{name}: each archive of several has a folder of its own");
            assert!(archives.len() == 1 || !folders.contains(&None), "{name}");
            for Row { url, bytes, sha256, .. } in archives {
                let scheme = if PLAIN_HTTP.contains(&name) { "http://" } else { "https://" };
                assert!(url.starts_with(scheme) && !url.contains(char::is_whitespace), "{url}");
                assert!(*bytes > 1_000_000, "{url}");
                let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert!(sha256.len() == 64 && sha256.bytes().all(is_hex), "{url}: {sha256}");
            }
        }
        let digests = SETS.iter().flat_map(|set| set.archives).map(|row| row.sha256);
        let (all, unique) = (digests.clone().count(), digests.collect::<BTreeSet<_>>().len());
        assert_eq!(all, unique, "a digest was copied to another row");
        assert_eq!(SETS.iter().map(|set| set.name).collect::<BTreeSet<_>>().len(), SETS.len());
        assert!(SETS.iter().all(|set| set.name == "flowers" || find(set.name) == Some(set)) && find("roses").is_none());
    }
}
