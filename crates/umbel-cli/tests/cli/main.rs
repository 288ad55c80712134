//! Tests of the program as a user sees it: the real binary, on small folders drawn here, with a cache of its own.

mod bad_input;
mod check;
mod demo;
mod depth;
#[cfg(feature = "download")]
mod download;
mod eval;
mod explain;
mod faults;
mod help;
mod kept;
mod kill;
mod numerics;
mod predict;
mod pretrained;
mod resume;
mod settings;
mod sizes;
mod splits;
mod support;
mod tensorboard;
mod terminal;
mod tools;
mod train;
mod weights;
