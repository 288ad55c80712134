//! Tests of `nn`.

mod form;
mod plan;
mod probe;
mod reference;
mod shapes;
mod state;
mod summary;
