//! The weights that are built into the program, where they are.

/// The network that they are for, a safetensors file, and what is to be told of them.
type Body = (&'static str, &'static [u8], [&'static str; 2]);

#[cfg(feature = "weights")]
mod body {
    use umbel_weights::BODY;

    use super::Body;

    pub const BUILT_IN: Option<Body> = Some((BODY.model, BODY.file, [BODY.notice, BODY.license]));
}

#[cfg(not(feature = "weights"))]
mod body {
    use super::Body;

    /// Left out of this program.
    pub const BUILT_IN: Option<Body> = None;
}

/// The network that the weights inside this program are for; `None`: it was built without any.
pub fn model() -> Option<&'static str> {
    body::BUILT_IN.map(|(model, ..)| model)
}

/// Whose the weights inside this program are, where they come from and what was changed; and the text of their license.
pub fn notices() -> Option<[&'static str; 2]> {
    body::BUILT_IN.map(|(.., notices)| notices)
}

/// The file itself.
pub(super) fn file() -> Option<&'static [u8]> {
    body::BUILT_IN.map(|(_, file, _)| file)
}
