//! The last layer of a network that was trained by somebody else.

use std::fmt;

/// What became of a pretrained network's last layer, which tells the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// The file's: it has as many classes.
    Kept,
    /// A new one, to be trained. The file's has so many classes; `None`: it has none.
    New(Option<usize>),
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Head::Kept => f.write_str("its last layer too, which has as many classes"),
            Head::New(Some(classes)) => {
                write!(f, "but its last layer for {classes} classes, in whose place is a new one")
            }
            Head::New(None) => f.write_str("which has no last layer; a new one is put behind"),
        }
    }
}
