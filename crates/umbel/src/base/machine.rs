//! The computer that a run ran on, as far as the operating system tells.

use serde::{Deserialize, Serialize};

use super::threads;

/// Told with a run's figures; of it, only the instruction set and the precision have a say in the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The program's version.
    pub umbel: String,
    /// Operating system and architecture.
    pub system: String,
    /// `None` where the system does not tell.
    pub cpu: Option<String>,
    /// That the program may use.
    pub cores: usize,
    /// That it did use.
    pub threads: usize,
    /// Instruction set of the kernels.
    pub isa: String,
    /// Of the products; older versions knew but one.
    #[serde(default = "single")]
    pub precision: String,
}

fn single() -> String {
    "f32".to_string()
}

impl Machine {
    /// This one, under the thread pool at hand; `processor` is its CPU's name where the operating system does not tell it.
    pub fn here(isa: &str, precision: &str, processor: Option<&str>) -> Self {
        Machine {
            umbel: env!("CARGO_PKG_VERSION").to_string(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cpu: cpu_name().or_else(|| processor.map(str::to_string)),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads: threads::ready().map_or(1, |()| rayon::current_num_threads()),
            isa: isa.to_string(),
            precision: precision.to_string(),
        }
    }
}

/// The CPU's own name, where the operating system tells it.
pub fn cpu_name() -> Option<String> {
    if let Ok(text) = std::fs::read_to_string("/proc/cpuinfo") {
        let named = text.lines().find(|line| line.starts_with("model name") || line.starts_with("Model"));
        return named.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim().to_string());
    }
    if cfg!(target_os = "macos") {
        let output = std::process::Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
        return Some(String::from_utf8_lossy(&output.stdout).trim().to_string()).filter(|name| !name.is_empty());
    }
    None
}
