//! Where fonts lie, and which of them are asked first.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

/// Deeper folders, and more files than this, are not looked at: no system keeps its fonts so.
const DEEPEST: usize = 6;
const MOST_FILES: usize = 20_000;

/// Beginnings of file names, without spaces and hyphens, of plain fonts that have many characters; the earlier, the sooner asked.
const PLAIN: [&str; 24] = [
    "notosanscjk",
    "sourcehansans",
    "notosanstc",
    "notosanssc",
    "notosansjp",
    "notosanskr",
    "wqymicrohei",
    "wqyzenhei",
    "droidsansfallback",
    "pingfang",
    "hiraginosansgb",
    "stheiti",
    "applesdgothicneo",
    "msjh",
    "msyh",
    "yugoth",
    "malgun",
    "arialunicode",
    "arialuni",
    "notosans",
    "segoeui",
    "leelawui",
    "freesans",
    "unifont",
];
/// Parts of names of styles that are asked last.
const STYLED: [&str; 12] =
    ["bold", "black", "heavy", "light", "thin", "italic", "oblique", "condensed", "mono", "serif", "medium", "display"];

/// The folders of the system's fonts, as this kind of system has them wherever it is installed.
pub fn of_system() -> Vec<PathBuf> {
    let folders: &[&str] = if cfg!(windows) {
        &["C:\\Windows\\Fonts"]
    } else if cfg!(target_os = "macos") {
        &["/System/Library/Fonts", "/Library/Fonts"]
    } else {
        &["/usr/local/share/fonts", "/usr/share/fonts"]
    };
    folders.iter().map(PathBuf::from).collect()
}

/// All files of fonts in and below these folders, the likeliest first.
pub(super) fn below(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        gather(folder, DEEPEST, &mut found);
    }
    found.sort_by_cached_key(|path| {
        let name = plain_name(path);
        let known = PLAIN.iter().position(|plain| name.starts_with(plain)).unwrap_or(PLAIN.len());
        (known, STYLED.iter().any(|style| name.contains(style)), Reverse(name.contains("regular")), path.clone())
    });
    found
}

fn gather(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if found.len() >= MOST_FILES {
            return;
        }
        let path = entry.path();
        let is_font = path
            .extension()
            .is_some_and(|end| ["ttf", "otf", "ttc", "otc"].iter().any(|font| end.eq_ignore_ascii_case(font)));
        if is_font {
            found.push(path);
        } else if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // Folders that are links are not followed: they may lead in circles.
            gather(&path, depth - 1, found);
        }
    }
}

fn plain_name(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_fonts_of_many_characters_are_asked_first() {
        let folder = tempfile::tempdir().unwrap();
        let below_it = folder.path().join("truetype/noto");
        fs::create_dir_all(&below_it).unwrap();
        for name in
            ["Aaa-Regular.ttf", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "wqy-microhei.TTC", "readme.txt"]
        {
            fs::write(below_it.join(name), "").unwrap();
        }
        let names: Vec<String> = below(&[folder.path().to_owned(), folder.path().join("missing")])
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "wqy-microhei.TTC", "Aaa-Regular.ttf"]);
    }
}
