//! A network's TOML, and a run's settings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbel::nn::Graph;
use umbel::pipeline::TrainConfig;

fuzz_target!(|text: &str| {
    if let Ok(stack) = Graph::from_toml(text, (32, 32, 3)) {
        let _ = stack.classes();
        let _ = stack.summary();
    }
    if let Ok(config) = toml::from_str::<TrainConfig>(text) {
        let _ = config.validate();
    }
});
