//! The flags of the commands that tell about the program itself: `completions`, `man`, `licenses` and `help`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// For a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        umbel completions bash > ~/.local/share/bash-completion/completions/umbel\n  \
        umbel completions zsh > ~/.zfunc/_umbel\n  \
        umbel completions fish > ~/.config/fish/completions/umbel.fish\n  \
        umbel completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// For `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel man ~/.local/share/man/man1\n  man umbel-train")]
pub struct ManArgs {
    /// The folder, made where it isn't there; pages that are there are replaced
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// For whoever passes the program on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel licenses | less\n  umbel licenses > NOTICES.txt    to go along with the program"
)]
pub struct LicensesArgs {}

/// For a reader.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel help train\n  umbel help recipes        what each recipe does\n  \
        umbel help settings       every setting: key, flag, values, default (Markdown)")]
pub struct HelpArgs {
    /// A command, `recipes` or `settings` [default: umbel itself]
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}
