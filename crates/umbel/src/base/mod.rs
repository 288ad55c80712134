//! What every other module uses: errors, atomic writes, random streams, progress events and notices, and the settings that both the
//! data side and the network side must know (augmentation as layers of the model).

pub mod cells;
pub mod duration;
pub mod fonts;
pub mod handles;
pub mod lang;
pub mod last_name;
pub mod machine;
pub mod mistaken;
pub mod notice;
pub mod part;
pub mod positioned;
pub mod progress;
pub mod remark;
pub mod run_folder;
pub mod shell;
pub mod table;

pub use umbel_predict::base::{
    atomic, augmentation, budget, caught, choice, error, listed, memory, never, problem, random, range, regular,
    settings, shown, threads, toml_words,
};
