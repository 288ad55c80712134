//! Tests of the program as a user sees it: the real binary, on small folders drawn here, with a cache of its own.

mod archives;
mod auto;
mod bad_input;
mod boxes;
mod check;
mod demo;
mod depth;
#[cfg(feature = "net")]
mod download;
mod eval;
mod explain;
mod faults;
#[cfg(target_os = "linux")]
mod few_threads;
#[cfg(feature = "net")]
mod get;
#[cfg(feature = "net")]
mod get_faults;
#[cfg(feature = "net")]
mod get_hub;
mod going_on;
mod help;
mod hostile_names;
mod kept;
mod kill;
mod languages;
mod licenses;
#[cfg(unix)]
mod no_hang;
#[cfg(target_os = "linux")]
mod no_network;
mod numerics;
mod predict;
mod predict_sure;
mod pretrained;
mod resume;
#[cfg(feature = "net")]
mod s3;
mod scripts;
#[cfg(feature = "net")]
mod server;
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
