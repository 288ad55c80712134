//! Which display a run has.

use std::io::IsTerminal;

use super::display::Display;
use super::live::Live;
use super::plain::Plain;

/// The live view where standard error is a terminal that can move its cursor, plain lines elsewhere.
pub fn for_stderr() -> Box<dyn Display> {
    let live = std::io::stderr().is_terminal() && !console::is_dumb();
    if live { Box::new(Live::new()) } else { Box::new(Plain::default()) }
}
