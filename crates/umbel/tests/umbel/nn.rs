//! Tests of `nn`.

mod form;
mod plan;
mod reference;
mod shapes;
mod state;
mod summary;
