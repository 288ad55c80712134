//! What an event says, and its form as a protocol buffer. Field numbers are those of TensorFlow's `event.proto`,
//! `summary.proto` and `tensor.proto`.

use super::Picture;
use super::protobuf::{Fields, Message, Value};

/// `DataType`.
const DT_FLOAT: u64 = 1;
const DT_STRING: u64 = 7;

/// One value at one step.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// From 0.
    pub step: u64,
    pub tag: &'a str,
    pub summary: Summary<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Summary<'a> {
    Scalar(f32),
    Picture(Picture<'a>),
}

/// The first record of every file.
pub fn file_version(wall_time: f64) -> Vec<u8> {
    let source = Message::default().bytes(1, b"umbel");
    Message::default().double(1, wall_time).bytes(3, b"brain.Event:2").message(10, &source).into_bytes()
}

impl Event<'_> {
    /// The `Event`, at so many seconds since 1970.
    pub fn to_bytes(self, wall_time: f64) -> Vec<u8> {
        let (metadata, tensor) = match self.summary {
            Summary::Scalar(value) => (metadata("scalars", ""), scalar(value)),
            Summary::Picture(picture) => (metadata("images", picture.description), images(picture.png)),
        };
        let value = Message::default().bytes(1, self.tag.as_bytes()).message(8, &tensor).message(9, &metadata);
        let summary = Message::default().message(1, &value);
        Message::default().double(1, wall_time).integer(2, self.step).message(5, &summary).into_bytes()
    }
}

fn metadata(plugin: &str, description: &str) -> Message {
    let plugin = Message::default().bytes(1, plugin.as_bytes());
    let metadata = Message::default().message(1, &plugin);
    if description.is_empty() { metadata } else { metadata.bytes(3, description.as_bytes()) }
}

/// A tensor without dimensions.
fn scalar(value: f32) -> Message {
    let shape = Message::default();
    Message::default().integer(1, DT_FLOAT).message(2, &shape).bytes(4, &value.to_le_bytes())
}

/// Width, height and one encoded picture, as `tf.summary.image` writes them.
fn images(png: &[u8]) -> Message {
    let (width, height) = png_size(png);
    let shape = Message::default().message(2, &Message::default().integer(1, 3));
    Message::default()
        .integer(1, DT_STRING)
        .message(2, &shape)
        .bytes(8, width.to_string().as_bytes())
        .bytes(8, height.to_string().as_bytes())
        .bytes(8, png)
}

/// From the header, which stands first in every PNG; zeros where it isn't one.
fn png_size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| png.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    (number(16), number(20))
}

/// The step of an event that was read, and the tags of its values; none for a file's first record.
pub fn step_and_tags(event: &[u8]) -> (u64, Vec<String>) {
    let (mut step, mut tags) = (0, Vec::new());
    for (field, value) in Fields(event) {
        match (field, value) {
            (2, Value::Integer(value)) => step = value,
            (5, Value::Bytes(summary)) => tags.extend(Fields(summary).filter_map(|(field, value)| match value {
                Value::Bytes(value) if field == 1 => tag(value),
                _ => None,
            })),
            _ => {}
        }
    }
    (step, tags)
}

fn tag(value: &[u8]) -> Option<String> {
    Fields(value).find_map(|(field, value)| match value {
        Value::Bytes(tag) if field == 1 => Some(String::from_utf8_lossy(tag).into_owned()),
        _ => None,
    })
}
