//! Characters that steer what stands around them instead of being shown: in a line that others show
//! (a title, a commit's message) nobody needs them, and a reader is misled by them.

/// Whether a character controls a terminal, breaks a line, or turns the direction of what follows.
/// Marks of direction that letters of a language need, and joiners of emoji, do not.
pub fn steers(c: char) -> bool {
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');

    c.is_control() || breaks || turns
}

/// The text as one line: what steers becomes a space.
pub fn one_line(text: &str) -> String {
    let shown = text.chars().map(|c| if steers(c) { ' ' } else { c });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_told_from_what_is_written() {
        for c in [
            '\0', '\n', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{202e}', '\u{2066}',
        ] {
            assert!(steers(c), "{:?}", c);
        }
        for text in [
            "Füttern",
            "שלום\u{200f}",
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
            "a b",
        ] {
            assert_eq!(one_line(text), text);
        }
        assert_eq!(one_line("a\u{202e}b\nc"), "a b c");
    }
}
