//! The README's Rust is the example's, so that it compiles and runs as shown.

#[test]
fn the_readmes_rust_stands_in_the_example() {
    let readme = include_str!("../../../../README.md");
    let example = include_str!("../../examples/flowers.rs");
    let example: Vec<&str> = example.lines().map(str::trim).collect();
    let mut inside = false;
    let mut checked = 0;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```rust";
        } else if inside && !line.trim().is_empty() {
            assert!(example.contains(&line.trim()), "not in examples/flowers.rs: {line}");
            checked += 1;
        }
    }
    assert!(checked > 10, "the README shows no Rust any more");
}

#[test]
fn the_page_of_training_shows_the_recipes_as_they_are() {
    let training = include_str!("../../../../docs/training.md");
    assert!(
        training.contains(umbel::pipeline::RECIPES.trim_end()),
        "docs/training.md shows another table than recipes.toml"
    );
}
