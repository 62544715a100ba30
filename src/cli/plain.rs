//! What agents print, as a terminal may have it. Colours stay; everything else that a terminal would obey becomes a visible sign: titles,
//! clipboards, links, cursor moves, and characters that turn the order of a line around (T20, T22). The transcript keeps its bytes.

use crate::dialect::Signal;

/// What stands where something was taken out.
const TAKEN: char = '\u{fffd}';

/// Printable text of what was printed.
pub(super) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(c) = rest.chars().next() {
        let colour = colour(rest);
        if colour > 0 {
            shown.push_str(&rest[..colour]);
            rest = &rest[colour..];
            continue;
        }
        shown.push(if is_obeyed(c) { TAKEN } else { c });
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// Bytes of the colour sequence that this begins with: `ESC [ digits and semicolons m`.
fn colour(text: &str) -> usize {
    let Some(inner) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let digits = inner
        .bytes()
        .take_while(|b| b.is_ascii_digit() || *b == b';')
        .count();
    if digits <= 32 && inner.as_bytes().get(digits) == Some(&b'm') {
        digits + 3
    } else {
        0
    }
}

/// Whether a terminal, or a reader's eye, obeys this character instead of showing it.
fn is_obeyed(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    (c.is_control() && c != '\n' && c != '\t') || turns || hides
}

/// A signal on lines of its own.
pub(super) fn signal(signal: &Signal) -> String {
    let line = match signal {
        Signal::Text(text) => text.clone(),
        Signal::Thinking(text) => format!("(thinks) {text}"),
        Signal::ToolCall { name, input } => format!("→ {name} {input}"),
        Signal::ToolResult { ok: true, text } => format!("← {text}"),
        Signal::ToolResult { ok: false, text } => format!("← failed: {text}"),
        Signal::Usage { input, output } => format!("({input} tokens read, {output} written)"),
        Signal::Limit(text) => format!("(its provider makes it wait: {text})"),
        Signal::Trouble(text) => format!("(trouble: {text})"),
        Signal::Result {
            is_error: true,
            text,
        } => format!("(ends with a failure: {text})"),
        Signal::Result {
            is_error: false,
            text,
        } => format!("(ends) {text}"),
    };
    plain(line.trim_end().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn colours_stay_and_what_a_terminal_obeys_is_shown() {
        let same = [
            "plain\ttext\n",
            "\u{1b}[31mred\u{1b}[0m",
            "\u{1b}[1;38;5;9mx\u{1b}[m",
            "ü 漢 ✓",
        ];
        for text in same {
            assert_eq!(plain(text.as_bytes()), text);
        }
        let obeyed = [
            "\u{1b}]0;title\u{7}",
            "\u{1b}]52;c;aGk=\u{7}",
            "\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\",
            "\u{1b}[2J\u{1b}[H",
            "\u{1b}[1A\r",
            "\u{1b}[31",
            "a\rb",
            "a\u{8}b",
            "\u{9b}2J",
            "\u{202e}txt.exe",
            "zero\u{200b}width",
            "\u{1b}[999999999999999999999999999999999999m",
            "\u{7f}",
        ];
        for text in obeyed {
            let shown = plain(text.as_bytes());
            assert!(shown.contains('\u{fffd}'), "{text:?}");
            assert!(
                !shown.contains('\u{1b}') && !shown.contains('\u{202e}') && !shown.contains('\r'),
                "{shown:?}"
            );
        }
        assert_eq!(plain(b"a\xffb"), "a\u{fffd}b");
    }
}
