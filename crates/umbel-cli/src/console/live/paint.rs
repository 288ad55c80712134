//! How the live view looks on this terminal: with colors or without, in Unicode or in ASCII.

use console::Style;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    pub colors: bool,
    /// Box drawing and Braille; without them there are bars in ASCII and no charts.
    pub unicode: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Training,
    Validation,
    /// Axes, and the part of a bar that is still to come.
    Faint,
}

impl Paint {
    /// By the environment: NO_COLOR, TERM, and the character set of the locale.
    pub fn of_stderr() -> Self {
        Paint {
            colors: console::colors_enabled_stderr(),
            unicode: cfg!(not(unix)) || locale_is_utf8(|name| std::env::var(name).ok()),
        }
    }

    /// `text` in the color of `ink`. Blue and orange are told apart by all eyes, and on light and dark ground.
    pub fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colors || text.is_empty() {
            return text.to_string();
        }
        let style = Style::new().force_styling(true);
        let style = match ink {
            Ink::Training => style.color256(33),
            Ink::Validation => style.color256(208),
            Ink::Faint => style.dim(),
        };
        style.apply_to(text).to_string()
    }

    /// A bar of `width` columns, `share` (0 to 1) of it done.
    pub fn bar(self, share: f64, width: usize) -> String {
        let (full, head, rest) = if self.unicode { ("━", "╸", "─") } else { ("=", ">", "-") };
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let done = (share * width as f64) as usize;
        let head = if done < width { head } else { "" };
        let to_come = width.saturating_sub(done + 1);
        self.ink(Ink::Training, &format!("{}{head}", full.repeat(done))) + &self.ink(Ink::Faint, &rest.repeat(to_come))
    }
}

/// POSIX: of the three variables the first that is set decides; none is the C locale.
fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| variable(name)).find(|value| !value.is_empty());
    set.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { colors: false, unicode: true };

    #[test]
    fn bars() {
        assert_eq!(PLAIN.bar(0.0, 6), "╸─────");
        assert_eq!(PLAIN.bar(0.5, 6), "━━━╸──");
        assert_eq!(PLAIN.bar(0.99, 6), "━━━━━╸");
        assert_eq!(PLAIN.bar(1.0, 6), "━━━━━━");
        assert_eq!(PLAIN.bar(7.0, 6), "━━━━━━");
        assert_eq!(PLAIN.bar(f64::NAN, 3), "╸──");
        assert_eq!(PLAIN.bar(0.5, 0), "");
        assert_eq!(Paint { unicode: false, ..PLAIN }.bar(0.5, 6), "===>--");
    }

    #[test]
    fn colors_only_where_they_are_wanted() {
        assert_eq!(PLAIN.ink(Ink::Training, "x"), "x");
        assert_eq!(Paint { colors: true, ..PLAIN }.ink(Ink::Training, "x"), "\u{1b}[38;5;33mx\u{1b}[0m");
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let with = |pairs: &'static [(&str, &str)]| {
            locale_is_utf8(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()))
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!with(&[]));
    }
}
