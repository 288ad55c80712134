//! Tests of `nn`.

mod compare;
mod form;
mod graph;
mod plan;
mod probe;
mod profile;
mod reference;
mod shapes;
mod state;
mod summary;
mod sweeps;
