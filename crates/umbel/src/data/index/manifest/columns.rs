//! Which columns of a table hold path, label and part.

use crate::data::ManifestError;

/// A column by the names that it goes by.
struct Names {
    /// As umbel itself calls it, in the order in which they are looked for.
    own: &'static [&'static str],
    /// As others do. Where there are two of these, it is not guessed which is meant.
    usual: &'static [&'static str],
}

const PATH: Names = Names {
    own: &["path"],
    usual: &[
        "file",
        "filename",
        "file_name",
        "filepath",
        "file_path",
        "image",
        "image_path",
        "imagepath",
        "image_name",
        "image_file",
        "image_filename",
        "img",
        "img_path",
        "photo",
        "picture",
    ],
};
const LABEL: Names =
    Names { own: &["label", "class"], usual: &["category", "species", "class_name", "label_name", "target", "labels"] };
/// Where there is none of these, the photos do not come divided.
const SPLIT: Names = Names { own: &["split", "part"], usual: &[] };

/// Where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    pub path: usize,
    pub label: usize,
    pub part: Option<usize>,
}

/// Why they are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    Missing(&'static str),
    Two { column: &'static str, first: String, second: String },
}

impl Columns {
    pub fn of(header: &[String]) -> Result<Self, Unclear> {
        let needed = |names: &Names| names.find(header)?.ok_or(Unclear::Missing(names.own[0]));
        Ok(Columns { path: needed(&PATH)?, label: needed(&LABEL)?, part: SPLIT.find(header)? })
    }
}

impl Names {
    fn find(&self, header: &[String]) -> Result<Option<usize>, Unclear> {
        let is_one = |names: &[&str], name: &String| names.contains(&simple(name).as_str());
        if let Some(place) = header.iter().position(|name| is_one(self.own, name)) {
            return Ok(Some(place));
        }
        let mut usual = (0..header.len()).filter(|place| is_one(self.usual, &header[*place]));
        match (usual.next(), usual.next()) {
            (Some(first), Some(second)) => {
                Err(Unclear::Two { column: self.own[0], first: header[first].clone(), second: header[second].clone() })
            }
            (first, _) => Ok(first),
        }
    }
}

/// Whether a label goes by this name.
pub fn is_label(name: &str) -> bool {
    LABEL.own.iter().chain(LABEL.usual).any(|own| *own == simple(name))
}

/// `Image Path` is `image_path`.
pub(super) fn simple(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

/// What would be taken, for people.
pub fn taken() -> String {
    let words = |names: &Names| names.own.iter().chain(names.usual).copied().collect::<Vec<_>>().join(", ");
    format!("path ({}), label ({}) and perhaps split ({})", words(&PATH), words(&LABEL), words(&SPLIT))
}

impl Unclear {
    /// Whether a column is not there, so that the table may be one of something else.
    pub fn is_missing(&self) -> bool {
        match self {
            Unclear::Missing(_) => true,
            Unclear::Two { .. } => false,
        }
    }

    /// As an error about a table that was taken for `seen`.
    pub fn error(self, seen: crate::base::table::Seen) -> ManifestError {
        match self {
            Unclear::Missing(column) => ManifestError::MissingColumn { column, seen: seen.into(), taken: taken() },
            Unclear::Two { column, first, second } => ManifestError::TwoColumns { column, first, second },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<(usize, usize, Option<usize>), Unclear> {
        let header: Vec<String> = header.split(',').map(String::from).collect();
        Columns::of(&header).map(|columns| (columns.path, columns.label, columns.part))
    }

    #[test]
    fn columns_go_by_the_names_that_people_give_them() {
        assert_eq!(of("path,label"), Ok((0, 1, None)));
        assert_eq!(of("id,Species,Image Path,SPLIT"), Ok((2, 1, Some(3))));
        assert_eq!(of("filename,category"), Ok((0, 1, None)));
        assert_eq!(of("image,path,class"), Ok((1, 2, None)), "umbel's own name goes first");
        assert_eq!(of("image_id,category"), Err(Unclear::Missing("path")));
        assert_eq!(of("file,kind"), Err(Unclear::Missing("label")));
        let two = Unclear::Two { column: "label", first: "Species".into(), second: "category".into() };
        assert_eq!(of("file,Species,category"), Err(two));
    }
}
