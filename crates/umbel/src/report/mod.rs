//! From a run's records to pictures and tables; never imports `nn`.

mod canvas;
pub mod compare;
pub mod compare_page;
mod compare_words;
pub mod confusion;
pub mod curves;
mod error;
mod figure;
pub mod grid;
mod differences;
mod legend;
pub mod page;
mod ink;
mod panel;
mod pixels;
pub mod ranking;
pub mod rates;
pub mod reliability;
mod scale;
pub mod tensorboard;
mod text;

pub use error::Error;

/// The license of the font that ships inside the program.
pub const FONT_LICENSE: &str = include_str!("../../assets/DejaVuSans-LICENSE.txt");
