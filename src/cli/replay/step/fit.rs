//! Lines made to fit: every text of the log passes here on its way to the grid, so that nothing in
//! it is obeyed and nothing pushes anything else out of its place.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::terminal::columns::{cells, columns, columns_of, cut};

/// Columns by which the rest of a line that was broken is further in.
const FURTHER_IN: usize = 2;
/// Fewest columns that are left for the rest.
const REST_MIN: usize = 8;
/// Longest word that is not broken.
const WORD_MAX: usize = 24;

/// A line that takes so many columns at most; where something is left out, it ends with a sign.
pub(super) fn one(line: &Line<'_>, most: usize) -> Line<'static> {
    let spans = line.spans.iter();
    let shown = spans.map(|span| Span::styled(cells(&span.content), span.style));
    let shown: Vec<Span<'static>> = shown.collect();
    let wide: usize = shown.iter().map(|span| columns(&span.content)).sum();
    if wide <= most {
        return Line::from(shown).style(line.style);
    }

    // The sign stands in the last column: what is before it finds room with one to spare.
    let (mut left, mut kept) = (most, vec![]);
    for span in shown {
        if columns(&span.content) >= left {
            let text = cut(&format!("{} ", span.content), left);
            kept.push(Span::styled(text, span.style));
            break;
        }
        left -= columns(&span.content);
        kept.push(span);
    }
    Line::from(kept).style(line.style)
}

/// A line as several ones, each with so many columns at most.
pub(super) fn several(line: &Line<'_>, most: usize) -> Vec<Line<'static>> {
    let mut broken = Broken::new(most);
    for span in &line.spans {
        for c in cells(&span.content).chars() {
            broken.add(c, span.style);
        }
    }
    let lines = broken.done().into_iter();
    lines.map(|one| one.style(line.style)).collect()
}

/// A line that is being broken.
struct Broken {
    most: usize,
    done: Vec<Line<'static>>,
    /// The present line.
    cells: Vec<(char, Style)>,
    /// Its columns.
    taken: usize,
    /// Columns that the rest is indented by.
    indent: usize,
    /// Whether there were blanks alone so far.
    is_blank: bool,
}

impl Broken {
    fn new(most: usize) -> Self {
        Self {
            most: most.max(2),
            done: vec![],
            cells: vec![],
            taken: 0,
            indent: FURTHER_IN,
            is_blank: true,
        }
    }

    fn add(&mut self, c: char, style: Style) {
        let wide = columns_of(c);
        if self.taken + wide > self.most {
            self.end();
        }
        if self.is_blank && c == ' ' {
            self.indent += 1;
        }
        self.is_blank &= c == ' ';

        self.taken += wide;
        self.cells.push((c, style));
    }

    /// Ends the present line: behind its last word, unless that is very long.
    fn end(&mut self) {
        let indent = self.indent.min(self.most.saturating_sub(REST_MIN));
        let blank = self.cells.iter().rposition(|(c, _)| *c == ' ');
        let finds_room = |at: &usize| {
            let word = self.cells[at + 1..].iter().map(|(c, _)| columns_of(*c));
            let wide: usize = word.sum();
            *at > self.indent && wide <= WORD_MAX && wide + indent < self.most
        };
        let word = match blank.filter(finds_room) {
            Some(at) => self.cells.split_off(at + 1),
            None => vec![],
        };
        self.done.push(joined(&self.cells));

        self.is_blank = false;
        self.cells = vec![(' ', Style::new()); indent];
        self.cells.extend(word);
        self.taken = self.cells.iter().map(|(c, _)| columns_of(*c)).sum();
    }

    fn done(mut self) -> Vec<Line<'static>> {
        self.done.push(joined(&self.cells));
        self.done
    }
}

/// A line of characters, those of one style in one span.
fn joined(cells: &[(char, Style)]) -> Line<'static> {
    let alike = cells.chunk_by(|(_, one), (_, next)| one == next);
    let spans = alike.map(|part| {
        let text: String = part.iter().map(|(c, _)| *c).collect();
        Span::styled(text, part[0].1)
    });
    Line::from_iter(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_further_in() {
        let table = [
            ("abcd", 4, vec!["abcd"]),
            ("", 4, vec![""]),
            ("abcdefgh", 4, vec!["abcd", "efgh"]),
            ("abcdefghijklm", 10, vec!["abcdefghij", "  klm"]),
            ("  abcdefghijklmnop", 14, vec!["  abcdefghijkl", "    mnop"]),
            ("one two three", 11, vec!["one two ", "  three"]),
            (
                "one 0123456789abcdef0123456789abcdef",
                34,
                vec!["one 0123456789abcdef0123456789abcd", "  ef"],
            ),
            ("漢字漢字漢", 5, vec!["漢字", "漢字", "漢"]),
            ("a\u{1b}[2Jb\nc", 80, vec!["a\u{fffd}[2Jb↵c"]),
        ];
        for (text, most, expected) in table {
            let lines = several(&Line::from(Span::raw(text)), most);
            let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
            assert_eq!(shown, expected, "{text:?} in {most}");
        }
    }

    #[test]
    fn spans_keep_their_styles_where_a_line_is_broken_or_cut() {
        let bold = Style::new().bold();
        let line = Line::from(vec![Span::raw("ab"), Span::styled("cdef", bold)]);
        let broken = several(&line, 3);
        assert_eq!(broken[0].spans[1], Span::styled("c", bold));
        assert_eq!(broken[1].spans.last(), Some(&Span::styled("def", bold)));
        assert_eq!(one(&line, 4).spans[1], Span::styled("c…", bold));
        assert_eq!(one(&line, 2).to_string(), "a…");
        assert_eq!(one(&line, 6), line);
    }
}
