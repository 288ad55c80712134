//! The warning about photos whose numbers a model hardly can take as they are meant.

use umbel::data::decode::{Depth, Doubt};

use crate::console;

/// Says it of so many photos.
pub fn note(photos: usize, doubt: &Doubt) {
    console::note(sentence(photos, doubt));
}

fn sentence(photos: usize, doubt: &Doubt) -> String {
    let Doubt { low, high, white } = doubt;
    let depth = doubt.looks_like();
    let looks_like = match depth {
        Depth::Float => "floating point whose range is its own".to_string(),
        bits => format!("{} bits", bits.name()),
    };
    let noun = if photos == 1 { "photo" } else { "photos" };
    format!(
        "Warning: {photos} {noun} with numbers from {low} to {high}, where the model takes {white} for white. That looks like \
         {looks_like}: save them anew with 8 bits, or train on such photos with --depth {}.",
        depth.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_that_it_looks_like_is_said() {
        assert_eq!(
            sentence(2, &Doubt { low: 3.0, high: 4000.0, white: 65535.0 }),
            "Warning: 2 photos with numbers from 3 to 4000, where the model takes 65535 for white. That looks like 12 bits: save \
             them anew with 8 bits, or train on such photos with --depth 12."
        );
    }
}
