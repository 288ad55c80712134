//! The ways in which a file is damaged: bits, cuts, splices, and fields set to extremes.

/// A random stream (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(name: &str, case: usize) -> Self {
        let mut random = Random(case as u64);
        for byte in name.bytes() {
            random.0 = random.next() ^ u64::from(byte);
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, or 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// One of `seeds`, damaged in one to three ways.
pub fn bytes(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..1 + random.below(6).saturating_sub(3) {
        damage(random, &mut bytes, seeds);
    }
    bytes
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    match random.below(8) {
        0 | 1 => {
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
        2 => bytes.truncate(random.below(bytes.len())),
        3 => {
            let other = random.pick(seeds);
            bytes.truncate(random.below(bytes.len()));
            bytes.extend(&other[random.below(other.len())..]);
        }
        4 | 5 => set_field(random, bytes),
        6 => {
            let start = random.below(bytes.len());
            let end = (start + 1 + random.below(16)).min(bytes.len());
            bytes.drain(start.min(end)..end);
        }
        _ => {
            let start = random.below(bytes.len());
            let end = (start + 1 + random.below(64)).min(bytes.len());
            let copy = bytes[start.min(end)..end].to_vec();
            let at = random.below(bytes.len());
            bytes.splice(at..at, copy);
        }
    }
}

/// A number of 1, 2, 4 or 8 bytes, mostly in the header, becomes an extreme.
fn set_field(random: &mut Random, bytes: &mut [u8]) {
    let width = *random.pick(&[1, 2, 4, 8]);
    let reach = if random.below(3) > 0 { bytes.len().min(64) } else { bytes.len() };
    let at = random.below(reach);
    let value: u64 = *random.pick(&[
        0,
        1,
        2,
        0x7F,
        0xFF,
        0x7FFF,
        0xFFFF,
        0x1_0000,
        0x7FFF_FFFF,
        0xFFFF_FFFF,
        u64::MAX >> 1,
        u64::MAX,
    ]);
    let value = if random.below(2) == 0 { value.to_le_bytes() } else { (value << (64 - 8 * width)).to_be_bytes() };
    for (byte, new) in bytes.iter_mut().skip(at).take(width).zip(value) {
        *byte = new;
    }
}

/// One of the texts `seeds`, with its numbers, words and lines changed, or damaged like any other bytes.
pub fn text(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    if random.below(3) == 0 {
        return bytes(random, seeds);
    }
    let mut text = random.pick(seeds).clone();
    for _ in 0..1 + random.below(2) {
        text = if random.below(4) == 0 { change_line(random, &text) } else { change_word(random, &text) };
    }
    text
}

const ODD_WORDS: [&str; 22] = [
    "0",
    "1",
    "-1",
    "2",
    "1000000",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "99999999999999999999",
    "1e308",
    "-1e-308",
    "0.0",
    "nan",
    "inf",
    "true",
    "\"\"",
    "[]",
    "../../x",
];

/// A run of letters and digits, numbers before words, becomes something odd.
pub fn change_word(random: &mut Random, text: &[u8]) -> Vec<u8> {
    let part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in text.iter().chain(b"\n").enumerate() {
        match (start, part_of_word(byte)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    let numbers: Vec<_> = words.iter().filter(|word| text[word.start].is_ascii_digit()).cloned().collect();
    let among = if numbers.is_empty() || random.below(4) == 0 { &words } else { &numbers };
    if among.is_empty() {
        return text.to_vec();
    }
    let word = random.pick(among).clone();
    let mut changed = text.to_vec();
    changed.splice(word, random.pick(&ODD_WORDS).bytes());
    changed
}

/// A line is lost, doubled or moved.
fn change_line(random: &mut Random, text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let line = lines[random.below(lines.len())];
    let at = random.below(lines.len());
    match random.below(3) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, line),
        _ => lines[at] = line,
    }
    lines.join(&b'\n')
}
