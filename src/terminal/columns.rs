//! Columns of a grid: texts that are put into cells, where a character that is wider than the next
//! program thinks would push the rest of its line out of place.

use unicode_width::UnicodeWidthChar;

use super::inline;

/// Marks that are put onto one character: accents of languages have no more.
const MARKS_MAX: usize = 2;
/// Characters that turn another one into a picture, or back. Terminals are not at one about how
/// wide it is then.
const PICTURES: std::ops::RangeInclusive<char> = '\u{fe00}'..='\u{fe0f}';
/// The end of a text that was longer.
const CUT: char = '…';

/// A text as cells of one line: nothing in it is obeyed, and every character has its own columns.
pub(crate) fn cells(text: &str) -> String {
    let plain = inline(text).replace('\t', " ");
    let mut shown = String::with_capacity(plain.len());
    // A mark at the beginning would be put onto what stands before the text.
    let mut marks = MARKS_MAX;

    for c in plain.chars() {
        if columns_of(c) > 0 {
            marks = 0;
        } else if PICTURES.contains(&c) || marks == MARKS_MAX {
            continue;
        } else {
            marks += 1;
        }
        shown.push(c);
    }
    shown
}

/// Columns of one character.
pub(crate) fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Columns of cells.
pub(crate) fn columns(cells: &str) -> usize {
    cells.chars().map(columns_of).sum()
}

/// Cells that take so many columns at most; where something is left out, they end with a sign.
pub(crate) fn cut(cells: &str, most: usize) -> String {
    if columns(cells) <= most {
        return cells.to_owned();
    }
    let (mut left, mut shown) = (most.saturating_sub(1), String::new());
    for c in cells.chars() {
        let wide = columns_of(c);
        if wide > left {
            break;
        }
        left -= wide;
        shown.push(c);
    }

    if most > 0 {
        shown.push(CUT);
    }
    shown
}

/// Cells that take exactly so many columns.
pub(crate) fn padded(cells: &str, exactly: usize) -> String {
    let mut shown = cut(cells, exactly);
    let missing = exactly.saturating_sub(columns(&shown));
    shown.push_str(&" ".repeat(missing));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_columns_of_its_own() {
        let table = [
            ("plain", "plain", 5),
            ("漢字", "漢字", 4),
            ("e\u{301}", "e\u{301}", 1),
            ("\u{301}e", "e", 1),
            ("e\u{301}\u{302}\u{303}\u{304}", "e\u{301}\u{302}", 1),
            ("\u{2764}\u{fe0f}!", "\u{2764}!", 2),
            ("a\tb", "a b", 3),
            ("a\nb", "a↵b", 3),
            ("\u{1b}[2Jx", "\u{fffd}[2Jx", 5),
            ("\u{202e}txt", "\u{fffd}txt", 4),
            ("\u{9b}31m", "\u{fffd}31m", 4),
            ("a\u{200d}b", "a\u{fffd}b", 3),
        ];
        for (text, shown, wide) in table {
            assert_eq!(cells(text), shown, "{text:?}");
            assert_eq!(columns(shown), wide, "{text:?}");
        }
    }

    #[test]
    fn cut_cells_fit() {
        let table = [
            ("plain", 5, "plain"),
            ("plain", 4, "pla…"),
            ("漢字漢", 5, "漢字…"),
            ("漢字漢", 4, "漢…"),
            ("漢", 1, "…"),
            ("plain", 0, ""),
        ];
        for (text, most, shown) in table {
            assert_eq!(cut(text, most), shown, "{text} in {most}");
            assert_eq!(columns(&padded(text, most)), most, "{text} in {most}");
        }
    }
}
