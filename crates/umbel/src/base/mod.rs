//! What every other module uses: errors, atomic writes, random streams, progress events, and the settings that both the
//! data side and the network side must know (augmentation as layers of the model).

pub mod atomic;
pub mod augmentation;
pub mod error;
pub mod handles;
pub mod machine;
pub mod memory;
pub mod positioned;
pub mod problem;
pub mod progress;
pub mod random;
pub mod settings;
pub mod shell;
