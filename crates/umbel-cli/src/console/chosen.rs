//! Which display a run has.

use std::io::IsTerminal;

use super::display::Display;
use super::live::Live;
use super::plain::Plain;

/// Whether there is a live view: where standard error is a terminal that can move its cursor.
pub fn is_live() -> bool {
    std::io::stderr().is_terminal() && !console::is_dumb()
}

/// The live view where there is one, plain lines elsewhere.
pub fn for_stderr() -> Box<dyn Display> {
    if is_live() { Box::new(Live::new()) } else { Box::new(Plain::default()) }
}
