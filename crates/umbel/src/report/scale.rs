//! What the axes of a figure show: ranges that fit the values, and ticks at round numbers.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::base::progress::EpochRecord;

/// From where to where an axis goes, its ticks, and the decimals of their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    pub decimals: usize,
    /// What stands at the ticks, where it is not their numbers.
    pub labels: Vec<String>,
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        start + (f64::from(end - start) * share).round() as i32
    }

    /// The ticks, however many labels plotters would like; no minor ones.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl Scale {
    fn with_ticks(self, ticks: impl Iterator<Item = f64>) -> Self {
        Scale { ticks: ticks.collect(), ..self }
    }
}

impl ValueFormatter<f64> for Scale {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().position(|tick| tick == value);
        tick.and_then(|tick| self.labels.get(tick).cloned()).unwrap_or_else(|| format!("{value:.*}", self.decimals))
    }
}

/// Epochs: whole numbers only, never more than a dozen ticks.
pub fn epochs(first: usize, last: usize) -> Scale {
    let (low, high) = (first as f64, last as f64);
    let pad = if first == last { 0.5 } else { 0.025 * (high - low) };
    let step = (0..)
        .flat_map(|power| [1usize, 2, 5].map(|k| k.saturating_mul(10usize.saturating_pow(power))))
        .find(|step| last.saturating_sub(first) / step < 11)
        .unwrap_or(usize::MAX);
    // Steps of two count from the first epoch; wider ones show the round numbers, and the first where there is room.
    let mut ticks: Vec<usize> = if step <= 2 {
        (first..=last).step_by(step).collect()
    } else {
        (first.div_ceil(step)..=last / step).map(|k| k * step).collect()
    };
    if ticks.first().is_none_or(|&tick| tick - first > step / 2) {
        ticks.insert(0, first);
    }
    let ticks = ticks.into_iter().map(|t| t as f64).collect();
    Scale { low: low - pad, high: high + pad, ticks, decimals: 0, labels: Vec::new() }
}

/// Rows that are no epochs but strengths of L2, as they were tried: ticks at every other, told by their strengths.
pub fn strengths(rows: &[EpochRecord]) -> Scale {
    let scale = epochs(1, rows.len().max(1));
    let told: Vec<&EpochRecord> = rows.iter().step_by(2).collect();
    let labels = told.iter().map(|row| row.l2.map_or_else(String::new, |strength| strength.to_string())).collect();
    Scale { ticks: told.iter().map(|row| row.epoch as f64).collect(), labels, ..scale }
}

/// Accuracies: 0 to 1, or the upper half where nothing lies below it.
pub fn accuracy(values: &[f64]) -> Scale {
    let lowest = values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
    let (low, step) = if (0.5..=1.0).contains(&lowest) { (0.5, 0.1) } else { (0.0, 0.2) };
    Scale { low, ..share() }.with_ticks((0..=5).map(|k| low + step * f64::from(k)))
}

/// Shares: 0 to 1.
pub fn share() -> Scale {
    Scale { low: 0.0, high: 1.0, ticks: (0..=5).map(|k| 0.2 * f64::from(k)).collect(), decimals: 1, labels: Vec::new() }
}

/// Losses: from 0 to the highest value; a few outliers that would flatten all the rest are left off the scale.
pub fn loss(values: &[f64]) -> Scale {
    let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let highest = finite.last().copied().unwrap_or(1.0);
    let usual = finite.get(finite.len() * 4 / 5).copied().unwrap_or(highest);
    let top = if highest > 5.0 * usual && usual > 0.0 { 2.0 * usual } else { highest };
    let top = if top > 0.0 { top } else { 1.0 };
    let rough = top / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|k| k * power).find(|s| *s >= rough).unwrap_or(rough);
    let count = (top / step).ceil().max(1.0);
    let quarter = (step / power - 2.5).abs() < 1e-9;
    let decimals = (-power.log10().floor()).clamp(0.0, 12.0) as usize + usize::from(quarter);
    let ticks = (0..=count as usize).map(|k| k as f64 * step).collect();
    Scale { low: 0.0, high: count * step, ticks, decimals, labels: Vec::new() }
}

/// The pieces of a curve to draw: values that are no numbers interrupt it, values above `top` are cut off where the
/// line crosses it.
pub fn pieces(epochs: &[EpochRecord], value: impl Fn(&EpochRecord) -> f64, top: f64) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    for record in epochs {
        let here = (record.epoch as f64, value(record));
        if !here.1.is_finite() {
            pieces.push(std::mem::take(&mut piece));
            last = None;
            continue;
        }
        if let Some(before) = last
            && (before.1 > top) != (here.1 > top)
        {
            let share = (top - before.1) / (here.1 - before.1);
            piece.push((before.0 + share * (here.0 - before.0), top));
        }
        if here.1 > top {
            pieces.push(std::mem::take(&mut piece));
        } else {
            piece.push(here);
        }
        last = Some(here);
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_have_whole_round_ticks() {
        assert_eq!(epochs(1, 1).ticks, [1.0]);
        assert_eq!(epochs(1, 4).ticks, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(epochs(1, 15).ticks, [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0]);
        assert_eq!(epochs(1, 50).ticks, [1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0]);
        assert_eq!(epochs(1, 100).ticks.len(), 11);
        assert!(epochs(1, 12345).ticks.len() <= 12);
        assert!(epochs(0, usize::MAX).ticks.len() <= 13);
    }

    #[test]
    fn losses_start_at_zero_and_end_at_a_tick() {
        let scale = loss(&[1.6, 0.4, f64::NAN, f64::INFINITY]);
        assert_eq!((scale.low, scale.high, scale.decimals), (0.0, 2.0, 1));
        assert_eq!(loss(&[]).high, 1.0);
        assert_eq!(loss(&[0.0, 0.0]).high, 1.0);
        let tiny = loss(&[0.0011]);
        assert!(tiny.high >= 0.0011 && tiny.high < 0.002 && tiny.decimals >= 4, "{tiny:?}");
        let spiked = loss(&[900.0, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7]);
        assert!(spiked.high < 5.0, "{spiked:?}");
        assert!(loss(&[1e300]).ticks.len() < 10);
    }

    #[test]
    fn curves_break_at_nan_and_are_cut_at_the_top() {
        let record = |epoch, loss| EpochRecord {
            epoch,
            loss,
            accuracy: 0.0,
            val_loss: 0.0,
            val_accuracy: 0.0,
            lr: 0.0,
            seconds: 0.0,
            images_per_second: 0.0,
            ..EpochRecord::default()
        };
        let records = [record(1, 3.0), record(2, 1.0), record(3, f64::NAN), record(4, 0.5)];
        assert_eq!(pieces(&records, |r| r.loss, 2.0), [vec![(1.5, 2.0), (2.0, 1.0)], vec![(4.0, 0.5)]]);
        assert!(pieces(&records, |r| r.loss, 0.1).is_empty());
    }
}
