//! The points of ROC and precision-recall curves, one class against the rest, and their means over the classes.

use super::Answers;

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

    fn curves(&self, curve: impl Fn(&[Operating], f64, f64) -> Option<Vec<Point>>) -> Vec<Option<Vec<Point>>> {
        let of = |class| {
            let points = self.operating_points(class);
            let Operating { hits, false_alarms, .. } = points[points.len() - 1];
            curve(&points, hits as f64, false_alarms as f64)
        };
        (0..self.n_classes()).map(of).collect()
    }
}

/// The mean of ROC curves: at each false positive rate, the unweighted mean of the true positive rates. The area below is
/// the mean of the areas. `None` where there is no curve.
pub fn macro_roc(curves: &[Option<Vec<Point>>]) -> Option<Vec<Point>> {
    mean(curves, |curve, x, after| {
        // Where the curve rises straight up there are two values, before and after.
        let right = curve.partition_point(|point| if after { point.0 <= x } else { point.0 < x });
        match (right.checked_sub(1).map(|left| curve[left]), curve.get(right)) {
            (None, Some(next)) => next.1,
            (Some(last), None) => last.1,
            (Some(last), Some(next)) => last.1 + (next.1 - last.1) * (x - last.0) / (next.0 - last.0),
            (None, None) => 0.0,
        }
    })
}

/// The mean of precision-recall curves: at each recall, the unweighted mean of the precisions. The area below is the mean
/// of the average precisions. `None` where there is no curve.
pub fn macro_precision_recall(curves: &[Option<Vec<Point>>]) -> Option<Vec<Point>> {
    mean(curves, |curve, x, after| {
        // The first point of a recall is that of the highest threshold that reaches it.
        let reaching = curve.partition_point(|point| if after { point.0 <= x } else { point.0 < x });
        curve[reaching.min(curve.len() - 1)].1
    })
}

/// Means at every place where one of the curves has a point, just before and just after it.
fn mean(curves: &[Option<Vec<Point>>], value: impl Fn(&[Point], f64, bool) -> f64) -> Option<Vec<Point>> {
    let known: Vec<&Vec<Point>> = curves.iter().flatten().filter(|curve| !curve.is_empty()).collect();
    let mut places: Vec<f64> = known.iter().flat_map(|curve| curve.iter().map(|point| point.0)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut points = Vec::with_capacity(2 * places.len());
    for x in places {
        for after in [false, true] {
            let sum: f64 = known.iter().map(|curve| value(curve, x, after)).sum();
            points.push((x, sum / known.len() as f64));
        }
    }
    points.dedup();
    (!points.is_empty()).then_some(points)
}
