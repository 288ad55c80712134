//! `umbel doctor`: what umbel found on this computer.

use std::path::Path;

use serde::Serialize;
use umbel::Surroundings;
use umbel::base::fonts::Fonts;
use umbel::base::machine::Machine;
use umbel::data::CacheOptions;
use umbel::nn::{Isa, Precision};
use umbel::report::grid::{self, Cell};

use crate::args::DoctorArgs;
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &DoctorArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let findings = Findings::collect(surroundings)?;
    if args.json {
        console::json(&findings)?;
    } else {
        console::lines(&findings.to_string())?;
    }
    Ok(Outcome::Done)
}

/// Everything that is shown.
#[derive(Debug, Serialize)]
struct Findings {
    version: &'static str,
    system: String,
    cpu: Option<String>,
    cores: usize,
    threads: usize,
    isa: String,
    /// What `--precision auto` comes to.
    precision: &'static str,
    usable_isas: Vec<&'static str>,
    /// What `UMBEL_ISA` says, if it is set.
    isa_from_environment: Option<String>,
    /// Whether pictures with words in them can be drawn and written.
    pictures: bool,
    cache: String,
    cache_bytes: u64,
    cache_limit_bytes: u64,
}

impl Findings {
    fn collect(surroundings: &Surroundings) -> anyhow::Result<Self> {
        let cache = CacheOptions::within(surroundings.cache.clone(), &surroundings.memory);
        let engine = &surroundings.engine;
        let precision = engine.fastest_precision().name();
        // In bf16 an engine says all that it can do.
        let isa = engine.computes(Precision::Bf16).device;
        let Machine { system, cpu, cores, threads, .. } =
            Machine::here(&isa, precision, surroundings.processor.as_deref());
        Ok(Findings {
            version: env!("CARGO_PKG_VERSION"),
            system,
            cpu,
            cores,
            threads,
            isa,
            precision,
            usable_isas: Isa::usable().into_iter().map(Isa::name).collect(),
            isa_from_environment: surroundings.isa.clone(),
            pictures: draws_pictures(),
            cache: cache.folder.to_string_lossy().into_owned(),
            cache_bytes: folder_bytes(&cache.folder),
            cache_limit_bytes: cache.max_bytes,
        })
    }
}

impl std::fmt::Display for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chosen = match &self.isa_from_environment {
            Some(value) => format!("{} (UMBEL_ISA={value})", self.isa),
            None => format!("{} (the best here; UMBEL_ISA lowers it)", self.isa),
        };
        writeln!(f, "umbel            {}", self.version)?;
        writeln!(f, "system           {}", self.system)?;
        writeln!(f, "CPU              {}", self.cpu.as_deref().unwrap_or("unknown"))?;
        writeln!(f, "cores            {}", self.cores)?;
        writeln!(f, "threads          {}", self.threads)?;
        writeln!(f, "instruction sets {}", self.usable_isas.join(", "))?;
        writeln!(f, "used             {chosen}")?;
        let auto = match self.precision {
            "bf16" => "bf16: this CPU trains faster with it",
            _ => "f32: this CPU would gain nothing from bf16",
        };
        writeln!(f, "--precision auto {auto}")?;
        let pictures = if self.pictures { "ok, with the font that umbel brings along" } else { "cannot be drawn" };
        writeln!(f, "pictures         {pictures}")?;
        writeln!(f, "cache            {}", self.cache)?;
        let (used, limit) = (console::bytes(self.cache_bytes), console::bytes(self.cache_limit_bytes));
        write!(f, "cache size       {used} of at most {limit}; safe to delete")
    }
}

/// Draws and writes one small captioned picture.
fn draws_pictures() -> bool {
    let Ok(folder) = tempfile::tempdir() else { return false };
    let cell = Cell { caption: "umbel".to_string(), size: 32, pixels: vec![128; 32 * 32 * 3] };
    grid::write_png(&folder.path().join("font.png"), 1, &[cell], &Fonts::built_in()).is_ok()
}

/// Bytes of all files below a folder; what cannot be read counts nothing.
fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
