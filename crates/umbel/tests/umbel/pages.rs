//! Tests of the pages: a run's report and a comparison, from made-up records.

mod compared;
mod ranking;
mod records;
mod reported;
