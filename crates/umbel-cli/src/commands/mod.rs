//! One file a command: from its typed arguments to the library and back to what the user sees.

pub mod bench;
pub mod check;
pub mod compare;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod eval;
pub mod explain;
pub mod get;
pub mod help;
pub mod licenses;
pub mod lr_find;
pub mod man;
pub mod models;
pub mod predict;
pub mod preview;
mod promise;
pub mod report;
pub mod summary;
pub mod train;

mod answers;
mod detected;
mod doubtful;
mod fetched;
mod keep;
mod kept;
mod model;
mod network;
mod photos;
mod suspects;
mod sure;
mod watch;
