//! Tests of `nn`.

pub mod compare;
mod engine_updates;
mod engines;
mod form;
mod graph;
pub mod oracle;
mod plan;
mod probe;
mod profile;
mod reference;
mod shapes;
mod state;
mod summary;
mod sweeps;
