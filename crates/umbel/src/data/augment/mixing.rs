//! Mixes the photos of a batch with each other: mixup and CutMix.

use crate::base::augmentation::Mixing;
use crate::base::random::{Purpose, Stream};

const CHANNELS: usize = 3;

/// What was mixed into a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Partner {
    /// The other photo's class.
    pub label: u32,
    /// The other photo's share, 0 to 1: of the brightness with mixup, of the area with CutMix.
    pub share: f32,
}

/// Mixes each photo of a batch (`[n, size, size, 3]`) with the one behind it, the last with the first, as both were before,
/// and tells what came into each. `samples` name the photos: what is drawn for one is keyed on (seed, epoch, sample). A
/// batch of one photo is left as it is.
pub fn mix(
    mixing: &Mixing,
    (seed, epoch): (u64, u64),
    samples: impl ExactSizeIterator<Item = u64>,
    size: usize,
    images: &mut [f32],
    labels: &[u32],
) -> Vec<Partner> {
    let n = labels.len();
    if mixing.is_off() || n < 2 {
        return Vec::new();
    }
    let len = size * size * CHANNELS;
    assert!(images.len() == n * len && samples.len() == n, "a label and a name for each picture");
    let first = images[..len].to_vec();
    let mut partners = Vec::with_capacity(n);
    for (index, sample) in samples.enumerate() {
        let mut random = Stream::new(seed, Purpose::Mix, epoch, sample);
        let (own, rest) = images[index * len..].split_at_mut(len);
        let other = if index + 1 < n { &rest[..len] } else { &first };
        let share = mix_pair(mixing, &mut random, size, own, other);
        partners.push(Partner { label: labels[(index + 1) % n], share });
    }
    partners
}

/// Mixes `other` into `own`; gives its share.
fn mix_pair(mixing: &Mixing, random: &mut Stream, size: usize, own: &mut [f32], other: &[f32]) -> f32 {
    if f64::from(random.uniform()) >= mixing.probability {
        return 0.0;
    }
    let cuts = mixing.mixup == 0.0 || (mixing.cutmix > 0.0 && random.uniform() < 0.5);
    if cuts {
        let share = random.beta(mixing.cutmix);
        return paste(random, size, share, own, other);
    }
    let share = random.beta(mixing.mixup) as f32;
    for (own, other) in own.iter_mut().zip(other) {
        *own += (other - *own) * share;
    }
    share
}

/// Pastes a rectangle with the picture's proportions and about this share of its area, around a random center and cut off
/// at the borders, at its own place; gives the share that it has in the end.
fn paste(random: &mut Stream, size: usize, share: f64, own: &mut [f32], other: &[f32]) -> f32 {
    let half = share.sqrt() * size as f64 / 2.0;
    let mut span = || {
        let center = random.below(size) as f64 + 0.5;
        let low = (center - half).round().max(0.0) as usize;
        (low, ((center + half).round() as usize).min(size))
    };
    let ((left, right), (top, bottom)) = (span(), span());
    for row in top..bottom {
        let at = (row * size + left) * CHANNELS..(row * size + right) * CHANNELS;
        own[at.clone()].copy_from_slice(&other[at]);
    }
    ((right - left) * (bottom - top)) as f32 / (size * size) as f32
}
