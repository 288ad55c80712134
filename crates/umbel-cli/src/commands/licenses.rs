//! `umbel licenses`: whose software, font and weights are in this program, and under which terms.

use umbel::pretrained::inside;
use umbel::report::FONT_LICENSE;

use crate::console;
use crate::exit::Outcome;

/// Made by .ci/licenses, and held to what is linked by a test.
const THIRD_PARTY: &str = include_str!("../../assets/third-party.txt");

/// Runs the command.
pub fn run() -> anyhow::Result<Outcome> {
    console::lines(text().trim_end())?;
    Ok(Outcome::Done)
}

fn text() -> String {
    let own = format!(
        "umbel {} is licensed under either of MIT or Apache-2.0, at your choice. What others have made of it:\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut text = [&own, THIRD_PARTY.trim_end(), &headed("The font DejaVu Sans"), FONT_LICENSE.trim_end()].join("\n");
    if let Some([notice, license]) = inside::notices() {
        text += &["\n", &headed("The pretrained weights"), notice, license].join("\n");
    }
    text
}

/// As the sections of the crates begin.
fn headed(title: &str) -> String {
    format!("\n{}\n{title}\n", "=".repeat(100))
}
