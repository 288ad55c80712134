//! What accuracy and all means over the classes follow from: three counts a class, where a confusion matrix holds one for every two
//! classes.

use super::{ClassScore, Means};

/// By class: photos of it, photos that were taken for it, and photos that are both.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    classes: Vec<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    support: u64,
    predicted: u64,
    right: u64,
}

impl Tally {
    pub fn empty(n_classes: usize) -> Self {
        Tally { classes: vec![Counts::default(); n_classes] }
    }

    pub fn clear(&mut self) {
        self.classes.fill(Counts::default());
    }

    /// So many photos of one class that were taken for one, perhaps for their own.
    pub fn add(&mut self, label: usize, predicted: usize, images: u64) {
        self.classes[label].support += images;
        self.classes[predicted].predicted += images;
        if label == predicted {
            self.classes[label].right += images;
        }
    }

    pub fn images(&self) -> u64 {
        self.classes.iter().map(|own| own.support).sum()
    }

    pub fn accuracy(&self) -> f64 {
        share(self.classes.iter().map(|own| own.right).sum(), self.images())
    }

    pub fn scores(&self) -> impl Iterator<Item = ClassScore> {
        self.classes.iter().map(Counts::score)
    }

    /// By class.
    pub fn supports(&self) -> impl Iterator<Item = u64> {
        self.classes.iter().map(|own| own.support)
    }

    pub fn macro_means(&self) -> Means {
        self.means(Counts::occurs)
    }

    pub fn weighted_means(&self) -> Means {
        self.means(|own| own.support)
    }

    /// Those of [`macro_means`](Tally::macro_means), each by itself: the bootstrap asks for them a thousand times.
    pub fn macro_f1(&self) -> f64 {
        self.mean(Counts::occurs, Counts::f1)
    }

    pub fn balanced_accuracy(&self) -> f64 {
        self.mean(|own| u64::from(own.support > 0), Counts::recall)
    }

    /// Agreement by chance, times the square of the photos: a sum over the classes.
    pub fn by_chance(&self) -> f64 {
        self.classes.iter().map(|own| own.support as f64 * own.predicted as f64).sum()
    }

    fn means(&self, weight: impl Fn(&Counts) -> u64 + Copy) -> Means {
        Means {
            precision: self.mean(weight, Counts::precision),
            recall: self.mean(weight, Counts::recall),
            f1: self.mean(weight, Counts::f1),
        }
    }

    fn mean(&self, weight: impl Fn(&Counts) -> u64, value: impl Fn(&Counts) -> f64) -> f64 {
        let total = self.classes.iter().map(&weight).sum::<u64>() as f64;
        self.classes.iter().fold(0.0, |mean, own| mean + weight(own) as f64 / total * value(own))
    }
}

impl Counts {
    fn precision(&self) -> f64 {
        share(self.right, self.predicted)
    }

    fn recall(&self) -> f64 {
        share(self.right, self.support)
    }

    fn f1(&self) -> f64 {
        share(2 * self.right, self.predicted + self.support)
    }

    /// 1 where a photo is of the class or was taken for it.
    fn occurs(&self) -> u64 {
        u64::from(self.predicted + self.support > 0)
    }

    fn score(&self) -> ClassScore {
        ClassScore { precision: self.precision(), recall: self.recall(), f1: self.f1(), support: self.support }
    }
}

/// What would be divided by 0 is 0.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
