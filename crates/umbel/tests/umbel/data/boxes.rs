//! Boxes as photos: the same ones as a table, as COCO's JSON and as MegaDetector's give the same photos, split and pixels. And boxes
//! that show nothing, in each form.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use tempfile::TempDir;
use umbel::base::budget::MemoryBudget;
use umbel::base::error::with_causes;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::remark::{BoxUnit, Remark};
use umbel::check::{FindingKind, check_within};
use umbel::data::decode::{Limits, Reading, decode};
use umbel::data::{
    Cache, CacheOptions, Detections, DetectorFile, Index, Listing, Margin, Part, PrepSpec, ProblemKind, Source, Split,
    SplitMethod,
};

use super::exif;
use super::pictures::{drawn, encoded, small, write};

/// A box in pixels: left, top, width, height.
type Area = [u32; 4];

const SIZE: (u32, u32) = (80, 60);
const CLASSES: [&str; 2] = ["cat", "dog"];

/// Pictures, each with boxes that have nothing in common, and their classes.
fn pictures() -> Vec<(String, Vec<(Area, usize)>)> {
    let boxes = |picture: u32| {
        let all = [[2, 3, 30, 25], [40, 5, 36, 20], [10, 32, 50, 27]];
        let of = |(number, area): (usize, Area)| (area, (picture as usize + number) % 2);
        all.into_iter().take(1 + picture as usize % 3).enumerate().map(of).collect()
    };
    (0..20).map(|picture| (format!("yard/{picture:02}.png"), boxes(picture))).collect()
}

struct Place {
    folder: TempDir,
}

impl Place {
    /// With the pictures in it.
    fn new() -> Self {
        let place = Place { folder: TempDir::new().unwrap() };
        for (number, (path, _)) in pictures().iter().enumerate() {
            place.write(path, &encoded(drawn(SIZE.0, SIZE.1, number as u32), ImageFormat::Png));
        }
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        write(self.folder.path(), name, bytes);
        self.folder.path().join(name)
    }

    fn cache(&self) -> CacheOptions {
        CacheOptions { folder: self.folder.path().join("cache"), ..CacheOptions::default() }
    }

    fn json(&self, name: &str, json: &Value) -> umbel::Result<Index> {
        Index::scan(&self.write(name, json.to_string().as_bytes()))
    }

    fn refused(&self, name: &str, text: &str) -> String {
        with_causes(&Index::scan(&self.write(name, text.as_bytes())).unwrap_err())
    }
}

fn table(header: &str, row: impl Fn(Area) -> String) -> String {
    let mut text = format!("path,label,{header}\n");
    for (path, boxes) in pictures() {
        for (area, class) in boxes {
            writeln!(text, "{path},{},{}", CLASSES[class], row(area)).unwrap();
        }
    }
    text
}

fn coco() -> Value {
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for (number, (path, boxes)) in pictures().into_iter().enumerate() {
        images.push(json!({"id": number, "file_name": path, "width": SIZE.0, "height": SIZE.1}));
        for (area, class) in boxes {
            let id = annotations.len();
            annotations
                .push(json!({"id": id, "image_id": number, "category_id": class + 5, "bbox": area, "iscrowd": 0,
                "area": area[2] * area[3], "segmentation": []}));
        }
    }
    let categories: Vec<Value> = (5..).zip(CLASSES).map(|(id, name)| json!({"id": id, "name": name})).collect();
    json!({"info": {}, "images": images, "annotations": annotations, "categories": categories})
}

fn shares([left, top, width, height]: Area) -> [f64; 4] {
    let [across, down] = [SIZE.0, SIZE.1].map(f64::from);
    [f64::from(left) / across, f64::from(top) / down, f64::from(width) / across, f64::from(height) / down]
}

fn megadetector() -> Value {
    let image = |(path, boxes): (String, Vec<(Area, usize)>)| {
        let detection = |(area, class): (Area, usize)| {
            let classifications = json!([[class.to_string(), 0.9], [(1 - class).to_string(), 0.1]]);
            json!({"category": "1", "conf": 0.8, "bbox": shares(area), "classifications": classifications})
        };
        json!({"file": path, "detections": boxes.into_iter().map(detection).collect::<Vec<_>>()})
    };
    json!({
        "info": {"format_version": "1.3", "detector": "md_v5a"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "classification_categories": {"0": "cat", "1": "dog"},
        "images": pictures().into_iter().map(image).collect::<Vec<_>>(),
    })
}

/// Photos, classes, split and pixels.
fn told(place: &Place, index: &Index) -> (Vec<(String, u32)>, Vec<String>, Split, Vec<Vec<u8>>) {
    let cache = Cache::open(index, &small(), &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
    let split = Split::make(&SplitMethod::Stratified, index, &cache, 0.3, 7).unwrap();
    let pixels = (0..index.photos.len()).map(|at| cache.image(at).unwrap().unwrap()).collect();
    let photos = index.photos.iter().map(|photo| (photo.path.clone(), photo.class)).collect();
    (photos, index.classes.clone(), split, pixels)
}

#[test]
fn the_same_boxes_are_the_same_photos_in_whatever_form_they_are_told() {
    let place = Place::new();
    let csv = table("x,y,w,h", |[x, y, w, h]| format!("{x},{y},{w},{h}"));
    let expected = Index::scan(&place.write("boxes.csv", csv.as_bytes())).unwrap();
    assert_eq!(expected.problems, []);
    let is_told = |unit| Remark::Boxes { boxes: 39, pictures: 20, unit, left_out: 0 };
    assert_eq!(expected.remarks, [is_told(BoxUnit::Pixels)]);
    assert_eq!((expected.photos.len(), expected.photos[0].path.as_str()), (39, "yard/00.png#1"));
    let expected = told(&place, &expected);

    let corners = table("xmin,ymin,xmax,ymax", |[x, y, w, h]| format!("{x},{y},{},{}", x + w, y + h));
    let in_shares = table("x,y,width,height", |area| {
        let [x, y, w, h] = shares(area);
        format!("{x},{y},{w},{h}")
    });
    let lines: String = csv.lines().skip(1).fold(String::new(), |mut lines, row| {
        let [path, label, x, y, w, h] = row.split(',').collect::<Vec<_>>().try_into().unwrap();
        writeln!(
            lines,
            r#"{{"file_name": "{path}", "label": "{label}", "x1": {x}, "y1": {y}, "x2": {}, "y2": {}}}"#,
            x.parse::<u32>().unwrap() + w.parse::<u32>().unwrap(),
            y.parse::<u32>().unwrap() + h.parse::<u32>().unwrap()
        )
        .unwrap();
        lines
    });
    for (name, text, unit) in [
        ("corners.csv", corners, BoxUnit::Pixels),
        ("shares.csv", in_shares, BoxUnit::Shares),
        ("boxes.jsonl", lines, BoxUnit::Pixels),
        ("instances.json", coco().to_string(), BoxUnit::Pixels),
        ("megadetector.json", megadetector().to_string(), BoxUnit::Shares),
    ] {
        let index =
            Index::scan(&place.write(name, text.as_bytes())).unwrap_or_else(|e| panic!("{name}: {}", with_causes(&e)));
        assert_eq!((&index.problems[..], &index.remarks[..]), (&[][..], &[is_told(unit)][..]), "{name}");
        assert!(told(&place, &index) == expected, "{name}");
    }
}

#[test]
fn boxes_of_one_picture_stay_on_one_side() {
    let place = Place::new();
    let index = place.json("instances.json", &coco()).unwrap();
    let cache = Cache::open(&index, &small(), &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
    let of = |positions: &[usize]| -> Vec<String> {
        positions.iter().map(|&at| index.source.picture_of(&index.photos[at].path).to_string()).collect()
    };
    for seed in 0..5 {
        let split = Split::make(&SplitMethod::Stratified, &index, &cache, 0.3, seed).unwrap();
        let (train, val) = (of(&split.train), of(&split.val));
        assert!(train.iter().all(|picture| !val.contains(picture)), "{seed}");
        assert!((6..=18).contains(&val.len()), "{seed}: {}", val.len());
    }
    let error = Split::make(&SplitMethod::Keras, &index, &cache, 0.3, 1).unwrap_err().to_string();
    assert!(error.contains("one side"), "{error}");
}

#[test]
fn a_box_is_cut_to_the_pixel() {
    let picture = RgbImage::from_fn(6, 4, |x, y| Rgb([x as u8 * 10, y as u8 * 10, 7]));
    let place = Place { folder: TempDir::new().unwrap() };
    place.write("a.png", &encoded(picture, ImageFormat::Png));
    let csv = "path,label,x,y,w,h\na.png,one,2,1,2,1\na.png,two,4,2,9,9\n";
    let index = Index::scan(&place.write("boxes.csv", csv.as_bytes())).unwrap();
    let read = |path: &str, margin: f64| {
        let prep = PrepSpec { crop_margin: Margin::new(margin).unwrap(), ..small() };
        index.source.cropped_as(&prep).read(path, &Limits::default()).unwrap().to_vec()
    };
    let plain = [b"P6\n2 1\n255\n".as_slice(), &[20, 10, 7, 30, 10, 7]].concat();
    assert_eq!(read("a.png#1", 0.0), plain);
    // Half of the longer side, 2, on each side: columns 1 to 4, rows 0 to 2.
    let rows = (0..3).flat_map(|y| (1..5).flat_map(move |x| [x * 10, y * 10, 7]));
    let wide = [b"P6\n4 3\n255\n".as_slice(), &rows.collect::<Vec<u8>>()].concat();
    assert_eq!(read("a.png#1", 0.5), wide);
    // What lies beyond the picture is not there.
    let rows = (2..4).flat_map(|y| (4..6).flat_map(move |x| [x * 10, y * 10, 7]));
    let last = [b"P6\n2 2\n255\n".as_slice(), &rows.collect::<Vec<u8>>()].concat();
    assert_eq!(read("a.png#2", 0.0), last);
}

#[test]
fn boxes_lie_on_the_picture_as_it_is_seen() {
    let turned = exif::png(&exif::exif(false, 0x0112, 3, 1, [6, 0, 0, 0]));
    let upright = decode(&turned, &Limits::default()).unwrap();
    assert_eq!(upright.dimensions(), (16, 24));
    let place = Place { folder: TempDir::new().unwrap() };
    place.write("a.png", &turned);
    let csv = "path,label,x,y,w,h\na.png,one,4,12,10,12\na.png,two,0,0,16,10\n";
    let index = Index::scan(&place.write("boxes.csv", csv.as_bytes())).unwrap();
    let source = index.source.cropped_as(&PrepSpec { crop_margin: Margin::NONE, ..small() });
    let cut = decode(&source.read("a.png#1", &Limits::default()).unwrap(), &Limits::default()).unwrap();
    assert_eq!(cut, image::imageops::crop_imm(&upright, 4, 12, 10, 12).to_image());
}

#[test]
fn another_margin_makes_other_pixels_and_the_same_one_is_prepared_once() {
    let place = Place::new();
    let index = place.json("instances.json", &coco()).unwrap();
    let pixels = |margin: f64| {
        let prep = PrepSpec { crop_margin: Margin::new(margin).unwrap(), ..small() };
        let cache = Cache::open(&index, &prep, &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
        cache.image(0).unwrap().unwrap()
    };
    let packs = || std::fs::read_dir(place.cache().folder).unwrap().count();
    let plain = pixels(0.0);
    let before = packs();
    assert_ne!(pixels(0.3), plain);
    assert_eq!((pixels(0.0), packs()), (plain, before + 1));
}

#[test]
fn what_boxes_show_nothing_of_is_listed_by_name() {
    let place = Place::new();
    let mut csv = table("x,y,w,h", |[x, y, w, h]| format!("{x},{y},{w},{h}"));
    csv.push_str("yard/00.png,cat,5,5,0,9\nyard/00.png,cat,500,5,9,9\nyard/01.png,dog,,,,\n");
    let index = Index::scan(&place.write("boxes.csv", csv.as_bytes())).unwrap();
    let cache = Cache::open(&index, &small(), &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
    let problems: BTreeMap<&str, (ProblemKind, &str)> =
        cache.problems().iter().map(|own| (own.path.as_str(), (own.kind, own.detail.as_str()))).collect();
    assert_eq!(problems["yard/00.png#2"], (ProblemKind::Box, "the box of line 41 has no area"));
    assert_eq!(problems["yard/00.png#3"].0, ProblemKind::Box);
    assert!(problems["yard/00.png#3"].1.contains("80 x 60 pixels"), "{problems:?}");
    assert_eq!(problems["yard/01.png"], (ProblemKind::Box, "line 43 tells no box on it"));

    let mut odd = coco();
    let add = |odd: &mut Value, fields: Value| odd["annotations"].as_array_mut().unwrap().push(fields);
    add(&mut odd, json!({"image_id": 0, "category_id": 5, "bbox": [1, 1, 9, 9], "iscrowd": 1}));
    add(&mut odd, json!({"image_id": 0, "category_id": 5, "bbox": [1, 1, 0, 9]}));
    add(&mut odd, json!({"image_id": 0, "category_id": 5, "bbox": [1, 1, 9]}));
    add(&mut odd, json!({"image_id": 0, "category_id": 5}));
    add(&mut odd, json!({"image_id": 0, "category_id": 99, "bbox": [1, 1, 9, 9]}));
    odd["images"].as_array_mut().unwrap().push(json!({"id": 77, "file_name": "gone.jpg"}));
    odd["images"].as_array_mut().unwrap().push(json!({"id": 78, "file_name": "../out.jpg"}));
    add(&mut odd, json!({"image_id": 77, "category_id": 5, "bbox": [1, 1, 9, 9]}));
    let index = place.json("odd.json", &odd).unwrap();
    let kinds: Vec<(&str, ProblemKind)> = index.problems.iter().map(|own| (own.path.as_str(), own.kind)).collect();
    let expected = [
        ("gone.jpg", ProblemKind::Unreadable),
        ("../out.jpg", ProblemKind::Name),
        ("yard/00.png#2", ProblemKind::Box),
        ("yard/00.png#3", ProblemKind::Box),
        ("yard/00.png#4", ProblemKind::Box),
        ("yard/00.png#5", ProblemKind::Box),
        ("yard/00.png#6", ProblemKind::NoLabel),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(index.photos.len(), 39);

    let mut odd = megadetector();
    let images = odd["images"].as_array_mut().unwrap();
    images.push(json!({"file": "yard/broken.png", "failure": "Failure image access"}));
    images.push(json!({"file": "gone.jpg", "detections": [{"category": "1", "conf": 0.9, "bbox": [0, 0, 1, 1]}]}));
    images[0]["detections"].as_array_mut().unwrap().push(json!({"category": "1", "conf": 0.9, "bbox": [0, 0, 1, 1]}));
    let index = place.json("odd-detections.json", &odd).unwrap();
    let kinds: Vec<(&str, ProblemKind)> = index.problems.iter().map(|own| (own.path.as_str(), own.kind)).collect();
    assert_eq!(kinds, [("yard/00.png#2", ProblemKind::NoLabel), ("gone.jpg", ProblemKind::Unreadable)]);
}

#[test]
fn tables_of_boxes_that_cannot_be_meant_are_refused_with_their_line() {
    let place = Place::new();
    for (rows, told) in [
        ("path,label,x,y,w\nyard/00.png,cat,1,2,3\n", "no column \"h\""),
        ("path,label,x,y,w,h\nyard/00.png,cat,1,2,3,4\nyard/00.png,dog,1,2,3,wide\n", "line 3"),
        ("path,label,x,y,w,h\nyard/00.png,cat,1,2,3,nan\n", "\"nan\""),
        ("path,label,split,x,y,w,h\nyard/00.png,cat,train,1,2,3,4\nyard/00.png,dog,val,1,2,3,4\n", "line 3 puts a box"),
        ("path,label,x,y,w,h\nyard/00.png,,1,2,3,4\n", "line 2 gives yard/00.png no label"),
        ("path,label,x,y,w,h\nyard/00.png,cat,1,2,3,4\n", "one class only"),
        ("path,label\nyard/00.png,cat\nyard/00.png,dog\n", "again (line 2"),
    ] {
        let error = place.refused("boxes.csv", rows);
        assert!(error.contains(told), "{rows:?}: {error}");
    }
}

#[test]
fn json_that_tells_no_boxes_is_refused() {
    let place = Place::new();
    let mut unknown = coco();
    unknown["annotations"][4]["image_id"] = json!(1234);
    let mut gone = coco();
    for image in gone["images"].as_array_mut().unwrap() {
        image["file_name"] = format!("gone/{}", image["file_name"].as_str().unwrap()).into();
    }
    for (text, told) in [
        ("{\"images\": [}".to_string(), "not understood"),
        ("[1, 2]".to_string(), "not understood"),
        (json!({"type": "FeatureCollection", "features": []}).to_string(), "tells no boxes"),
        (json!({"images": [], "annotations": [], "categories": []}).to_string(), "no class"),
        (unknown.to_string(), "annotation number 5 is of the image 1234"),
        (gone.to_string(), "of its 20 pictures none is there, such as gone/yard/00.png"),
        (json!({"images": [{"id": 1}], "annotations": [], "categories": []}).to_string(), "no file_name"),
    ] {
        let error = place.refused("odd.json", &text);
        assert!(error.contains(told), "{text:.60}: {error}");
    }
}

#[test]
fn pictures_of_coco_may_lie_in_a_folder_beside_it() {
    for folder in ["images", "instances"] {
        let place = Place { folder: TempDir::new().unwrap() };
        for (number, (path, _)) in pictures().iter().enumerate() {
            let picture = encoded(drawn(SIZE.0, SIZE.1, number as u32), ImageFormat::Png);
            place.write(&format!("{folder}/{path}"), &picture);
        }
        let index = place.json("instances.json", &coco()).unwrap();
        assert_eq!((index.photos.len(), index.problems.len()), (39, 0));
        assert_eq!(index.photos[0].path, format!("{folder}/yard/00.png#1"));
    }
}

fn with(path: &Path, detections: &Detections) -> umbel::Result<Index> {
    let source = Source::at(path)?.with_detections(detections);
    Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default())
}

#[test]
fn of_a_detectors_boxes_those_are_taken_that_are_asked_for() {
    let place = Place::new();
    let mut json = megadetector();
    json["images"][1]["detections"][0]["conf"] = json!(0.19);
    json["images"][2]["detections"][1]["category"] = json!("2");
    let path = place.write("detections.json", json.to_string().as_bytes());
    let taken = |confidence: f64, category: Option<&str>| {
        let index = with(&path, &Detections { confidence, category: category.map(String::from) })?;
        let Some(Remark::Boxes { left_out, .. }) = index.remarks.first() else { panic!("{:?}", index.remarks) };
        Ok::<_, umbel::Error>((index.photos.len(), *left_out))
    };
    assert_eq!(taken(0.2, None).unwrap(), (37, 2));
    assert_eq!(taken(0.1, None).unwrap(), (38, 1));
    assert_eq!(taken(0.1, Some("Animal")).unwrap(), (38, 1));
    let index = with(&path, &Detections::default()).unwrap();
    let paths: Vec<&str> = index.photos.iter().map(|photo| photo.path.as_str()).collect();
    assert!(paths.contains(&"yard/02.png#3") && !paths.contains(&"yard/02.png#2"), "numbers stay: {paths:?}");
    let error = with_causes(&taken(0.2, Some("bird")).unwrap_err());
    assert!(error.contains("\"bird\"") && error.contains("animal, person, vehicle"), "{error}");
}

#[test]
fn where_no_classifier_spoke_the_folder_is_the_class() {
    let place = Place::new();
    let mut json = megadetector();
    for image in json["images"].as_array_mut().unwrap() {
        for detection in image["detections"].as_array_mut().unwrap() {
            detection.as_object_mut().unwrap().remove("classifications");
        }
    }
    assert!(place.json("one.json", &json).unwrap_err().to_string().contains("one.json"), "one folder is one class");
    place.write("pond/00.png", &encoded(drawn(SIZE.0, SIZE.1, 99), ImageFormat::Png));
    let more =
        json!({"file": "pond/00.png", "detections": [{"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]}]});
    json["images"].as_array_mut().unwrap().push(more);
    let index = place.json("two.json", &json).unwrap();
    assert_eq!((&index.classes[..], index.photos.len()), (&["pond".to_string(), "yard".to_string()][..], 40));
}

#[test]
fn a_check_takes_boxes_for_no_files_of_a_wrong_name() {
    let place = Place::new();
    let index = place.json("instances.json", &coco()).unwrap();
    let memory = MemoryBudget::default();
    let report = check_within(&memory, Reading::default(), &index, None, &mut Silent, &Interrupt::default()).unwrap();
    assert!(report.problems.iter().all(|finding| finding.kind != FindingKind::WrongExtension), "{:?}", report.problems);
    let of_boxes = report.problems.iter().filter(|finding| finding.kind == FindingKind::Boxes).count();
    assert_eq!((of_boxes, report.usable), (1, 39));
}

#[test]
fn parts_of_a_table_of_boxes_are_kept() {
    let place = Place::new();
    let part = |path: &str| if path < "yard/15.png" { "train" } else { "val" };
    let csv = table("split,x,y,w,h", |[x, y, w, h]| format!("PART,{x},{y},{w},{h}"));
    let csv: String = csv.lines().map(|row| row.replace("PART", part(row.split(',').next().unwrap())) + "\n").collect();
    let index = Index::scan(&place.write("boxes.csv", csv.as_bytes())).unwrap();
    let val = index.parts.iter().flatten().filter(|part| **part == Part::Val).count();
    assert_eq!((val, index.comes_with(Part::Train)), (9, true));
}

#[test]
fn answers_are_written_into_a_copy_and_what_another_classifier_said_is_gone() {
    let place = Place::new();
    let mut json = megadetector();
    json["classification_category_descriptions"] = json!({"0": "mammalia;carnivora"});
    json["images"][0]["detections"].as_array_mut().unwrap().push(json!(
        {"category": "1", "conf": 0.05, "bbox": [0, 0, 1, 1], "classifications": [["0", 0.5]]}
    ));
    json["images"]
        .as_array_mut()
        .unwrap()
        .push(json!({"file": "yard/broken.png", "detections": null, "failure": "no image"}));
    let path = place.write("detections.json", json.to_string().as_bytes());
    let file = DetectorFile::open(&path, &Detections::default(), &small()).unwrap();
    assert_eq!((file.boxes().len(), file.problems().len()), (39, 0));
    assert_eq!((file.boxes()[0].category.as_str(), file.boxes()[0].confidence), ("animal", 0.8));
    assert!(file.read(&file.boxes()[0], &Limits::default()).unwrap().starts_with(b"P6\n35 31\n"));
    let answer = Some(vec![("fox".to_string(), 0.7500001), ("hare".to_string(), 0.25)]);
    let mut answers = vec![answer; 39];
    answers[1] = None;
    let (out, classes) = (place.folder.path().join("answered.json"), ["fox".to_string(), "hare".to_string()]);
    file.write(&out, (&classes, "runs/a"), &answers).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(written["classification_categories"], json!({"0": "fox", "1": "hare"}));
    assert_eq!(written["info"]["classifier"], "runs/a");
    assert_eq!(written["images"][0]["detections"][0]["classifications"], json!([["0", 0.75], ["1", 0.25]]));
    assert_eq!(written["images"][0]["detections"][1].get("classifications"), None, "below the confidence");
    assert_eq!(written["images"][1]["detections"][0].get("classifications"), None, "no answer");
    assert_eq!(written.get("classification_category_descriptions"), None);
    assert_eq!(written["images"][20], json["images"][20]);
    assert_eq!(std::fs::read(&path).unwrap(), json.to_string().as_bytes(), "the file itself stays");
    for own in [path.clone(), place.folder.path().join("yard/../detections.json")] {
        let error = with_causes(&file.write(&own, (&classes, "runs/a"), &answers).unwrap_err());
        assert!(error.contains("not written over it"), "{error}");
    }
}
