//! Sets of classes that hold the right one with a probability that was asked for: split conformal prediction (Vovk et al., 2005), by the
//! probability of the true class (LAC; Sadinle et al., 2019). The promise is for photos such as those that were measured, and needs
//! no probability to be right.

use serde::{Deserialize, Serialize};

/// From so many photos on, a level is promised on average over all photos that might have been measured: the share that a set
/// really holds strays little. Of fewer, it is promised with [`CERTAINTY`] for those that were.
pub const ENOUGH_FOR_THE_MEAN: usize = 200;

/// How certain a promise of few photos is at least.
pub const CERTAINTY: f64 = 0.9;

/// Doubts are kept in millionths.
const UNIT: f64 = 1e6;
/// Of ranks from the highest doubt on, the first twice so many are kept, then each next one a part of this further: so that for any
/// level a rank is kept which misses at most that part less than it might. Of all photos, and of one class.
const FINENESS: usize = 32;
const FINENESS_OF_A_CLASS: usize = 8;

/// How much photos that did not train a model doubted their true class, from which sets for any level are made; kept in the model
/// file, some hundred numbers however many photos there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubts {
    all: Ranks,
    /// In the order of the classes.
    classes: Vec<Ranks>,
}

/// Some of the doubts of so many photos, the highest first; which ones follows from the number of photos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ranks {
    images: usize,
    doubts: Vec<u32>,
}

/// What is promised of the sets of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Promise {
    /// The share of photos whose set holds the right class, that was asked for.
    pub level: f64,
    /// By how many photos.
    pub images: usize,
    /// How certain it is that the share is at least the level, where few photos were measured; `None`: the level is the
    /// mean over all that might have been.
    pub certainty: Option<f64>,
}

/// Which classes a set holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SetRule {
    /// The highest doubt of a class in the set, by class.
    limits: Vec<u32>,
    /// What it promises of all photos together.
    pub promise: Promise,
    /// Classes whose own photos are too few to promise the level of them alone, where that was asked for, and how many they are.
    pub too_few: Vec<(usize, usize)>,
}

/// Too few photos were measured for a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooFew {
    /// How many.
    pub images: usize,
    /// The highest level that they promise.
    pub most: f64,
}

/// 1 less the probability, in millionths, rounded up: at both places alike, so that nothing is lost by it.
fn doubt(probability: f64) -> u32 {
    ((1.0 - probability.clamp(0.0, 1.0)) * UNIT).ceil() as u32
}

/// The ranks that are kept of so many photos, 1 being the highest doubt.
fn kept(images: usize, fineness: usize) -> impl Iterator<Item = usize> {
    let next = move |rank: &usize| rank.checked_add((rank / fineness).max(1));
    std::iter::successors(Some(1), next).take_while(move |rank| *rank <= images)
}

impl Ranks {
    fn new(mut doubts: Vec<u32>, fineness: usize) -> Self {
        doubts.sort_unstable_by(|a, b| b.cmp(a));
        Ranks { images: doubts.len(), doubts: kept(doubts.len(), fineness).map(|rank| doubts[rank - 1]).collect() }
    }

    fn is_sound(&self, fineness: usize) -> bool {
        let descending = self.doubts.windows(2).all(|pair| pair[0] >= pair[1]);
        let in_range = self.doubts.iter().all(|doubt| f64::from(*doubt) <= UNIT);
        descending && in_range && kept(self.images, fineness).count() == self.doubts.len()
    }

    /// The highest doubt that a set may have at this level, and what that promises.
    fn at(&self, level: f64, certainty: f64, fineness: usize) -> Option<(u32, Promise)> {
        let rank = lowest_rank(self.images, level, certainty)?;
        // The next higher one that is kept: it holds a little more.
        let (place, rank) = kept(self.images, fineness).take_while(|kept| *kept <= rank).enumerate().last()?;
        let is_mean = self.images >= ENOUGH_FOR_THE_MEAN;
        let certainty = (!is_mean).then(|| certain(self.images, level, rank));
        Some((*self.doubts.get(place)?, Promise { level, images: self.images, certainty }))
    }
}

/// How certain it is that sets up to the doubt of this rank (1: the highest of `images`) hold the right class of `level` of all photos:
/// the share that they hold is drawn from the beta distribution of (images + 1 - rank, rank), whose upper tail is a sum over the
/// binomial distribution.
fn certain(images: usize, level: f64, rank: usize) -> f64 {
    1.0 - misses(images, level).take(rank).sum::<f64>()
}

/// How likely 0, 1, 2, ... of `images` photos are missed, each with the probability 1 - `level`. In logarithms, since it may be next to
/// nothing.
fn misses(images: usize, level: f64) -> impl Iterator<Item = f64> {
    let n = images as f64;
    let mut logarithm = n * level.ln();
    (0..=images).map(move |count| {
        let (own, k) = (logarithm, count as f64);
        logarithm += ((n - k) / (k + 1.0) * (1.0 - level) / level).ln();
        own.exp()
    })
}

/// The lowest rank that promises the level; `None` where not even the highest does.
fn lowest_rank(images: usize, level: f64, certainty: f64) -> Option<usize> {
    let rank = if images >= ENOUGH_FOR_THE_MEAN {
        // A hair's breadth for 201 * (1 - 0.95), which need not reach what it is.
        ((images + 1) as f64 * (1.0 - level) + 1e-9).floor() as usize
    } else {
        let mut missed = 0.0;
        let certain = misses(images, level).take_while(|own| {
            missed += own;
            1.0 - missed >= certainty
        });
        certain.count()
    };
    (1..=images).contains(&rank).then_some(rank)
}

impl Doubts {
    /// Of photos that did not train the model: rows of `n_classes` probabilities, and the labels. `None` where there is no photo, where
    /// lengths do not agree, a label is no class or a probability no number from 0 to 1.
    pub fn new(n_classes: usize, probabilities: &[f64], labels: &[u32]) -> Option<Self> {
        let fits = labels.len().checked_mul(n_classes) == Some(probabilities.len());
        let in_range = probabilities.iter().all(|p| (0.0..=1.0).contains(p));
        if labels.is_empty() || !fits || !in_range || labels.iter().any(|label| *label as usize >= n_classes) {
            return None;
        }
        let rows = labels.iter().zip(probabilities.chunks_exact(n_classes));
        let all: Vec<u32> = rows.map(|(label, row)| doubt(row[*label as usize])).collect();
        let of_class = |class: usize| {
            let own = labels.iter().zip(&all).filter(|(label, _)| **label as usize == class);
            Ranks::new(own.map(|(_, doubt)| *doubt).collect(), FINENESS_OF_A_CLASS)
        };
        let classes = (0..n_classes).map(of_class).collect();
        Some(Doubts { all: Ranks::new(all, FINENESS), classes })
    }

    /// How many photos were measured.
    pub fn images(&self) -> usize {
        self.all.images
    }

    /// Whether the numbers are such as [`Doubts::new`] makes for so many classes.
    pub(crate) fn is_sound(&self, n_classes: usize) -> bool {
        let Doubts { all, classes } = self;
        let sum = classes.iter().try_fold(0usize, |sum, class| sum.checked_add(class.images));
        all.images > 0
            && all.is_sound(FINENESS)
            && classes.len() == n_classes
            && sum == Some(all.images)
            && classes.iter().all(|class| class.is_sound(FINENESS_OF_A_CLASS))
    }

    /// Sets that hold the right class of this share (above 0, below 1) of all photos; where few photos were measured, with this
    /// certainty ([`CERTAINTY`] serves).
    ///
    /// # Errors
    /// Where too few were measured for the level.
    pub fn rule(&self, level: f64, certainty: f64) -> Result<SetRule, TooFew> {
        let found = self.all.at(level, certainty, FINENESS);
        let (limit, promise) = found.ok_or_else(|| self.too_few(certainty))?;
        Ok(SetRule { limits: vec![limit; self.classes.len()], promise, too_few: Vec::new() })
    }

    /// The same for the photos of every class by themselves. A class of too few photos has the wider one of two limits: that of all
    /// photos, and its own highest doubt.
    ///
    /// # Errors
    /// Where too few photos of all classes were measured for the level.
    pub fn rule_by_class(&self, level: f64, certainty: f64) -> Result<SetRule, TooFew> {
        let mut rule = self.rule(level, certainty)?;
        for (class, (ranks, limit)) in self.classes.iter().zip(&mut rule.limits).enumerate() {
            match ranks.at(level, certainty, FINENESS_OF_A_CLASS) {
                Some((own, promise)) => {
                    *limit = own;
                    // The least certain of those that have a certainty.
                    let certainties = [rule.promise.certainty, promise.certainty].into_iter().flatten();
                    rule.promise.certainty = certainties.reduce(f64::min);
                }
                None => {
                    *limit = ranks.doubts.first().map_or(*limit, |own| (*limit).max(*own));
                    rule.too_few.push((class, ranks.images));
                }
            }
        }
        Ok(rule)
    }

    fn too_few(&self, certainty: f64) -> TooFew {
        let images = self.all.images;
        let most = if images >= ENOUGH_FOR_THE_MEAN {
            images as f64 / (images + 1) as f64
        } else {
            // All photos were held: how far that goes.
            (1.0 - certainty).powf(1.0 / images as f64)
        };
        TooFew { images, most }
    }
}

impl SetRule {
    /// The same for classes in another order: where each of them was before.
    pub(crate) fn in_order(self, order: &[usize]) -> Self {
        let limits = order.iter().map(|class| self.limits[*class]).collect();
        let of = |place: usize| self.too_few.iter().find(|(class, _)| *class == order[place]);
        let too_few = (0..order.len()).filter_map(|place| Some((place, of(place)?.1))).collect();
        SetRule { limits, too_few, ..self }
    }

    /// Whether a class of this probability is in the set.
    pub fn holds(&self, class: usize, probability: f64) -> bool {
        self.limits.get(class).is_some_and(|limit| doubt(probability) <= *limit)
    }

    /// The set of a row of probabilities, most likely first (of equals, in the order of the classes). The most likely class is
    /// always in it, which only makes it hold more.
    pub fn set(&self, probabilities: &[f64]) -> Vec<usize> {
        set(probabilities, |class| self.holds(class, probabilities[class]))
    }
}

/// The classes that are held, and the most likely one, which is always.
pub(crate) fn set(probabilities: &[f64], holds: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    // The sort keeps equals in the order of the classes.
    order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
    let first = order.first().copied();
    order.retain(|class| Some(*class) == first || holds(*class));
    order
}

#[cfg(test)]
mod tests;
