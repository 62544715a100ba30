//! The timeline: the events around the position, the position in the middle as long as the log
//! goes on at both ends.

use events::stream::Position;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::replay::{EventLine, Look};
use crate::terminal::columns::{cells, columns, padded};

/// Columns of the longest type, and of the longest stream, that are shown whole.
const KIND_MAX: usize = 30;
const STREAM_MAX: usize = 34;

/// So many lines of the events around a position.
pub(super) fn lines(look: &Look, height: usize) -> Vec<Line<'static>> {
    if look.around.is_empty() {
        return vec![Line::from("  the log has no events yet")];
    }
    let shown = window(look, height);
    let longest = |of: fn(&EventLine) -> &str, most: usize| {
        let all = shown.iter().map(|event| columns(&cells(of(event))));
        all.max().unwrap_or(0).min(most)
    };
    let widths = Widths {
        position: look.head.to_string().len(),
        kind: longest(|event| &event.kind, KIND_MAX),
        stream: longest(|event| &event.stream, STREAM_MAX),
    };

    let lines = shown.iter();
    lines
        .map(|event| widths.line(event, look.position))
        .collect()
}

/// The events that find room.
fn window(look: &Look, height: usize) -> &[EventLine] {
    let all = &look.around;
    let here = all.iter().position(|event| event.position == look.position);
    let here = here.unwrap_or(0);

    let latest = all.len().saturating_sub(height);
    let first = here.saturating_sub(height / 2).min(latest);
    &all[first..all.len().min(first + height)]
}

/// Columns of the parts of a line.
struct Widths {
    position: usize,
    kind: usize,
    stream: usize,
}

impl Widths {
    fn line(&self, event: &EventLine, here: Position) -> Line<'static> {
        let is_here = event.position == here;
        let style = match (is_here, event.is_of_subject) {
            (true, _) => Style::new().add_modifier(Modifier::REVERSED),
            (false, true) => Style::new(),
            (false, false) => Style::new().add_modifier(Modifier::DIM),
        };
        let sign = if is_here { "▶" } else { " " };
        let kind = padded(&cells(&event.kind), self.kind);
        let stream = padded(&cells(&event.stream), self.stream);
        let start = format!(
            "{sign}{:>width$}  {}  ",
            event.position.0,
            time_of_day(&event.at),
            width = self.position
        );

        let parts = [
            Span::raw(start),
            Span::styled(kind, Style::new().bold()),
            Span::raw(format!("  {stream}  ")),
            Span::raw(event.summary.clone()),
        ];
        Line::from(parts.to_vec()).style(style)
    }
}

/// The time of day of a time in RFC 3339, to the millisecond.
fn time_of_day(at: &str) -> &str {
    at.get(11..23).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::super::tests::look;
    use super::*;

    /// The positions that find room around one, of twelve.
    fn shown(position: u64, height: usize) -> Vec<u64> {
        let look = look(position);
        let window = window(&look, height);
        window.iter().map(|event| event.position.0).collect()
    }

    #[test]
    fn the_position_is_in_the_middle_while_there_is_more_at_both_ends() {
        let table = [
            (1, 5, 1..=5),
            (2, 5, 1..=5),
            (6, 5, 4..=8),
            (11, 5, 8..=12),
            (12, 5, 8..=12),
            (6, 1, 6..=6),
            (6, 40, 1..=12),
            (0, 3, 1..=3),
        ];
        for (position, height, expected) in table {
            let expected: Vec<u64> = expected.collect();
            assert_eq!(shown(position, height), expected, "{position} in {height}");
        }
    }

    #[test]
    fn events_of_others_are_dim_and_the_one_here_is_not() {
        let lines = lines(&look(6), 12);
        assert_eq!(lines[5].style, Style::new().reversed());
        assert_eq!(lines[4].style, Style::new().dim(), "of the node");
        assert_eq!(lines[3].style, Style::new());

        let mut empty = look(0);
        empty.around.clear();
        let told = super::lines(&empty, 12);
        assert_eq!(told[0].to_string(), "  the log has no events yet");
    }
}
