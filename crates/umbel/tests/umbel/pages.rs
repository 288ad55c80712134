//! Tests of the pages: a run's report and a comparison, from made-up records.

mod compared;
mod many;
mod ranking;
mod records;
mod reported;
