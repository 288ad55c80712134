//! Numbers of lines as editors count them.

/// Counts line ends (`\n`, `\r\n` or `\r`) up to places that come in ascending order.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    /// Where the table begins; places are counted from there.
    start: usize,
    counted: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Of a text whose table begins at `start`.
    pub fn new(text: &'a str, start: usize) -> Self {
        Lines { text: text.as_bytes(), start, counted: 0, line: 1 }
    }

    /// The line of the first value at or behind `place`: a reader begins to look for a row before the empty lines above it.
    pub fn of(&mut self, place: usize) -> u64 {
        let place = self.start + place;
        let ends = self.text[place..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        while self.counted < place + ends {
            let is_end = match self.text[self.counted] {
                b'\n' => true,
                b'\r' => self.text.get(self.counted + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(is_end);
            self.counted += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        for (text, place, expected) in [
            ("a\nb", 2, 2),
            ("a\r\nb", 3, 2),
            ("a\rb\rc", 4, 3),
            ("a\n\r\n\rb", 2, 4),
            ("a,\"x\r\ny\rz\"\nb", 11, 4),
            ("a", 0, 1),
        ] {
            assert_eq!(Lines::new(text, 0).of(place), expected, "{text:?}");
        }
    }
}
