//! The library's example, run for real on a few drawn flowers.

#[allow(dead_code)]
#[path = "../../../examples/flowers.rs"]
mod flowers_example;

#[test]
fn the_tutorial_runs_from_the_photos_to_the_prediction() {
    let out = tempfile::tempdir().unwrap();
    flowers_example::run(super::flowers::folder(), out.path(), 2, super::flowers::SIZE).unwrap();
    for name in ["photos.png", "curves.png", "curves.svg", "flowers.safetensors", "sunflower.png"] {
        assert!(out.path().join(name).is_file(), "{name}");
    }
}
