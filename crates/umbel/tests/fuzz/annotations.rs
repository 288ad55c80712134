//! Damaged tables and JSON that tell photos and boxes: read, and every box cut that is left.

use std::fs;
use std::io::Cursor;

use image::ImageFormat;
use umbel::data::decode::Limits;
use umbel::data::{Detections, DetectorFile, Index, PrepSpec};

use crate::allocator::Cost;
use crate::mutate::{self, Random};
use crate::seeds;
use crate::watch::{self, Kind};

const LIMIT: Cost = Cost { peak: 64 << 20, largest: 32 << 20 };

const TABLE: &str = "path,label,x,y,w,h\n0.png,cat,1,1,5,5\n0.png,dog,6,1,5,5\n1.png,cat,0,0,1e3,3.5\n";
const LINES: &str = "{\"file_name\": \"0.png\", \"label\": 1, \"x1\": 0, \"y1\": 0, \"x2\": 1, \"y2\": 1}\n\
    {\"file_name\": \"1.png\", \"label\": \"b\", \"x1\": 0.5, \"y1\": 0, \"x2\": 0.75, \"y2\": 1}\n";
const COCO: &str = r#"{"images": [{"id": 1, "file_name": "0.png"}, {"id": "b", "file_name": "1.png"}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "iscrowd": 0},
    {"image_id": "b", "category_id": 2, "bbox": [0, 0, 12.5, 9]}],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}"#;
const DETECTED: &str = r#"{"detection_categories": {"1": "animal", "2": "person"}, "info": {},
    "classification_categories": {"0": "cat", "1": "dog"}, "images": [{"file": "0.png", "detections": [
    {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5], "classifications": [["0", 0.7], ["1", 0.3]]}]},
    {"file": "1.png", "detections": [{"category": "1", "conf": 0.5, "bbox": [0, 0, 1, 1], "classifications": [["1", 1]]}]},
    {"file": "2.png", "failure": "gone", "detections": null}]}"#;

fn fuzz(name: &'static str, end: &str, seed: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut photo = Cursor::new(Vec::new());
    seeds::drawn(12, 10).write_to(&mut photo, ImageFormat::Png).unwrap();
    for number in 0..2 {
        fs::write(folder.path().join(format!("{number}.png")), photo.get_ref()).unwrap();
    }
    let (path, out) = (folder.path().join(format!("told{end}")), folder.path().join("out.json"));
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        if let Ok(index) = Index::scan(&path) {
            for photo in &index.photos {
                let _ = index.source.read(&photo.path, &Limits::default());
            }
        }
        if let Ok(file) = DetectorFile::open(&path, &Detections::default(), &PrepSpec::default()) {
            let answers = file.boxes().iter().map(|_| Some(vec![("cat".to_string(), 1.0)])).collect::<Vec<_>>();
            file.write(&out, (&["cat".to_string()], "model"), &answers).unwrap();
        }
    };
    let seeds = [seed.as_bytes().to_vec()];
    let damaged = |random: &mut Random| mutate::bytes(random, &seeds);
    watch::run(&Kind { name, share: 5, damaged: &damaged, read: &read, limit: LIMIT });
}

#[test]
fn table_of_boxes() {
    fuzz("table of boxes", ".csv", TABLE);
}

#[test]
fn lines_of_json() {
    fuzz("lines of JSON", ".jsonl", LINES);
}

#[test]
fn coco() {
    fuzz("COCO's JSON", ".json", COCO);
}

#[test]
fn detections() {
    fuzz("a detector's JSON", ".json", DETECTED);
}
