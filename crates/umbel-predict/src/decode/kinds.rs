//! Files that are not read here, each with what it is and the way out. One table, so that a name, a refusal and a count by kind
//! cannot differ.

use crate::base::problem::ProblemKind;

use super::DecodeError;

/// What can be done about a file.
#[derive(Clone, Copy)]
enum Way {
    /// A picture; a whole folder of files with this extension can be converted.
    Convert(&'static str),
    /// Not a picture; this is what to do.
    Do(&'static str),
}
use Way::{Convert, Do};

const UNPACK: Way = Do("unpack it, and give the folder with the pictures");
const FRAMES: Way = Do("take pictures out of it, for instance by `ffmpeg -i FILE -vf fps=1 %05d.jpg`");
const FETCH: Way = Do("fetch the picture itself: a server most likely answered with this in its place");

/// Where a signature stands, the signature, what has it, and the way out.
const SIGNATURES: [(usize, &[u8], &str, Way); 56] = [
    // Pictures.
    (4, b"ftypavif", "AVIF", Convert("avif")),
    (4, b"ftypavis", "AVIF", Convert("avif")),
    (4, b"ftypmif1", "HEIF", Convert("heif")),
    (4, b"ftypmsf1", "HEIF", Convert("heif")),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL", Convert("jxl")),
    (0, b"\xff\x0a", "JPEG XL", Convert("jxl")),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000", Convert("jp2")),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000", Convert("j2k")),
    (0, b"II\xbc\x01", "JPEG XR", Convert("jxr")),
    (0, b"8BPS", "Photoshop", Convert("psd")),
    (0, b"gimp xcf", "GIMP", Convert("xcf")),
    (0, b"qoif", "QOI", Convert("qoi")),
    (0, b"\x00\x00\x01\x00", "icon", Convert("ico")),
    (0, b"icns", "icon", Convert("icns")),
    (0, b"DDS ", "DDS", Convert("dds")),
    (0, b"#?RADIANCE", "Radiance HDR", Convert("hdr")),
    (0, b"#?RGBE", "Radiance HDR", Convert("hdr")),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", Convert("exr")),
    (0, b"\x0a\x05\x01", "PCX", Convert("pcx")),
    (0, b"farbfeld", "farbfeld", Convert("ff")),
    (0, b"FLIF", "FLIF", Convert("flif")),
    (0, b"BPG\xfb", "BPG", Convert("bpg")),
    (0, b"\x01\xda\x01\x01", "SGI", Convert("sgi")),
    (0, b"\x59\xa6\x6a\x95", "Sun raster", Convert("ras")),
    (0, b"AT&TFORM", "DjVu", Convert("djvu")),
    (0, b"SIMPLE  =", "FITS", Convert("fits")),
    (128, b"DICM", "DICOM", Convert("dcm")),
    (0, b"<svg", "SVG", Convert("svg")),
    (0, b"%PDF-", "PDF", Convert("pdf")),
    (0, b"%!PS", "PostScript", Convert("eps")),
    // In the place of a picture.
    (0, b"version https://git-lfs.github.com/", "a Git LFS pointer", Do("run `git lfs pull` where it was cloned")),
    (0, b"/annex/objects/", "a git-annex pointer", Do("run `git annex get .` where it was cloned")),
    (0, b"<!doctype html", "a web page", FETCH),
    (0, b"<html", "a web page", FETCH),
    (0, b"<?xml", "an XML text", FETCH),
    (0, b"{\"", "a JSON text", FETCH),
    // Packed.
    (0, b"\x1f\x8b", "a file packed by gzip", Do("unpack it by `gunzip`")),
    (0, b"PK\x03\x04", "a ZIP archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"BZh", "a file packed by bzip2", Do("unpack it by `bunzip2`")),
    (0, b"\xfd7zXZ\0", "a file packed by xz", Do("unpack it by `unxz`")),
    (0, b"\x28\xb5\x2f\xfd", "a file packed by Zstandard", Do("unpack it by `unzstd`")),
    // Others under the name of a picture.
    (4, b"ftyp", "a video", FRAMES),
    (8, b"AVI LIST", "a video", FRAMES),
    (0, b"\x1a\x45\xdf\xa3", "a video", FRAMES),
    (0, b"\0\0\x01\xba", "a video", FRAMES),
    (0, b"\x00\x05\x16\x07", "an AppleDouble file, which macOS puts beside the real one", Do("leave it out")),
    (0, b"bplist00", "a placeholder of macOS", Do("have the picture downloaded from the cloud first")),
    (0, b"book\0\0\0\0mark", "an alias of macOS", Do("put the picture itself there")),
    (0, b"L\0\0\0\x01\x14\x02\0", "a shortcut of Windows", Do("put the picture itself there")),
    (0, b"\x93NUMPY", "an array of NumPy", Do("save its pictures as PNG")),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", Do("save its pictures as PNG")),
    (0, b"SQLite format 3\0", "a database", Do("leave it out")),
    (0, b"MZ", "a program", Do("leave it out")),
];

/// Why a file that is in no format that is read here cannot be used.
pub(super) fn refusal(bytes: &[u8]) -> DecodeError {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let known = SIGNATURES.iter().find(|(at, signature, ..)| match at {
        // What is text may be written in any case, and begin with a mark or with blank lines.
        0 if signature.starts_with(b"<") => {
            text.get(..signature.len()).is_some_and(|start| start.eq_ignore_ascii_case(signature))
        }
        at => bytes.get(*at..).is_some_and(|rest| rest.starts_with(signature)),
    });
    let not_a_picture = |what: &str, way: &str| DecodeError {
        kind: ProblemKind::NotAPicture,
        detail: format!("not a picture but {what}; {way}"),
    };
    match known {
        Some((_, _, "an XML text", _)) if contains_svg(text) => unread("SVG", "svg"),
        Some((_, _, name, Convert(extension))) => unread(name, extension),
        Some((_, _, what, Do(way))) => not_a_picture(what, way),
        None if bytes.iter().all(|byte| *byte == 0) => {
            not_a_picture("nothing but zeros", "a copy or a download of it broke off: fetch it again")
        }
        None => DecodeError {
            kind: ProblemKind::NotAPicture,
            detail: "its content is not a picture (expected JPEG, PNG, GIF, BMP, WebP, TIFF or PNM)".to_string(),
        },
    }
}

/// A picture of a format that is not read here.
pub(super) fn unread(name: &str, extension: &str) -> DecodeError {
    let detail = format!(
        "a picture in {name} format, which is not read here; save it as JPEG or PNG (a whole folder, for instance, by \
         `magick mogrify -format jpg *.{extension}`)"
    );
    DecodeError { kind: ProblemKind::Unsupported, detail }
}

fn contains_svg(text: &[u8]) -> bool {
    text[..text.len().min(4096)].windows(4).any(|four| four == b"<svg")
}
