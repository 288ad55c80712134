//! The library's tests, one binary: each module of the library has its own file here.

mod check;
mod data;
mod demo;
mod floors;
mod golden;
mod model_file;
mod nn;
mod report;
mod train;
