//! From a run's records to pictures and tables. Reads records and run folders; never imports `nn`.

pub mod compare;
pub mod curves;
pub mod grid;
