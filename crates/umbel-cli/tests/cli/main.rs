//! Tests of the program as a user sees it: the real binary, on small folders drawn here, with a cache of its own.

mod auto;
mod bad_input;
mod boxes;
mod check;
mod demo;
mod depth;
#[cfg(feature = "download")]
mod download;
mod eval;
mod explain;
mod faults;
#[cfg(target_os = "linux")]
mod few_threads;
mod going_on;
mod help;
mod hostile_names;
mod kept;
mod kill;
mod languages;
mod licenses;
#[cfg(unix)]
mod no_hang;
mod numerics;
mod predict;
mod predict_sure;
mod pretrained;
mod resume;
mod scripts;
mod settings;
mod several;
mod sizes;
mod splits;
mod support;
mod tensorboard;
mod terminal;
mod tools;
mod train;
#[cfg(unix)]
mod watch;
mod weights;
mod wrong_place;
