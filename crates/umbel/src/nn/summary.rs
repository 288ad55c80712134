//! The layer table, as Keras prints it.

use serde::Serialize;

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SummaryLayer {
    pub name: String,
    pub kind: String,
    /// Without the batch axis.
    pub output: Vec<usize>,
    pub parameters: usize,
}

/// The table and its sums (JSON by contract).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Summary {
    pub parameters: usize,
    pub trainable: usize,
    pub layers: Vec<SummaryLayer>,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
