//! Five kinds of flower, drawn by umbel itself: petal counts, shapes, colors, backgrounds, sizes and angles vary, so
//! that it takes a look at the shape, not at the color, to tell them apart.

use std::path::Path;

use rayon::prelude::*;
use tiny_skia::Transform;

use crate::base::atomic::SCRATCH_PREFIX;
use crate::base::random::{Purpose, Stream};
use crate::base::threads;
use crate::{Error, Result};

mod background;
mod canvas;
mod finish;
mod flowers;
mod palette;
mod petals;

use canvas::{Canvas, Rgb, bow};
use palette::Palette;

/// Class names, sorted.
pub const CLASSES: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];

/// Every how many pictures one is a PNG; the others are JPEGs, as photos mostly are.
const PNG_EVERY: usize = 10;
const JPEG_QUALITY: u8 = 90;

/// Draws one flower, `size` x `size`; the same (seed, class, number) gives the same picture. `class` is a position in
/// [`CLASSES`]; positions beyond it count on from the first.
pub fn draw(class: usize, seed: u64, number: u64, size: u32) -> image::RgbImage {
    let class = class % CLASSES.len();
    let mut random = Stream::new(seed, Purpose::Demo, class as u64, number);
    let random = &mut random;
    // A canvas that is too large to be had leaves the empty picture.
    let Some(mut canvas) = Canvas::new(size, size, Rgb::BLACK) else { return image::RgbImage::new(size, size) };
    let palette = Palette::draw(class, random);
    background::paint(&mut canvas, palette.petal, random);
    if random.uniform() < 0.25 {
        for _ in 0..1 + random.below(2) {
            // A smaller one of the same kind further back.
            let at = (random.range(0.05, 0.95), random.range(0.05, 0.8));
            plant(class, &mut canvas, &palette, at, random.range(0.1, 0.17), random);
        }
    }
    let radius = random.range(0.32, 0.46);
    let at = (random.range(0.42, 0.58), random.range(0.42, 0.56));
    plant(class, &mut canvas, &palette, at, radius, random);
    if random.uniform() < 0.2 {
        background::occlude(&mut canvas, random);
    }
    finish::photograph(canvas, random)
}

/// Draws the same scenes without any flower: backgrounds, stems and leaves. The same (seed, number) gives the same picture.
pub fn draw_leaves(seed: u64, number: u64, size: u32) -> image::RgbImage {
    // Beyond the classes, so that no flower shares its stream.
    let mut random = Stream::new(seed, Purpose::Demo, CLASSES.len() as u64, number);
    let random = &mut random;
    let Some(mut canvas) = Canvas::new(size, size, Rgb::BLACK) else { return image::RgbImage::new(size, size) };
    let palette = Palette::draw(random.below(CLASSES.len()), random);
    background::paint(&mut canvas, palette.petal, random);
    let unit = Transform::from_scale(size as f32, size as f32);
    for _ in 0..1 + random.below(6) {
        let (x, height) = (random.range(0.1, 0.9), random.range(0.1, 0.7));
        let top = (x + random.range(-0.15, 0.15), height);
        canvas.stroke(&bow(top, (x, 0.7), (x, 1.1)), palette.green, 1.0, random.range(0.01, 0.04), unit);
        let color = palette.green.scale(random.range(0.7, 1.3));
        background::leaf(&mut canvas, top, random.range(0.0, 360.0), random.range(0.2, 0.6), color, 1.0, unit);
    }
    finish::photograph(canvas, random)
}

/// Draws a flower with its stem and leaves, `at` and `radius` in shares of the picture.
fn plant(class: usize, canvas: &mut Canvas, palette: &Palette, at: (f32, f32), radius: f32, random: &mut Stream) {
    let size = canvas.size().0 as f32;
    let unit = Transform::from_scale(size, size);
    let tulip = CLASSES[class] == "tulips";
    // Tulips are seen from the side and lean; the others face us at any turn, tilted away to some degree.
    let (turn, lean) =
        if tulip { (0.0, random.range(-25.0, 25.0)) } else { (random.range(0.0, 360.0), random.range(-180.0, 180.0)) };
    let squash = if tulip { random.range(0.75, 0.95) } else { random.range(0.76, 1.0) };
    let skew = random.range(-0.15, 0.15);
    let place = unit.pre_translate(at.0, at.1).pre_scale(radius, radius).pre_rotate(lean);
    let place = if tulip { place.pre_scale(squash, 1.0) } else { place.pre_scale(1.0, squash) };
    let place = place.pre_concat(Transform::from_skew(skew, 0.0)).pre_rotate(turn);

    let foot = (at.0 + random.range(-0.2, 0.2), 1.1);
    let (sin, cos) = if tulip { lean.to_radians().sin_cos() } else { (0.0, 0.0) };
    let neck = (at.0 - sin * radius * 0.95, at.1 + cos * radius * 0.95);
    let knee = (neck.0 - sin * 0.2, neck.1 + 0.2);
    let width = radius * random.range(0.09, 0.16);
    let stem = bow(neck, knee, foot);
    canvas.stroke(&stem, palette.green.scale(0.6), 1.0, width * 1.25, unit);
    canvas.stroke(&stem, palette.green, 1.0, width, unit);
    for _ in 0..random.below(3) {
        let side = if random.uniform() < 0.5 { -90.0 } else { -90.0 + random.range(-70.0, 70.0) };
        let base = (foot.0 + random.range(-0.05, 0.05), random.range(0.85, 1.05));
        background::leaf(
            canvas,
            base,
            side,
            random.range(0.3, 0.6),
            palette.green.scale(random.range(0.8, 1.2)),
            1.0,
            unit,
        );
    }
    if !tulip && random.uniform() < 0.5 {
        flowers::sepals(canvas, palette, place, random);
    }
    flowers::paint(class, canvas, palette, place, random);
}

/// Writes `per_class` pictures of each class into `folder/<class>/<class>_<number>.jpg`, every tenth as `.png`. The
/// folder must not exist, or be empty; it appears whole or not at all. Numbers count from 0, as [`draw`]'s do.
pub fn write_folder(folder: &Path, per_class: usize, size: u32, seed: u64) -> Result<()> {
    threads::ready()?;
    let failed =
        |action: &'static str| move |source| umbel_predict::Error::Io { action, path: folder.to_owned(), source };
    let exists = match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(Error::FolderNotEmpty { path: folder.to_owned() }),
        Ok(false) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed("read the folder")(error).into()),
    };
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(failed("create the folder"))?;
    // A scratch sibling renamed at the end, so that a demo stopped half-way is not taken for a folder of photos.
    let scratch = scratch_folder(parent).map_err(failed("create the folder"))?;
    for class in CLASSES {
        std::fs::create_dir(scratch.path().join(class)).map_err(failed("create the folder"))?;
    }
    (0..CLASSES.len() * per_class).into_par_iter().try_for_each(|index| {
        let (class, number) = (index % CLASSES.len(), index / CLASSES.len());
        let extension = if number % PNG_EVERY == PNG_EVERY - 1 { "png" } else { "jpg" };
        let name = format!("{}_{number:04}.{extension}", CLASSES[class]);
        let bytes = encode(&draw(class, seed, number as u64, size), extension)
            .map_err(|error| failed("encode a picture of")(std::io::Error::other(error)))?;
        std::fs::write(scratch.path().join(CLASSES[class]).join(name), bytes).map_err(failed("write into"))
    })?;
    if exists {
        std::fs::remove_dir(folder).map_err(failed("replace the empty folder"))?;
    }
    std::fs::rename(scratch.path(), folder).map_err(failed("create the folder"))?;
    // It has moved on: there is nothing left to delete.
    let _ = scratch.keep();
    Ok(())
}

fn scratch_folder(parent: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(SCRATCH_PREFIX);
    #[cfg(unix)]
    {
        // What a plain `create_dir` would give, under the user's umask; tempfile's own default is private.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(parent)
}

fn encode(picture: &image::RgbImage, extension: &str) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    if extension == "png" {
        picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes))?;
    } else {
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        picture.write_with_encoder(encoder)?;
    }
    Ok(bytes)
}
