//! Reads Parquet and writes a tar of its pictures.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::{Field, Row};
use serde_json::Value;

use super::super::archive::{ArchiveFault, ArchiveFile};
use super::super::decompressed::{self, Making};
use super::super::listed::Stopped;
use super::{TOLD, Told};
use crate::base::last_name::last_name;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::Interrupt;
use crate::base::regular;
use crate::data::index::is_label;
use crate::data::{CacheOptions, decode};

/// Where the hub's own library describes the columns.
const DESCRIPTION: &str = "huggingface";

/// Which columns hold what.
struct Columns {
    image: String,
    label: String,
    /// The names that numbers of the label stand for.
    names: Vec<String>,
}

/// The tar of the pictures in a file: as it was left in the cache by the last who needed it, or written now.
pub fn tar(archive: &ArchiveFile, cache: &CacheOptions, interrupt: &Interrupt) -> Result<PathBuf, Stopped> {
    decompressed::kept(archive, cache, |making| {
        let file = regular::open(&archive.file).map_err(ArchiveFault::from)?;
        let reader = SerializedFileReader::new(file).map_err(damaged)?;
        let columns = columns(&reader)?;
        let mut pictures = Pictures::new(&archive.given, making);
        for (number, row) in reader.get_row_iter(None).map_err(damaged)?.enumerate() {
            if interrupt.requested() {
                return Err(Stopped::Interrupted);
            }
            pictures.row(number, &row.map_err(damaged)?, &columns)?;
        }
        pictures.finish()
    })
}

fn damaged(error: ParquetError) -> ArchiveFault {
    ArchiveFault::Damaged(error.to_string())
}

/// The columns by their description, or else by their names: a picture is a group of bytes and path.
fn columns(reader: &SerializedFileReader<File>) -> Result<Columns, ArchiveFault> {
    let about = reader.metadata().file_metadata();
    let described = about.key_value_metadata().into_iter().flatten().find(|entry| entry.key == DESCRIPTION);
    let described: Option<Value> = described.and_then(|entry| serde_json::from_str(entry.value.as_deref()?).ok());
    let features = described.as_ref().and_then(|all| all["info"]["features"].as_object());
    let of_kind = |kind: &'static str| {
        features
            .into_iter()
            .flatten()
            .filter(move |(_, feature)| feature["_type"] == kind)
            .map(|(name, _)| name.as_str())
    };
    let fields = about.schema_descr().root_schema().get_fields();
    let names = || fields.iter().map(|field| field.name());
    let has_bytes = |name: &&str| {
        let field = fields.iter().find(|field| field.name() == *name);
        field.is_some_and(|field| field.is_group() && field.get_fields().iter().any(|inner| inner.name() == "bytes"))
    };
    let missing =
        |column: &'static str| ArchiveFault::NoColumn { column, columns: names().collect::<Vec<_>>().join(", ") };
    let image = of_kind("Image").chain(names()).find(has_bytes).ok_or_else(|| missing("image"))?;
    let is_there = |name: &&str| names().any(|own| own == *name);
    let label = of_kind("ClassLabel").filter(|name| is_label(name)).chain(of_kind("ClassLabel"));
    let label = label.chain(names().filter(|name| is_label(name))).find(is_there).ok_or_else(|| missing("label"))?;
    let told = features.and_then(|features| features.get(label)?.get("names")?.as_array());
    let text = |name: &Value| name.as_str().map(String::from);
    let names = told.into_iter().flatten().filter_map(text).collect();
    Ok(Columns { image: image.to_string(), label: label.to_string(), names })
}

/// The tar in the making.
struct Pictures<'a> {
    tar: tar::Builder<BufWriter<&'a File>>,
    making: &'a Making<'a>,
    /// What pictures without a name are called by.
    stem: String,
    file: String,
    told: Told,
    taken: HashSet<String>,
    written: u64,
}

impl<'a> Pictures<'a> {
    fn new(path: &Path, making: &'a Making<'a>) -> Self {
        let file = last_name(path);
        let stem = file.split('.').next().unwrap_or_default().to_string();
        let tar = tar::Builder::new(BufWriter::new(making.file()));
        Pictures { tar, making, stem, file, told: Told::default(), taken: HashSet::new(), written: 0 }
    }

    fn row(&mut self, number: usize, row: &Row, columns: &Columns) -> Result<(), Stopped> {
        let field = |name: &str| row.get_column_iter().find(|(own, _)| *own == name).map(|(_, field)| field);
        let (mut bytes, mut path) = (None, None);
        if let Some(Field::Group(image)) = field(&columns.image) {
            for (name, value) in image.get_column_iter() {
                match (name.as_str(), value) {
                    ("bytes", Field::Bytes(content)) => bytes = Some(content.data()),
                    ("path", Field::Str(text)) => path = Some(text.as_str()),
                    _ => {}
                }
            }
        }
        let called = |path: Option<&str>| {
            format!("{}, row {}{}", self.file, number + 1, path.map(|path| format!(" ({path})")).unwrap_or_default())
        };
        let mut problem = |kind, detail: &str| {
            self.told.problems.push(Problem { path: called(path), kind, detail: detail.to_string() });
            Ok(())
        };
        let Some(bytes) = bytes else { return problem(ProblemKind::Empty, "there is no picture in this row") };
        let Some(class) = field(&columns.label).and_then(|label| class(label, &columns.names)) else {
            return problem(ProblemKind::NoLabel, "its label is none, or stands for no class");
        };
        let path = self.place(number, (path, bytes), &class);
        self.append(&path, bytes)?;
        self.told.photos.push((path, class));
        Ok(())
    }

    /// Where a picture lies: under its own path where that has folders, else in its class; never twice, and never outside.
    fn place(&mut self, number: usize, (path, bytes): (Option<&str>, &[u8]), class: &str) -> String {
        let parts = path.into_iter().flat_map(|path| path.split('/')).filter(|part| !matches!(*part, "" | "." | ".."));
        let own = parts.map(|part| part.replace('\0', "_")).collect::<Vec<_>>().join("/");
        let own = Some(own).filter(|own| decode::named_as_picture(Path::new(own)));
        let end =
            decode::sniff(bytes).map_or("jpg", |format| format.extensions_str().first().copied().unwrap_or("jpg"));
        let numbered = |stem: &str| format!("{}/{stem}-{:06}.{end}", class.replace(['/', '\0'], "_"), number + 1);
        let path = match own {
            Some(own) if own.contains('/') => own,
            Some(own) => format!("{}/{own}", class.replace(['/', '\0'], "_")),
            None => numbered(&self.stem),
        };
        let path = if self.taken.contains(&path) { numbered(&self.stem) } else { path };
        self.taken.insert(path.clone());
        path
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> Result<(), Stopped> {
        self.written += bytes.len() as u64 + 1024;
        self.making.check(self.written)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        self.tar.append_data(&mut header, path, bytes).map_err(|error| ArchiveFault::from(error).into())
    }

    fn finish(mut self) -> Result<(), Stopped> {
        let told = serde_json::to_vec(&self.told).map_err(io::Error::from).map_err(ArchiveFault::from)?;
        self.append(TOLD, &told)?;
        let flushed = self.tar.into_inner().and_then(|mut file| file.flush());
        flushed.map_err(|error| ArchiveFault::from(error).into())
    }
}

/// A label as a class; `None` where it is none.
fn class(label: &Field, names: &[String]) -> Option<String> {
    let of_number = |number: i64| match names {
        [] => Some(number.to_string()),
        names => names.get(usize::try_from(number).ok()?).cloned(),
    };
    match label {
        Field::Str(text) => Some(text.trim().to_string()).filter(|text| !text.is_empty()),
        Field::Byte(number) => of_number((*number).into()),
        Field::Short(number) => of_number((*number).into()),
        Field::Int(number) => of_number((*number).into()),
        Field::Long(number) => of_number(*number),
        Field::UByte(number) => of_number((*number).into()),
        Field::UShort(number) => of_number((*number).into()),
        Field::UInt(number) => of_number((*number).into()),
        Field::ULong(number) => i64::try_from(*number).ok().and_then(of_number),
        Field::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
