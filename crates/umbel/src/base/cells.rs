//! Cells of tables that people open: a spreadsheet runs what begins like a formula, so such a text gets an apostrophe in front,
//! which a spreadsheet takes for "this is text". Reading takes it away again.

use std::borrow::Cow;

/// What a spreadsheet may take for the beginning of a formula; the wide ones stand on East Asian keyboards.
const FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// `text` as it is written into a cell.
pub fn defused(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What [`defused`] made a cell of.
pub fn restored(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

/// Also with apostrophes before it: else one of these could not be told from one that was put there.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_text_and_reads_back() {
        for text in ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-1"] {
            assert_eq!(defused(text), format!("'{text}"));
            assert_eq!(restored(&defused(text)), text);
        }
        for text in ["roses", "'tis", "'", "", "a=b", " =1", "0.5"] {
            assert_eq!(defused(text), text);
            assert_eq!(restored(text), text);
        }
    }
}
