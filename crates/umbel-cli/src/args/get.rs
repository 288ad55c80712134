//! The flags of `umbel get`.

use std::path::PathBuf;

use clap::Args;

/// A data set, or weights.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        umbel get                                  the data sets that have a name\n  \
        umbel get flowers                          the tutorial's 3,670 photos, into ./flowers\n  \
        umbel get https://host/photos.zip          an archive from anywhere, into ./photos\n  \
        umbel get hf:OWNER/NAME --out photos       a data set of the Hugging Face hub\n  \
        umbel get weights:resnet18                 pretrained weights, into the store\n\n\
        Archives may be tar, tar.gz, tar.zst and zip. What has come before a break is gone on with; what lies there already is not \
        fetched again; a folder that umbel did not fetch is left as it is. Nothing else that umbel does connects to anything, unless an \
        address is given to it.")]
pub struct GetArgs {
    /// A name from the list, an address that begins with https:// or http://, hf:OWNER/NAME[@REVISION], or weights:NAME [default: show
    /// the list]
    #[arg(value_name = "WHAT")]
    pub what: Option<String>,
    /// Folder for it; must not exist yet, or be empty [default: its name, in this folder]
    #[arg(long, value_name = "DIR", requires = "what")]
    pub out: Option<PathBuf>,
    /// One JSON object a line on standard output, and nothing else
    #[arg(long)]
    pub json: bool,
}
