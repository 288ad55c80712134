//! Tests of `nn`.

mod compare;
mod form;
mod graph;
mod plan;
mod probe;
mod reference;
mod shapes;
mod state;
mod summary;
