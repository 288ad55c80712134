//! What a file may cost.

use crate::base::budget::MemoryBudget;

/// What a file may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Limits {
    pub max_file_bytes: u64,
    pub max_pixels: u64,
    /// Of the width and of the height.
    pub max_side: u32,
    pub max_alloc_bytes: u64,
    /// What all photos that share it may take together; `None`: as much as they need.
    pub memory: Option<MemoryBudget>,
}

impl Default for Limits {
    /// 256 MiB a file, 200 megapixels, 1,048,576 pixels a side, 1 GiB of memory each, no bound on all together.
    fn default() -> Self {
        Limits {
            max_file_bytes: 256 << 20,
            max_pixels: 200_000_000,
            max_side: 1 << 20,
            max_alloc_bytes: 1 << 30,
            memory: None,
        }
    }
}

impl Limits {
    /// The default ones, and this bound on all photos together.
    pub fn within(memory: &MemoryBudget) -> Self {
        Limits { memory: Some(memory.clone()), ..Limits::default() }
    }
}
