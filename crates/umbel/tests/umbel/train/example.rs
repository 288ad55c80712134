//! The library's example, run for real on a few drawn flowers.

use super::flowers;

#[allow(dead_code)]
#[path = "../../../examples/flowers.rs"]
mod flowers_example;

#[test]
fn the_tutorial_runs_from_the_photos_to_the_prediction() {
    let out = tempfile::tempdir().unwrap();
    let options = flowers::dataset_options(&flowers::cache());
    flowers_example::run(flowers::folder(), &options, out.path(), 2).unwrap();
    for name in ["photos.png", "curves.png", "curves.svg", "flowers.safetensors", "sunflower.png"] {
        assert!(out.path().join(name).is_file(), "{name}");
    }
}
