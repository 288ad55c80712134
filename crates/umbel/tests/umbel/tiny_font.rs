//! A font made by hand, whose letters are all one black square: what tests find in folders of fonts.

/// A TrueType font that has these characters and no others.
pub fn tiny_font(characters: &[char]) -> Vec<u8> {
    file(&[characters])
}

/// A collection of such fonts.
pub fn collection(faces: &[&[char]]) -> Vec<u8> {
    file(faces)
}

fn file(faces: &[&[char]]) -> Vec<u8> {
    let header = if faces.len() > 1 { 12 + 4 * faces.len() } else { 0 };
    let (mut starts, mut body) = (Vec::new(), Vec::new());
    for characters in faces {
        let start = header + body.len();
        starts.push(start as u32);
        body.extend(face(characters, start));
    }
    let mut bytes = Vec::new();
    if header > 0 {
        bytes.extend(b"ttcf\0\x01\0\0");
        bytes.extend((faces.len() as u32).to_be_bytes());
        starts.iter().for_each(|start| bytes.extend(start.to_be_bytes()));
    }
    bytes.extend(body);
    bytes
}

/// A face whose directory lies at `start` of the file.
fn face(characters: &[char], start: usize) -> Vec<u8> {
    let tables: [(&[u8; 4], Vec<u8>); 7] = [
        (b"cmap", cmap(characters)),
        (b"glyf", square()),
        // Version, revision, sum, magic, flags, units of an em; dates; the bounds; style, smallest size, direction, short places.
        (
            b"head",
            words(&[1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 800, 0, 8, 2, 0, 0]),
        ),
        // Version, the line above and below, and how many widths there are.
        (b"hhea", words(&[1, 0, 800, -200, 0, 1000, 0, 0, 1000, 1, 0, 0, 0, 0, 0, 0, 0, 2])),
        (b"hmtx", words(&[500, 0, 1000, 0])),
        // Nothing for the first glyph, which stands for what is missing.
        (b"loca", words(&[0, 0, 17])),
        (b"maxp", words(&[0, 0x5000, 2])),
    ];
    let mut bytes = words(&[1, 0, tables.len() as i32, 0, 0, 0]);
    let mut place = start + bytes.len() + 16 * tables.len();
    for (name, table) in &tables {
        bytes.extend(*name);
        bytes.extend([0; 4]);
        bytes.extend((place as u32).to_be_bytes());
        bytes.extend((table.len() as u32).to_be_bytes());
        place += table.len();
    }
    tables.iter().for_each(|(_, table)| bytes.extend(table));
    bytes
}

/// Every character is the second glyph.
fn cmap(characters: &[char]) -> Vec<u8> {
    let mut sorted: Vec<u32> = characters.iter().map(|c| u32::from(*c)).collect();
    sorted.sort_unstable();
    let mut bytes = words(&[0, 1, 3, 10, 0, 12, 12, 0]);
    let numbers = [16 + 12 * sorted.len() as u32, 0, sorted.len() as u32];
    let groups = sorted.iter().flat_map(|c| [*c, *c, 1]);
    numbers.into_iter().chain(groups).for_each(|number| bytes.extend(number.to_be_bytes()));
    bytes
}

/// One outline of four points: bounds, its last point, no instructions, all on the curve, and the ways from each to the next.
fn square() -> Vec<u8> {
    let mut bytes = words(&[1, 0, 0, 1000, 800, 3, 0]);
    bytes.extend([1; 4]);
    bytes.extend(words(&[0, 1000, 0, -1000, 0, 0, 800, 0]));
    bytes
}

fn words(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| (*value as u16).to_be_bytes()).collect()
}
