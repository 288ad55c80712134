//! Model file + photo → where the model looked (`umbel_predict::explain`), and the picture of it for people.

mod panel;

pub use panel::write_panel;
pub use umbel_predict::explain::{ExplainOptions, Explainer, Heatmap, Method, RgbImage, viridis};
