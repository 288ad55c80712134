//! A TIFF's directories: tags and their values, classic and BigTIFF. Nothing is taken that does not lie in the file, so what is
//! read is never larger than it.

/// A file that begins as a TIFF.
#[derive(Clone, Copy)]
pub(in crate::decode) struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// BigTIFF: the same fields in twice the width.
    big: bool,
}

/// One directory: a picture, or what belongs to one.
pub(in crate::decode) struct Directory<'a> {
    file: Tiff<'a>,
    entries: Vec<Entry>,
    /// Where the next one begins; 0: there is none.
    pub next: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u64,
    count: u64,
    /// Where the values lie.
    at: u64,
}

/// As many values as any tag has that is asked for here: the pieces of a picture.
pub(super) const MOST: u64 = 1 << 20;

/// More entries than any picture has.
const MAX_ENTRIES: u64 = 4096;

/// What magic numbers camera raws have in the place of TIFF's 42: two of Olympus, one of Panasonic.
const RAW_MAGIC: [u64; 3] = [0x4F52, 0x5352, 0x55];

impl<'a> Tiff<'a> {
    /// Reads the header. The files of some cameras, which are the same but for a number in it, are taken too.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..2)? {
            b"MM" => true,
            b"II" => false,
            _ => return None,
        };
        let mut file = Tiff { bytes, big_endian, big: false };
        match file.number(2, 2)? {
            42 => {}
            43 => file.big = true,
            magic if RAW_MAGIC.contains(&magic) => {}
            _ => return None,
        }
        Some(file)
    }

    pub fn big_endian(&self) -> bool {
        self.big_endian
    }

    /// The bytes of the file from `at` on, so many.
    pub fn slice(&self, at: u64, length: u64) -> Option<&'a [u8]> {
        let at = usize::try_from(at).ok()?;
        self.bytes.get(at..at.checked_add(usize::try_from(length).ok()?)?)
    }

    /// The same, as far as the file goes.
    pub fn slice_up_to(&self, at: u64, length: u64) -> &'a [u8] {
        let there = (self.bytes.len() as u64).saturating_sub(at).min(length);
        self.slice(at, there).unwrap_or_default()
    }

    /// The first directory.
    pub fn first(&self) -> Option<Directory<'a>> {
        self.directory(if self.big { self.number(8, 8)? } else { self.number(4, 4)? })
    }

    /// The directory at a place.
    pub fn directory(&self, at: u64) -> Option<Directory<'a>> {
        let (counter, entry, width) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(at, counter)?;
        if count == 0 || count > MAX_ENTRIES {
            return None;
        }
        let first = at.checked_add(counter)?;
        let mut entries = Vec::new();
        for place in 0..count {
            let at = first.checked_add(place * entry)?;
            let (tag, kind, count) = (self.number(at, 2)?, self.number(at + 2, 2)?, self.number(at + 4, width)?);
            let value = at + 4 + width;
            let fits = size_of(kind).checked_mul(count).is_some_and(|bytes| bytes <= width);
            let at = if fits { value } else { self.number(value, width)? };
            entries.push(Entry { tag: tag as u16, kind, count, at });
        }
        // A file that ends right behind its last directory has forgotten to say that it is the last.
        let next = self.number(first.checked_add(count * entry)?, width).unwrap_or(0);
        Some(Directory { file: *self, entries, next })
    }

    fn number(&self, at: u64, width: u64) -> Option<u64> {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let bytes = self.slice(at, width)?;
        Some(if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) })
    }
}

/// Bytes of a value of each type; 0 where the type is unknown.
fn size_of(kind: u64) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 0,
    }
}

impl<'a> Directory<'a> {
    /// Whether a tag is there.
    pub fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// The first value of a tag of whole numbers.
    pub fn number(&self, tag: u16) -> Option<u64> {
        let entry = self.entry(tag)?;
        self.value(entry, 0)
    }

    /// The values of a tag of whole numbers, [`MOST`] of them. `None` where it is not there, is of another type, or does not lie in
    /// the file.
    pub fn numbers(&self, tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(tag)?;
        self.file.slice(entry.at, entry.count.checked_mul(size_of(entry.kind))?)?;
        (0..entry.count.min(MOST)).map(|place| self.value(entry, place)).collect()
    }

    /// The values of a tag of fractions, as for [`Directory::numbers`].
    pub fn fractions(&self, tag: u16) -> Option<Vec<f64>> {
        let entry = self.entry(tag)?;
        self.file.slice(entry.at, entry.count.checked_mul(8)?).filter(|_| entry.kind == 5)?;
        let fraction = |place: u64| {
            let (above, below) =
                (self.file.number(entry.at + 8 * place, 4)?, self.file.number(entry.at + 8 * place + 4, 4)?);
            Some(above as f64 / below as f64).filter(|fraction| fraction.is_finite())
        };
        (0..entry.count.min(MOST)).map(fraction).collect()
    }

    /// The bytes of a tag of bytes.
    pub fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entry(tag)?;
        self.file.slice(entry.at, entry.count).filter(|_| size_of(entry.kind) == 1)
    }

    fn entry(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
    }

    fn value(&self, entry: Entry, place: u64) -> Option<u64> {
        let size = size_of(entry.kind);
        let whole = matches!(entry.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18);
        (whole && place < entry.count).then(|| self.file.number(entry.at.checked_add(place * size)?, size))?
    }
}
