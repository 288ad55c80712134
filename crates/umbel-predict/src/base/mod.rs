//! What every other module uses: errors, random streams, checks of settings, and the settings that both the data side and
//! the network side must know (augmentation as layers of the model).

#[cfg(feature = "train")]
pub mod atomic;
pub mod augmentation;
pub mod budget;
pub mod caught;
pub mod choice;
pub mod error;
pub mod listed;
pub mod memory;
pub mod never;
pub mod pool;
pub mod problem;
pub mod random;
pub mod range;
pub mod regular;
pub mod settings;
pub mod shown;
pub mod threads;
#[cfg(feature = "train")]
pub mod toml_words;
