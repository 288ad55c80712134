//! The CPU engine as a value: its instruction set.

use std::fmt;

use umbel_kernels::isa::UnusableIsa;
use umbel_kernels::{Isa, Precision};

use super::inference::Inference;
use super::probe::CpuProbe;
use crate::nn::Model;
use crate::nn::engine::{Computed, Engine, Infer, Probe};
use crate::{Error, Result};

/// Computes on this machine's CPU, in rayon's current pool. Results have the same bits for any number of threads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    isa: Isa,
}

impl Cpu {
    /// With the best instruction set that this CPU has.
    pub fn best() -> Self {
        Isa::best().into()
    }

    /// With the instruction set of that name.
    ///
    /// # Errors
    /// [`Error::Setting`] where there is none of that name, or this CPU lacks it.
    pub fn named(name: &str) -> Result<Self> {
        let refused = |unusable: UnusableIsa| Error::Setting {
            setting: "the instruction set".into(),
            value: unusable.asked,
            expected: format!("one of {} on this CPU", unusable.usable.join(", ")),
        };
        Isa::named(name).map(Cpu::from).map_err(refused)
    }

    /// The best instruction set that it was made with.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// [`Engine::infer`], as the type that it is.
    ///
    /// # Errors
    /// Those of [`Engine::infer`].
    pub fn inference(&self, model: &Model, batch: usize, precision: Precision) -> Result<Inference> {
        Inference::new(self.isa.for_precision(precision), model, batch, precision)
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Cpu::best()
    }
}

impl From<Isa> for Cpu {
    fn from(isa: Isa) -> Self {
        Cpu { isa }
    }
}

impl fmt::Debug for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cpu").field(&self.isa.name()).finish()
    }
}

impl Engine for Cpu {
    fn computes(&self, precision: Precision) -> Computed {
        Computed { device: self.isa.for_precision(precision).name().to_string(), precision }
    }

    fn fastest_precision(&self) -> Precision {
        Precision::auto(self.isa)
    }

    fn infer(&self, model: &Model, batch: usize, precision: Precision) -> Result<Box<dyn Infer>> {
        Ok(Box::new(self.inference(model, batch, precision)?))
    }

    fn probe(&self, model: &Model, layer: Option<&str>) -> Result<Box<dyn Probe>> {
        Ok(Box::new(CpuProbe::new(self.isa.for_precision(Precision::F32), model, layer)?))
    }
}
