//! The weights that are built into the program, where they are.

#[cfg(feature = "weights")]
mod body {
    use umbel_weights::BODY;

    /// The network that they are for, and a safetensors file.
    pub const BUILT_IN: Option<(&str, &[u8])> = Some((BODY.model, BODY.file));
}

#[cfg(not(feature = "weights"))]
mod body {
    /// Left out of this program.
    pub const BUILT_IN: Option<(&str, &[u8])> = None;
}

/// The network that the weights inside this program are for; `None`: it was built without any.
pub fn model() -> Option<&'static str> {
    body::BUILT_IN.map(|(model, _)| model)
}

/// The file itself.
pub(super) fn file() -> Option<&'static [u8]> {
    body::BUILT_IN.map(|(_, file)| file)
}
