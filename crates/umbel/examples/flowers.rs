//! The flower tutorial (<https://www.tensorflow.org/tutorials/images/classification>), line by line.
//!
//! `cargo run --release --example flowers -- flower_photos` trains on a folder with one sub-folder of photos per class;
//! without a folder, umbel draws its own flowers.

use std::path::{Path, PathBuf};

use umbel::prelude::*;

fn main() -> umbel::Result<()> {
    let out = std::env::temp_dir().join("umbel-flowers");
    let photos = match std::env::args_os().nth(1) {
        Some(folder) => folder.into(),
        None => drawn_flowers(&out)?,
    };
    // A fifth of the photos is kept for validation; all are brought to 180 x 180.
    let options = DatasetOptions { validation_split: 0.2, seed: 123, ..DatasetOptions::default() };
    run(&photos, &options, &out, 15)
}

/// A hundred pictures of each kind, drawn once.
fn drawn_flowers(out: &Path) -> umbel::Result<PathBuf> {
    let folder = out.join("drawn");
    if !folder.exists() {
        umbel::demo::write_folder(&folder, 100, 180, 1)?;
    }
    Ok(folder)
}

/// Trains on the photos in `data_dir`; pictures and the model go to the folder `out`.
pub fn run(data_dir: &Path, options: &DatasetOptions, out: &Path, epochs: usize) -> umbel::Result<()> {
    std::fs::create_dir_all(out).expect("the folder for the results can be made");

    // Load the photos.
    let (train_ds, val_ds) = image_dataset_from_directory(data_dir, options)?;
    let class_names = train_ds.class_names();
    println!("{class_names:?}");

    // Look at nine of them.
    let nine = (0..9).map(|i| i * train_ds.len() / 9).map(|i| {
        let (pixels, label) = train_ds.picture(i)?;
        Ok(Cell { caption: class_names[label].clone(), size: train_ds.image_size(), pixels })
    });
    grid::write_png(&out.join("photos.png"), 3, &nine.collect::<umbel::Result<Vec<_>>>()?, &Fonts::default())?;

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
