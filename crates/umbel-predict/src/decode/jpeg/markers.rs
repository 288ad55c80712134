//! A walk over a JPEG's markers: what kind it is, how its picture is cut into scans, how it lies. Nothing is decoded.

use memchr::memchr;

/// What the markers tell.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// `None` where none was found, or one cut short.
    pub frame: Option<Frame>,
    pub scans: Vec<Scan>,
    /// Where the end marker stands.
    pub end: Option<usize>,
    /// The first EXIF segment, from its prefix on.
    pub exif: Option<(usize, usize)>,
    /// Segments that tell about the picture and are not needed to decode it, marker and length included.
    pub remarks: Vec<(usize, usize)>,
    pub jfif: bool,
    /// How colors were made, after Adobe.
    pub adobe: Option<Adobe>,
}

/// The frame header.
#[derive(Debug)]
pub(in crate::decode) struct Frame {
    /// The marker's second byte, 0xC0 to 0xCF.
    pub kind: u8,
    pub precision: u8,
    pub width: u16,
    pub height: u16,
    pub components: Vec<Component>,
}

/// What a channel is called, and its sampling factors.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct Component {
    pub id: u8,
    pub across: u8,
    pub down: u8,
}

/// One scan.
#[derive(Debug)]
pub(super) struct Scan {
    /// The names of the components in it.
    pub components: Vec<u8>,
    /// Where the marker after its data stands; `None` where the file ends first.
    pub end: Option<usize>,
}

/// Adobe's segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adobe {
    /// Where the byte of the transform stands.
    pub at: usize,
    pub transform: u8,
}

impl Frame {
    pub fn progressive(&self) -> bool {
        self.kind == 0xC2
    }

    /// The largest sampling factors.
    pub fn largest(&self) -> (u8, u8) {
        let largest = |factor: fn(&Component) -> u8| self.components.iter().map(factor).max().unwrap_or(1);
        (largest(|component| component.across), largest(|component| component.down))
    }
}

impl Markers {
    /// Walks from marker to marker. A picture's data has no markers in it: 0xFF there is followed by 0, by a restart
    /// number or by another 0xFF.
    pub fn read(bytes: &[u8]) -> Self {
        let mut found = Markers::default();
        let mut at = 2;
        loop {
            let Some(distance) = bytes.get(at..).and_then(|rest| memchr(0xFF, rest)) else {
                return found;
            };
            at += distance + 1;
            let marker = match bytes.get(at) {
                None => return found,
                Some(0xFF) => continue,
                // Escaped data, temporary and restart markers, a second start: nothing follows them.
                Some(0x00 | 0x01 | 0xD0..=0xD8) => {
                    at += 1;
                    continue;
                }
                Some(marker) => *marker,
            };
            if let Some(scan) = found.scans.last_mut() {
                scan.end.get_or_insert(at - 1);
            }
            if marker == 0xD9 {
                found.end = Some(at - 1);
                return found;
            }
            let Some(&[high, low]) = bytes.get(at + 1..at + 3) else {
                return found;
            };
            let end = at + 1 + usize::from(u16::from_be_bytes([high, low])).max(2);
            found.segment(bytes, marker, at + 3, end.min(bytes.len()));
            at = end;
        }
    }

    /// Takes a segment, whose content lies from `start` to `end`.
    fn segment(&mut self, bytes: &[u8], marker: u8, start: usize, end: usize) {
        let content = bytes.get(start..end).unwrap_or_default();
        match marker {
            // Not a table of Huffman codes, a reserved marker or one of arithmetic conditions.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                self.frame = self.frame.take().or_else(|| Frame::read(marker, content));
            }
            0xDA => {
                let count = content.first().map_or(0, |count| usize::from(*count));
                let components = content.iter().skip(1).step_by(2).take(count).copied().collect();
                self.scans.push(Scan { components, end: None });
            }
            0xE0 => self.jfif |= content.starts_with(b"JFIF\0"),
            0xEE if content.starts_with(b"Adobe") && content.len() >= 12 => {
                self.adobe = Some(Adobe { at: start + 11, transform: content[11] });
            }
            0xE1..=0xEF | 0xFE => {
                if marker == 0xE1 && content.starts_with(b"Exif\0\0") && self.scans.is_empty() {
                    self.exif.get_or_insert((start, end));
                }
                self.remarks.push((start - 4, end));
            }
            _ => {}
        }
    }
}

impl Frame {
    fn read(kind: u8, content: &[u8]) -> Option<Self> {
        let [precision, h0, h1, w0, w1, count, components @ ..] = content else {
            return None;
        };
        let components = components.get(..3 * usize::from(*count))?.chunks_exact(3);
        Some(Frame {
            kind,
            precision: *precision,
            width: u16::from_be_bytes([*w0, *w1]),
            height: u16::from_be_bytes([*h0, *h1]),
            components: components.map(|c| Component { id: c[0], across: c[1] >> 4, down: c[1] & 15 }).collect(),
        })
    }
}
