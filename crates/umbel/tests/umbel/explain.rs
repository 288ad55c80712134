//! Where a model looks: on pictures whose class-bearing shape lies at a known place, and how maps become pictures.

use std::sync::OnceLock;

use image::{Rgb, RgbImage};
use umbel::base::fonts::Fonts;
use umbel::base::random::{Purpose, Stream};
use umbel::data::{PrepSpec, Resize};
use umbel::explain::{ExplainOptions, Explainer, Method, viridis, write_panel};
use umbel::model_file::{Metrics, ModelFile};
use umbel::nn::layers::*;
use umbel::nn::{Isa, Model, NUMERICS, Sequential};

use crate::trial::Trial;

const SIZE: u32 = 40;
/// The shape's box has this side: a sixteenth of the area.
const BOX: u32 = 10;
const CLASSES: [&str; 3] = ["cross", "disc", "stripes"];

/// A shape of the class on a noisy ground, all in random colors, and where its box begins.
fn draw(class: usize, number: u64) -> (RgbImage, (u32, u32)) {
    let mut random = Stream::new(7, Purpose::Demo, class as u64, number);
    let color = |random: &mut Stream| -> [f32; 3] { std::array::from_fn(|_| random.range(60.0, 130.0)) };
    let ground = color(&mut random);
    let ink = color(&mut random).map(|value| value + 110.0);
    let at = (random.below((SIZE - BOX) as usize) as u32, random.below((SIZE - BOX) as usize) as u32);
    let picture = RgbImage::from_fn(SIZE, SIZE, |x, y| {
        let (u, v) = (x.wrapping_sub(at.0), y.wrapping_sub(at.1));
        let middle = (BOX as f32 - 1.0) / 2.0;
        let inside = u < BOX && v < BOX;
        let marked = inside
            && match class {
                0 => u.abs_diff(v) < 2 || (u + v).abs_diff(BOX - 1) < 2,
                1 => (u as f32 - middle).hypot(v as f32 - middle) < 5.0,
                _ => v % 4 < 2,
            };
        let base = if marked { ink } else { ground };
        Rgb(base.map(|value| (value + random.range(-15.0, 15.0)) as u8))
    });
    (picture, at)
}

fn trained() -> &'static ModelFile {
    static FILE: OnceLock<ModelFile> = OnceLock::new();
    FILE.get_or_init(|| {
        let conv = |filters| Conv2d::new(filters, 3).padding(Padding::Same).activation(Activation::Relu);
        let stack = Sequential::new((SIZE as usize, SIZE as usize, 3))
            .add(Rescaling::new(1.0 / 127.5).offset(-1.0))
            .add(conv(12))
            .add(MaxPool2d::default())
            .add(conv(24))
            .add(MaxPool2d::default())
            .add(conv(24))
            .add(Dropout::new(0.1))
            .add(GlobalAvgPool2d)
            .add(Dense::new(CLASSES.len()));
        let mut model = Model::new(stack, 3).unwrap();
        let mut plan = Trial::new(&model, 30, Isa::best()).unwrap();
        for step in 0..250 {
            let numbers = (0..30).map(|k| (k % 3, (step * 10 + k / 3) % 200));
            let (mut images, mut labels) = (Vec::new(), Vec::new());
            for (class, number) in numbers {
                images.extend(draw(class as usize, number).0.into_raw().into_iter().map(f32::from));
                labels.push(class as u32);
            }
            plan.train_step(model.weights_mut(), 0.004, &images, &labels, step);
        }
        ModelFile {
            model,
            classes: CLASSES.map(String::from).into(),
            prep: PrepSpec { image_size: SIZE, ..PrepSpec::default() },
            metrics: Metrics::default(),
            calibration: None,
            known: None,
            doubts: None,
            trusted: Vec::new(),
            views: None,
            started_from: None,
            numerics: NUMERICS,
        }
    })
}

#[test]
fn maps_lie_where_the_shape_lies() {
    let file = trained();
    let area = f64::from(BOX * BOX) / f64::from(SIZE * SIZE);
    for (method, layer) in [(Method::LayerCam, None), (Method::GradCam, None), (Method::LayerCam, Some("conv2d_1"))] {
        let options = ExplainOptions { method, layer: layer.map(String::from) };
        let explainer = Explainer::with_options(file, &options).unwrap();
        let (mut right, mut sharp, mut energy) = (0, 0, 0.0);
        for number in 0..20 {
            for class in 0..CLASSES.len() {
                // Numbers that the training never saw.
                let (photo, at) = draw(class, 1000 + number);
                let probabilities = explainer.probabilities(&photo).unwrap();
                right += usize::from(probabilities.iter().all(|p| *p <= probabilities[class]));
                let map = explainer.explain(&photo, class).unwrap();
                let value = |x: u32, y: u32| {
                    let place = |k: u32| (k as f32 + 0.5) / SIZE as f32;
                    f64::from(map.at(place(x), place(y)))
                };
                let all: f64 = (0..SIZE * SIZE).map(|k| value(k % SIZE, k / SIZE)).sum();
                let own = (0..BOX * BOX).map(|k| value(at.0 + k % BOX, at.1 + k / BOX)).sum::<f64>() / all.max(1e-9);
                sharp += usize::from(own >= 3.0 * area);
                energy += own / 60.0;
            }
        }
        println!("{method:?} {layer:?}: {right} of 60 right, {energy:.3} of the energy, {sharp} of 60 sharp");
        assert!(right >= 54, "{right} of 60 are right: the maps would say little");
        assert!(energy >= 3.0 * area, "{method:?} {layer:?}: {energy:.3} of the energy lies in {area:.3} of the area");
        assert!(sharp >= 50, "{method:?} {layer:?}: {sharp} of 60 maps hold three times the box's share");
    }
}

#[test]
fn probabilities_are_those_of_predict_and_maps_are_scaled() {
    let file = trained();
    let explainer = Explainer::open(file).unwrap();
    assert_eq!((explainer.layer(), explainer.classes().len()), ("conv2d_2", 3));
    let (photo, _) = draw(1, 2000);
    let mut png = std::io::Cursor::new(Vec::new());
    photo.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let predictor = umbel::predict::Predictor::new(file.clone(), 1, 3).unwrap();
    let answer = predictor.predict(&[png.into_inner()]).remove(0).unwrap();
    for (class, p) in explainer.probabilities(&photo).unwrap().into_iter().enumerate() {
        let said = answer.top.iter().find(|top| top.class == CLASSES[class]).unwrap();
        assert_eq!(said.probability, p);
    }
    let map = explainer.explain(&photo, 1).unwrap();
    assert_eq!((map.size(), map.values().len()), ((10, 10), 100));
    assert_eq!(map.values().iter().copied().fold(0.0, f32::max), 1.0);
    assert!(map.values().iter().all(|value| (0.0..=1.0).contains(value)));
    assert_eq!(map, explainer.explain(&photo, 1).unwrap(), "the same bits again");
    let error = explainer.explain(&photo, 3).unwrap_err().to_string();
    assert!(error.contains("below 3"), "{error}");
}

#[test]
fn overlays_have_the_photos_size_and_leave_what_was_cropped_grey() {
    let (photo, _) = draw(2, 5);
    let wide = image::imageops::resize(&photo, 90, 60, image::imageops::FilterType::Triangle);
    let is_grey = |pixel: &Rgb<u8>| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2];
    for (resize, grey_columns) in [(Resize::Stretch, 0), (Resize::Letterbox, 0), (Resize::Crop, 30)] {
        let mut file = trained().clone();
        file.prep.resize = resize;
        let map = Explainer::open(&file).unwrap().explain(&wide, 2).unwrap();
        let overlay = map.overlay(&wide);
        assert_eq!(overlay.dimensions(), (90, 60));
        let grey = (0..90).filter(|x| (0..60).all(|y| is_grey(overlay.get_pixel(*x, y)))).count();
        assert_eq!(grey, grey_columns, "{resize:?}");
    }
}

/// A red rose turned green under the map: the photo was grey, and the colors lay over all of it.
#[test]
fn an_overlay_leaves_the_photo_as_it_is_where_nothing_is_said() {
    let photo = draw(2, 5).0;
    let map = Explainer::open(trained()).unwrap().explain(&photo, 2).unwrap();
    let overlay = map.overlay(&photo);
    let away = |pixel: &Rgb<u8>, own: &Rgb<u8>| (0..3).map(|k| pixel[k].abs_diff(own[k])).max().unwrap();
    let (least, most) = (map.values().iter().copied().fold(1.0, f32::min), 0.65 * 255.0);
    assert!(least < 0.05, "somewhere nothing is said: {least}");
    let changed: Vec<u8> = overlay.pixels().zip(photo.pixels()).map(|(pixel, own)| away(pixel, own)).collect();
    assert!(changed.iter().any(|by| *by <= 9) && changed.iter().any(|by| *by > 40));
    assert!(changed.iter().all(|by| f32::from(*by) <= most + 1.0));
}

#[test]
fn the_colors_are_viridis() {
    assert_eq!(viridis(0.0), [0x44, 0x01, 0x54]);
    assert_eq!(viridis(1.0), [0xfd, 0xe7, 0x25]);
    assert_eq!((viridis(-3.0), viridis(7.0), viridis(f32::NAN)), (viridis(0.0), viridis(1.0), viridis(0.0)));
    // Lighter with every step, so that it reads in grey, too.
    let light =
        |value: f32| viridis(value).iter().zip([0.299, 0.587, 0.114]).map(|(v, w)| f32::from(*v) * w).sum::<f32>();
    assert!((1..=20).all(|k| light(k as f32 / 20.0) > light((k - 1) as f32 / 20.0)));
}

#[test]
fn a_panel_is_a_picture_and_a_model_without_a_convolution_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel.png");
    let (photo, _) = draw(0, 9);
    let tall = image::imageops::resize(&photo, 40, 90, image::imageops::FilterType::Triangle);
    let map = Explainer::open(trained()).unwrap().explain(&tall, 0).unwrap();
    write_panel(&path, &tall, "tall", &[("cross 99 %".to_string(), map)], &Fonts::default()).unwrap();
    let panel = image::open(&path).unwrap().to_rgb8();
    assert!(panel.width() > 2 * 360 && panel.height() > 360, "{:?}", panel.dimensions());

    let stack = Sequential::new((32, 32, 3)).add(Flatten).add(Dense::new(3));
    let model = Model::new(stack, 0).unwrap();
    let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
    let error = Explainer::open(&ModelFile { model, prep, ..trained().clone() }).unwrap_err().to_string();
    assert!(error.contains("convolution"), "{error}");
}
