//! Pretrained weights to be built into a program: data and nothing else. What they are is told in the file's own header, how
//! they were made in `golden/weights_f16.py`, and whose they are in the NOTICE beside them.

/// The body of a network that has learned to see: every layer but the one that tells the classes.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// umbel's network for it.
    pub model: &'static str,
    /// A safetensors file of half-precision values, whose fields tell `name`, `license`, `origin`, `trained_on` and `changed`.
    pub file: &'static [u8],
    /// Whose they are, and what was changed.
    pub notice: &'static str,
    /// The license's text.
    pub license: &'static str,
}

/// The one that is built in: another body takes its place here.
pub const BODY: Body = Body {
    model: "tf_efficientnet_lite0",
    file: include_bytes!("../efficientnet_lite0.safetensors"),
    notice: include_str!("../NOTICE"),
    license: include_str!("../LICENSE"),
};
