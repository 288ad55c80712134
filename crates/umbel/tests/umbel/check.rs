//! Tests of `umbel::check` on pictures drawn here: every kind of finding, and that distinct pictures are left alone.

mod duplicates;
mod kinds;
pub mod pictures;
