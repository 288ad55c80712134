//! A made-up run: records as training writes them, and photos that they tell of.

use std::fs;
use std::path::{Path, PathBuf};

use umbel::base::progress::EpochRecord;
use umbel::base::random::{Purpose, Stream};
use umbel::run::Predictions;
use umbel::run::RunRecords;
use umbel::train::History;

/// Classes and validation photos of a run, and how often its model is right.
pub struct MadeUp<'a> {
    pub classes: &'a [&'a str],
    /// Validation photos; a fourth as many train.
    pub photos: usize,
    pub accuracy: f32,
    pub seed: u64,
}

impl MadeUp<'_> {
    /// Writes the records into `run`; the data folder is `data`, which need not exist.
    pub fn write(&self, run: &Path, data: &Path) -> RunRecords {
        fs::create_dir_all(run).unwrap();
        let predictions = self.predictions();
        let mut split = String::from("path,class,part\n");
        for (k, path) in predictions.paths.iter().enumerate() {
            let class = &predictions.classes[predictions.labels[k] as usize];
            split += &format!("{},{},val\n", quoted(path), quoted(class));
            if k % 4 == 0 {
                split += &format!("{},{},train\n", quoted(&format!("{path}.train")), quoted(class));
            }
        }
        fs::write(run.join("split.csv"), split).unwrap();
        fs::write(run.join("problems.csv"), "path,kind,detail\nroses/<b>.jpg,damaged,\"cut <short>\"\n").unwrap();
        let data = toml::Value::from(data.to_str().unwrap());
        let prep = "[prep]\nimage_size = 64\nresize = \"stretch\"\ninterpolation = \"bilinear\"";
        let seed = self.seed;
        fs::write(run.join("config.toml"), format!("data = {data}\nmodel = \"cnn\"\n{prep}\n[fit]\nseed = {seed}\n"))
            .unwrap();
        let metrics = r#"{"finished": true, "best": {"epoch": 2}, "parameters": 123456,
            "calibration": {"temperature": 2.0, "images": 10}}"#;
        fs::write(run.join("metrics.json"), metrics).unwrap();
        let epochs = (1..=3).map(|epoch| EpochRecord {
            epoch,
            loss: 1.0 / epoch as f64,
            accuracy: 0.6 + 0.1 * epoch as f64,
            val_loss: 0.9,
            val_accuracy: f64::from(self.accuracy),
            lr: 0.001,
            seconds: 12.5,
            images_per_second: 0.0,
            ..EpochRecord::default()
        });
        History { epochs: epochs.collect() }.write(&run.join("history.csv")).unwrap();
        predictions.write(&run.join("predictions.csv")).unwrap();
        RunRecords::read(run).unwrap()
    }

    pub fn predictions(&self) -> Predictions {
        let n = self.classes.len();
        let mut random = Stream::new(self.seed, Purpose::Demo, 0, 0);
        let mut all =
            Predictions { classes: self.classes.iter().map(|class| class.to_string()).collect(), ..Default::default() };
        for k in 0..self.photos {
            let label = k % n;
            let said = if random.uniform() < self.accuracy { label } else { random.below(n) };
            let confidence = f64::from(random.range(0.5, 0.99));
            all.paths.push(format!("{}/{k:05}.jpg", self.classes[label]));
            all.labels.push(label as u32);
            let rest = (1.0 - confidence) / (n - 1) as f64;
            all.probabilities.extend((0..n).map(|class| if class == said { confidence } else { rest }));
        }
        all
    }
}

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

/// A photo that compresses badly.
pub fn noise(folder: &Path) -> PathBuf {
    let mut random = Stream::new(3, Purpose::Demo, 0, 0);
    let path = folder.join("noise.jpg");
    image::RgbImage::from_fn(180, 120, |_, _| image::Rgb([0; 3].map(|_: u8| random.below(256) as u8)))
        .save(&path)
        .unwrap();
    path
}

/// Puts the same photo at all of the run's paths.
pub fn photos_of(run: &RunRecords, data: &Path, photo: &Path) {
    for row in &run.split {
        let path = data.join(&row.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::hard_link(photo, path).unwrap();
    }
}
