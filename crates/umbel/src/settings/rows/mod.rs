//! The table: every setting, in the order in which they are listed. Those that others depend on stand before them.

mod data;
mod network;
mod optimizer;
mod running;
mod training;

use super::row::Row;

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [network::ROWS, data::ROWS, training::FIRST, optimizer::ROWS, training::ROWS, running::ROWS].into_iter().flatten()
}

/// The row of a key.
pub fn find(key: &str) -> Option<&'static Row> {
    rows().find(|row| row.key == key)
}
