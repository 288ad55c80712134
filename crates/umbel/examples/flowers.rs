//! The flower tutorial (<https://www.tensorflow.org/tutorials/images/classification>), line by line.
//!
//! `cargo run --release --example flowers -- flower_photos` trains on a folder with one sub-folder of photos per class;
//! without a folder, umbel draws its own flowers.

use std::path::Path;

use umbel::prelude::*;

fn main() -> umbel::Result<()> {
    let out = std::env::temp_dir().join("umbel-flowers");
    let drawn = out.join("drawn");
    if !drawn.exists() {
        umbel::demo::write_folder(&drawn, 100, 180, 1)?;
    }
    let photos = std::env::args_os().nth(1).map_or(drawn, Into::into);
    run(&photos, &out, 15, 180)
}

/// Trains on the photos in `data_dir`; pictures and the model go to the folder `out`.
pub fn run(data_dir: &Path, out: &Path, epochs: usize, image_size: u32) -> umbel::Result<()> {
    // Load the photos; a fifth of them is kept for validation.
    let prep = PrepSpec { image_size, ..PrepSpec::default() };
    let options = DatasetOptions { validation_split: 0.2, seed: 123, prep, ..DatasetOptions::default() };
    let (train_ds, val_ds) = image_dataset_from_directory(data_dir, &options)?;
    let class_names = train_ds.class_names();
    println!("{class_names:?}");

    // Look at nine of them.
    let nine = (0..9).map(|i| i * train_ds.len() / 9).map(|i| {
        let (pixels, label) = train_ds.picture(i);
        Cell { caption: class_names[label].clone(), size: train_ds.image_size(), pixels: pixels.to_vec() }
    });
    grid::write_png(&out.join("photos.png"), 3, &nine.collect::<Vec<_>>())?;

    // Build the network, with augmentation and dropout against over-fitting.
    let conv = |filters| Conv2d::new(filters, 3).padding(Padding::Same).activation(Activation::Relu);
    let size = train_ds.image_size();
    let network = Sequential::new((size, size, 3))
        .add(RandomFlip::horizontal())
        .add(RandomRotation::new(0.1))
        .add(RandomZoom::new(0.1))
        .add(Rescaling::new(1.0 / 255.0))
        .add(conv(16))
        .add(MaxPool2d::default())
        .add(conv(32))
        .add(MaxPool2d::default())
        .add(conv(64))
        .add(MaxPool2d::default())
        .add(Dropout::new(0.2))
        .add(Flatten)
        .add(Dense::new(128).activation(Activation::Relu))
        .add(Dense::new(class_names.len()));
    let mut model = Model::new(network, 123)?;
    println!("{}", model.summary());

    // Train it. The optimizer is Adam, the loss is the cross-entropy, the best epoch is kept.
    let trained = model.fit(&train_ds, &val_ds, &FitOptions { epochs, ..FitOptions::default() })?;

    // Draw accuracy and loss, training and validation.
    curves::write(out, "curves", &[NamedCurves { name: "flowers", epochs: &trained.history.epochs }])?;

    // Save the best model, and ask it about a new picture.
    let file = out.join("flowers.safetensors");
    ModelFile::new(trained.best, &train_ds, Metrics::default()).save(&file)?;
    let sunflower = out.join("sunflower.png");
    umbel::demo::draw(3, 2024, 0, 180).save(&sunflower).expect("the folder can be written");

    let prediction = Predictor::new(ModelFile::load(&file)?, 1, 5)?.predict_file(&sunflower)?;
    println!(
        "This image most likely belongs to {} with a {:.2} percent confidence.",
        prediction.class,
        100.0 * prediction.confidence
    );
    Ok(())
}
