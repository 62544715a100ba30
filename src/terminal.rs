//! What reaches a terminal, and the only way there. Much of what is printed was written by agents:
//! a terminal would obey some of it (titles, clipboards, links, cursor moves), and a reader's eye
//! the rest (characters that turn a line around). Whatever that is becomes a visible sign. A reader
//! that went away and a disk that is full are errors for the caller and never a panic. Where a
//! whole screen is drawn, its texts come through `columns`.

use std::io::Write;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use tokio::sync::oneshot;

pub(crate) mod columns;

/// What stands where something was taken out.
const TAKEN: char = '\u{fffd}';
/// What stands for the end of a line inside a text that has one line.
const BROKEN: char = '↵';

/// The output was not taken: nobody reads any more, or there is no room for it.
#[derive(Debug, thiserror::Error)]
#[error("writing the output: {0}")]
pub(crate) struct Unheard(#[from] std::io::Error);

impl Unheard {
    /// Whether whoever read has read enough, as `head` does: no fault of anybody.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.0.kind() == std::io::ErrorKind::BrokenPipe
    }
}

/// Prints one line; a line break inside it becomes a sign, so that no text passes for a line of
/// ours.
macro_rules! say {
    ($($told:tt)*) => {
        $crate::terminal::line(&format!($($told)*))
    };
}

/// Prints one line for whoever reads; nothing hangs on whether it is taken.
macro_rules! mention {
    ($($told:tt)*) => {
        if let Err(error) = $crate::terminal::line(&format!($($told)*)) {
            tracing::debug!(%error, "a line was lost");
        }
    };
}

/// Says on standard error what went wrong, or what else there is to know. Nobody is told when that
/// cannot be written.
macro_rules! complain {
    ($($told:tt)*) => {
        $crate::terminal::aside(&format!($($told)*))
    };
}

pub(crate) use {complain, mention, say};

/// Prints one line: see [`say`].
pub(crate) fn line(text: &str) -> Result<(), Unheard> {
    write(&format!("{}\n", inline(text)))
}

/// Prints a text of several lines.
pub(crate) fn text(text: &str) -> Result<(), Unheard> {
    let shown: String = text.chars().map(visible).collect();

    write(&format!("{}\n", shown.trim_end_matches('\n')))
}

/// Prints a value as JSON. What a terminal would obey is escaped, so that nothing of the value is
/// lost.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Unheard> {
    let plain = serde_json::to_string_pretty(value).map_err(std::io::Error::other)?;

    write(&format!("{}\n", escaped(&plain)))
}

/// Prints a value as JSON on one line.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Unheard> {
    let plain = serde_json::to_string(value).map_err(std::io::Error::other)?;

    write(&format!("{}\n", escaped(&plain)))
}

/// Prints lines of JSON that were made elsewhere.
pub(crate) fn json_lines(lines: &str) -> Result<(), Unheard> {
    write(&escaped(lines))
}

/// Prints what was printed elsewhere, with its colours.
pub(crate) fn printed(bytes: &[u8]) -> Result<(), Unheard> {
    write(&coloured(bytes))
}

/// Passes bytes on as they are, for a file or another program.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Unheard> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;

    Ok(out.flush()?)
}

/// Hears when whoever reads the output is gone, as `head` is once it has enough; nothing where
/// nobody can be gone, as from a file. The thread that waits for it ends with the process.
pub(crate) fn unread() -> oneshot::Receiver<()> {
    let (gone, hears) = oneshot::channel();
    std::thread::spawn(move || {
        let out = std::io::stdout();
        // Asked for nothing, it says when the other side hung up.
        let mut asked = [PollFd::new(out.as_fd(), PollFlags::empty())];
        while poll(&mut asked, PollTimeout::NONE) == Err(Errno::EINTR) {}
        gone.send(())
    });
    hears
}

/// Says something on standard error: see [`complain`].
pub(crate) fn aside(text: &str) {
    let shown: String = text.chars().map(visible).collect();

    // Whoever cannot be told on standard error cannot be told at all.
    let heard = writeln!(std::io::stderr(), "{shown}");
    heard.unwrap_or(());
}

fn write(shown: &str) -> Result<(), Unheard> {
    raw(shown.as_bytes())
}

/// A text as part of one line: nothing in it is obeyed, and it does not end the line.
pub(crate) fn inline(text: &str) -> String {
    let on_one_line = |c| if c == '\n' { BROKEN } else { visible(c) };

    text.chars().map(on_one_line).collect()
}

/// Printable text of what was printed; colours stay.
pub(crate) fn coloured(bytes: &[u8]) -> String {
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
        shown.push(visible(c));
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// JSON with what a terminal would obey written as escapes. Such characters stand inside strings
/// only, where an escape is the same.
fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());

    for c in json.chars() {
        if is_obeyed(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn visible(c: char) -> char {
    if is_obeyed(c) { TAKEN } else { c }
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
    let hides = matches!(
        c,
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{61c}'
    );
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');

    (c.is_control() && c != '\n' && c != '\t') || turns || hides || breaks
}

#[cfg(test)]
mod tests {
    use super::{coloured, escaped, inline};

    const OBEYED: &[&str] = &[
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
        "\u{2028}another line",
        "\u{1b}[999999999999999999999999999999999999m",
        "\u{7f}",
    ];

    #[test]
    fn colours_stay_and_what_a_terminal_obeys_is_shown() {
        let same = [
            "plain\ttext\n",
            "\u{1b}[31mred\u{1b}[0m",
            "\u{1b}[1;38;5;9mx\u{1b}[m",
            "ü 漢 ✓",
        ];
        for text in same {
            assert_eq!(coloured(text.as_bytes()), text);
        }

        for text in OBEYED {
            let shown = coloured(text.as_bytes());
            assert!(shown.contains('\u{fffd}'), "{text:?}");
            assert!(
                !shown.contains('\u{1b}') && !shown.contains('\u{202e}') && !shown.contains('\r'),
                "{shown:?}"
            );
        }

        assert_eq!(coloured(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn a_line_stays_one_line_without_colours() {
        assert_eq!(
            inline("one\nzoo  completed\n\u{1b}[8mhidden"),
            "one↵zoo  completed↵\u{fffd}[8mhidden"
        );
        for text in OBEYED {
            let shown = inline(text);
            let bad = |c: char| c.is_control() || c == '\u{202e}' || c == '\u{2028}';
            assert!(!shown.contains(bad), "{shown:?}");
        }
    }

    #[test]
    fn json_keeps_every_character_and_speaks_to_no_terminal() {
        for text in OBEYED {
            let value = serde_json::json!({ "title": text });
            let shown = escaped(&serde_json::to_string_pretty(&value).expect("JSON"));
            let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';

            assert!(!shown.contains(bad), "{shown:?}");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"),
                value
            );
        }
    }
}
