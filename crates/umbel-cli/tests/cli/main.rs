//! Tests of the program as a user sees it: the real binary, on small folders drawn here, with a cache of its own.

mod bad_input;
mod check;
mod demo;
mod help;
mod predict;
mod resume;
mod support;
mod tools;
mod train;
