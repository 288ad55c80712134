//! `umbel bench --profile`: where the time of a step goes, as a table or as one JSON object.

use serde::Serialize;
use umbel::base::shown::{column, padded, shown};
use umbel::nn::cpu::{Lap, Peak, Phase, Profile};
use umbel::nn::{Computed, Cpu};

use crate::console;

/// One row of the table.
#[derive(Debug, Serialize)]
struct Row {
    step: String,
    phase: Phase,
    ms: f64,
    /// Of the sum of all rows.
    share: f64,
    /// `None` (null) for what mostly moves data.
    gflops: Option<f64>,
    /// Share of the measured peak.
    of_peak: Option<f64>,
    megabytes: f64,
    gigabytes_per_second: f64,
    /// Share of the measured bandwidth; above 1 where the caches serve.
    of_bandwidth: f64,
}

/// The whole table.
#[derive(Debug, Serialize)]
pub struct Table {
    what: &'static str,
    batch: usize,
    precision: &'static str,
    isa: String,
    threads: usize,
    /// Of products of f32, whatever the step computes in.
    peak_gflops: f64,
    bandwidth_gigabytes_per_second: f64,
    /// The sum of the rows' medians.
    ms: f64,
    images_per_second: f64,
    gflops: f64,
    of_peak: f64,
    steps: Vec<Row>,
}

impl Table {
    pub fn new(what: &'static str, batch: usize, cpu: &Cpu, computed: Computed, profile: &Profile) -> Self {
        let peak = Peak::measure(cpu.isa());
        let seconds: f64 = profile.laps.iter().map(|lap| lap.median().as_secs_f64()).sum();
        let operations: u64 = profile.laps.iter().map(|lap| lap.operations).sum();
        let gflops = operations as f64 / seconds / 1e9;
        Table {
            what,
            batch,
            precision: computed.precision.name(),
            isa: computed.device,
            threads: rayon::current_num_threads(),
            peak_gflops: peak.operations_per_second / 1e9,
            bandwidth_gigabytes_per_second: peak.bytes_per_second / 1e9,
            ms: 1e3 * seconds,
            images_per_second: batch as f64 / seconds,
            gflops,
            of_peak: gflops * 1e9 / peak.operations_per_second,
            steps: profile.laps.iter().map(|lap| row(lap, seconds, &peak)).collect(),
        }
    }

    /// Writes it to standard output.
    pub fn print(&self) -> std::io::Result<()> {
        let widest = column(self.steps.iter().map(|row| row.step.as_str()), 0);
        console::line(format!(
            "{:widest$}  {:8} {:>9} {:>6} {:>8} {:>7} {:>8} {:>7} {:>9}",
            "step", "phase", "ms", "share", "GFLOP/s", "of peak", "MB", "GB/s", "of memory"
        ))?;
        for row in &self.steps {
            let known =
                |value: Option<f64>, digits: usize| value.map_or("-".into(), |value| format!("{value:.digits$}"));
            console::line(format!(
                "{}  {:8} {:>9.3} {:>6} {:>8} {:>7} {:>8.1} {:>7.1} {:>9}",
                padded(&shown(&row.step), widest),
                row.phase,
                row.ms,
                percent(row.share),
                known(row.gflops, 1),
                row.of_peak.map_or("-".into(), percent),
                row.megabytes,
                row.gigabytes_per_second,
                percent(row.of_bandwidth),
            ))?;
        }
        console::line("")?;
        console::line(format!(
            "{:.2} ms for {} photos in {}: {:.1} a second, {:.1} GFLOP/s ({} of the peak)",
            self.ms,
            self.batch,
            self.precision,
            self.images_per_second,
            self.gflops,
            percent(self.of_peak)
        ))?;
        console::line(format!(
            "Measured here, {} threads, {}: {:.1} GFLOP/s at most in f32, memory {:.1} GB/s.",
            self.threads, self.isa, self.peak_gflops, self.bandwidth_gigabytes_per_second
        ))
    }
}

fn row(lap: &Lap, all_seconds: f64, peak: &Peak) -> Row {
    let seconds = lap.median().as_secs_f64();
    let (operations, bytes) = (lap.operations as f64, lap.bytes as f64);
    let computes = lap.operations > 0;
    Row {
        step: lap.what.clone(),
        phase: lap.phase,
        ms: 1e3 * seconds,
        share: seconds / all_seconds,
        gflops: computes.then_some(operations / seconds / 1e9),
        of_peak: computes.then_some(operations / seconds / peak.operations_per_second),
        megabytes: bytes / 1e6,
        gigabytes_per_second: bytes / seconds / 1e9,
        of_bandwidth: bytes / seconds / peak.bytes_per_second,
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
