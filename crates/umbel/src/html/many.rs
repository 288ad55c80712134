//! How a page shows very many classes: a person looks at those at both ends, and a browser takes long to lay out all.

use std::cmp::Reverse;

/// Of more rows, only some stand open, the others behind a line that opens.
pub const OPEN: usize = 30;
/// Rows that stand open at either end.
pub const ENDS: usize = 10;
/// Rows of a table behind such a line, at most.
pub const MOST_ROWS: usize = 2_000;

/// The largest and the smallest of more than [`OPEN`] rows, [`ENDS`] of each, the largest first.
pub fn ends<T: Clone>(rows: &[T], size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut by_size = rows.to_vec();
    by_size.sort_by_key(|row| Reverse(size(row)));
    [&by_size[..ENDS], &by_size[by_size.len() - ENDS..]].concat()
}
