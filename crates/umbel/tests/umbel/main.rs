//! The library's tests, one binary: each module of the library has its own file here.

mod check;
mod data;
mod demo;
mod errors;
mod explain;
mod floors;
mod golden;
mod kept;
mod metrics;
mod model_file;
mod nn;
mod pages;
mod readme;
mod report;
mod run;
mod scripts;
mod settings;
mod tensorboard;
#[allow(dead_code)]
mod tiny_font;
mod train;
mod trial;
mod unfamiliar;
mod words;
