//! The points of ROC and precision-recall curves, one class against the rest, and their means over the classes.

use rayon::prelude::*;

use super::Answers;
use super::one_vs_rest::Group;
use super::ranking::totals;

/// What happens at one threshold: all photos of at least that probability are taken for the class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operating {
    /// The probability; infinite where no photo is taken.
    pub threshold: f64,
    /// Photos of the class among those taken.
    pub hits: usize,
    /// Photos of other classes among those taken.
    pub false_alarms: usize,
}

/// A point of a curve: for ROC (false positive rate, true positive rate), for precision-recall (recall, precision).
pub type Point = (f64, f64);

/// Curves of all classes, each one against the rest; `None` where it is not defined.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Outlines {
    pub roc: Vec<Option<Vec<Point>>>,
    pub precision_recall: Vec<Option<Vec<Point>>>,
}

impl Answers<'_> {
    /// What each threshold gives for one class, the highest first; the first takes no photo, the last takes all.
    ///
    /// # Panics
    /// Where `class` is not below [`Answers::n_classes`].
    pub fn operating_points(&self, class: usize) -> Vec<Operating> {
        let mut photos: Vec<(f64, bool)> = self.rows().map(|(label, row)| (row[class], label == class)).collect();
        photos.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut points = vec![Operating { threshold: f64::INFINITY, hits: 0, false_alarms: 0 }];
        for group in photos.chunk_by(|a, b| a.0 == b.0) {
            let own = group.iter().filter(|(_, own)| *own).count();
            let Operating { hits, false_alarms, .. } = points[points.len() - 1];
            points.push(Operating {
                threshold: group[0].0,
                hits: hits + own,
                false_alarms: false_alarms + group.len() - own,
            });
        }
        points
    }

    /// The ROC curve of each class against all others, from (0, 0) to (1, 1), straight between its points. `None` where
    /// all photos or none are of the class.
    pub fn roc_curves(&self) -> Vec<Option<Vec<Point>>> {
        self.curves(|points, own, others| {
            let share = |point: &Operating| (point.false_alarms as f64 / others, point.hits as f64 / own);
            (own > 0.0 && others > 0.0).then(|| points.iter().map(share).collect())
        })
    }

    /// The precision-recall curve of each class against all others, by falling threshold: at a recall between two points,
    /// the precision is that of the next one (so the area below is the average precision). The first point is (0, 1),
    /// where no photo is taken. `None` where no photo is of the class.
    pub fn precision_recall_curves(&self) -> Vec<Option<Vec<Point>>> {
        self.curves(|points, own, _| {
            let share = |point: &Operating| {
                let taken = (point.hits + point.false_alarms) as f64;
                (point.hits as f64 / own, if taken > 0.0 { point.hits as f64 / taken } else { 1.0 })
            };
            (own > 0.0).then(|| points.iter().map(share).collect())
        })
    }

    /// The curves of all classes by their corners alone: what a drawing needs, and far fewer points where classes are many. Points that
    /// [`roc_curves`](Answers::roc_curves) and [`precision_recall_curves`](Answers::precision_recall_curves) have beside these lie straight
    /// between them, on a level or upright line.
    pub fn outlines(&self) -> Outlines {
        let mut outlines = Outlines { roc: Vec::new(), precision_recall: Vec::new() };
        for groups in self.groups() {
            let ((own, others), taken) = (totals(&groups), taken(&groups));
            let rates = || taken.iter().map(|(hits, alarms)| (alarms / others, hits / own)).collect();
            outlines.roc.push((own > 0.0 && others > 0.0).then(rates));
            let precision = |hits: f64, alarms: f64| if hits + alarms > 0.0 { hits / (hits + alarms) } else { 1.0 };
            let points = || taken.iter().map(|(hits, alarms)| (hits / own, precision(*hits, *alarms))).collect();
            outlines.precision_recall.push((own > 0.0).then(points));
        }
        outlines
    }

    fn curves(&self, curve: impl Fn(&[Operating], f64, f64) -> Option<Vec<Point>>) -> Vec<Option<Vec<Point>>> {
        let of = |class| {
            let points = self.operating_points(class);
            let Operating { hits, false_alarms, .. } = points[points.len() - 1];
            curve(&points, hits as f64, false_alarms as f64)
        };
        (0..self.n_classes()).map(of).collect()
    }
}

/// Photos of the class and others that are taken, from none to all.
fn taken(groups: &[Group]) -> Vec<(f64, f64)> {
    let next = |taken: &mut (f64, f64), group: &Group| {
        *taken = (taken.0 + group.own as f64, taken.1 + group.others as f64);
        Some(*taken)
    };
    std::iter::once((0.0, 0.0)).chain(groups.iter().scan((0.0, 0.0), next)).collect()
}

/// The mean of ROC curves: at each false positive rate, the unweighted mean of the true positive rates. The area below is
/// the mean of the areas. `None` where there is no curve.
pub fn macro_roc(curves: &[Option<Vec<Point>>]) -> Option<Vec<Point>> {
    // Where the curve rises straight up there are two values, before and after.
    mean(curves, |curve, right, x| match (right.checked_sub(1).map(|left| curve[left]), curve.get(right)) {
        (None, Some(next)) => next.1,
        (Some(last), None) => last.1,
        (Some(last), Some(next)) => last.1 + (next.1 - last.1) * (x - last.0) / (next.0 - last.0),
        (None, None) => 0.0,
    })
}

/// The mean of precision-recall curves: at each recall, the unweighted mean of the precisions. The area below is the mean
/// of the average precisions. `None` where there is no curve.
pub fn macro_precision_recall(curves: &[Option<Vec<Point>>]) -> Option<Vec<Point>> {
    // The first point of a recall is that of the highest threshold that reaches it.
    mean(curves, |curve, reaching, _| curve[reaching.min(curve.len() - 1)].1)
}

/// Places whose means are taken at a time.
const BLOCK: usize = 256;

/// Means at every place where one of the curves has a point, just before and just after it. `value` is given a curve, its first point
/// that lies at the place (or, after it, beyond) and the place.
fn mean(curves: &[Option<Vec<Point>>], value: impl Fn(&[Point], usize, f64) -> f64 + Sync) -> Option<Vec<Point>> {
    let known: Vec<&Vec<Point>> = curves.iter().flatten().filter(|curve| !curve.is_empty()).collect();
    let mut places: Vec<f64> = known.iter().flat_map(|curve| curve.iter().map(|point| point.0)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let of_block = |block: &[f64]| {
        let begin = |curve: &&Vec<Point>| curve.partition_point(|point| point.0 < block[0]);
        let mut next: Vec<usize> = known.iter().map(begin).collect();
        let mut points = Vec::with_capacity(2 * block.len());
        for &x in block {
            for is_beyond in [|place: f64, x: f64| place >= x, |place: f64, x: f64| place > x] {
                let mut sum = 0.0;
                for (curve, next) in known.iter().zip(&mut next) {
                    while curve.get(*next).is_some_and(|point| !is_beyond(point.0, x)) {
                        *next += 1;
                    }
                    sum += value(curve, *next, x);
                }
                points.push((x, sum / known.len() as f64));
            }
        }
        points
    };
    let mut points: Vec<Point> = places.par_chunks(BLOCK).flat_map_iter(of_block).collect();
    points.dedup();
    (!points.is_empty()).then_some(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    #[test]
    fn outlines_are_the_curves_without_what_lies_straight_between() {
        let mut random = Stream::new(2, Purpose::Demo, 0, 0);
        for (classes, photos, steps) in [(3, 60, 1_000_000), (6, 300, 20), (50, 40, 90)] {
            let labels: Vec<u32> = (0..photos).map(|_| random.below(classes) as u32).collect();
            let rows: Vec<f64> = (0..photos * classes).map(|_| random.below(steps) as f64 / steps as f64).collect();
            let answers = Answers::new(&labels, &rows, classes).unwrap();
            let outlines = answers.outlines();
            for (outlines, whole) in
                [(&outlines.roc, answers.roc_curves()), (&outlines.precision_recall, answers.precision_recall_curves())]
            {
                let pairs: Vec<_> = outlines.iter().zip(&whole).collect();
                assert!(pairs.iter().all(|(few, all)| few.is_some() == all.is_some()));
                for (few, all) in pairs.into_iter().filter_map(|(few, all)| Some((few.as_ref()?, all.as_ref()?))) {
                    let mut corners = few.iter().peekable();
                    let mut last = few[0];
                    for point in all {
                        // No photo of the class yet: the precision stays 0.
                        if *point == last && point != &few[0] {
                            continue;
                        }
                        if corners.next_if_eq(&point).is_some() {
                            last = *point;
                            continue;
                        }
                        let next = *corners.peek().expect("the last point is a corner");
                        let is_level = point.1 == last.1 && point.1 == next.1;
                        assert!(is_level || point.0 == last.0 && point.0 == next.0, "{last:?} {point:?} {next:?}");
                    }
                    assert!(corners.next().is_none(), "a corner that is no point of the curve");
                }
            }
            let places = |points: Option<Vec<Point>>| points.unwrap();
            let (few, all) = (places(macro_roc(&outlines.roc)), places(macro_roc(&answers.roc_curves())));
            assert!(few.iter().all(|own| all.iter().any(|point| point.0 == own.0 && (point.1 - own.1).abs() < 1e-12)));
        }
    }
}
