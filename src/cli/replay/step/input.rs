//! The line in which something is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::replay::Way;

/// Longest text, in bytes: as long as an expression may be.
const TEXT_MAX: usize = 4_096;

/// The thing that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// A position or a time.
    Place,
    /// A type of events, and in which direction to look for it.
    Type(Way),
    /// A condition.
    Break,
    /// An expression.
    Watch,
}

impl Asks {
    /// The words before the text.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Place => "go to position or time",
            Self::Type(Way::On) => "next of type",
            Self::Type(Way::Back) => "previous of type",
            Self::Break => "break when",
            Self::Watch => "watch",
        }
    }
}

/// A line that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    /// The thing that is asked for.
    pub(super) asks: Asks,
    /// The text so far.
    pub(super) text: String,
}

/// What a key comes to in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// The line goes on.
    On,
    /// It is done.
    Done,
    /// It is given up.
    Left,
}

impl Input {
    /// Takes a key.
    pub(super) fn typed(&mut self, key: KeyEvent) -> Typed {
        let is_plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        match key.code {
            KeyCode::Enter => return Typed::Done,
            KeyCode::Esc => return Typed::Left,
            KeyCode::Backspace => drop(self.text.pop()),
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => self.text.clear(),
            KeyCode::Char(c) if is_plain && self.text.len() < TEXT_MAX => self.text.push(c),
            _ => {}
        }
        Typed::On
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn a_line_takes_what_is_typed_and_no_more_than_it_may() {
        let plain = KeyModifiers::NONE;
        let table = [
            (KeyCode::Char('b'), plain, "ab", Typed::On),
            (KeyCode::Char('B'), KeyModifiers::SHIFT, "aB", Typed::On),
            (KeyCode::Char('b'), KeyModifiers::ALT, "a", Typed::On),
            (KeyCode::Char('b'), KeyModifiers::CONTROL, "a", Typed::On),
            (KeyCode::Char('u'), KeyModifiers::CONTROL, "", Typed::On),
            (KeyCode::Backspace, plain, "", Typed::On),
            (KeyCode::Left, plain, "a", Typed::On),
            (KeyCode::Enter, plain, "a", Typed::Done),
            (KeyCode::Esc, plain, "a", Typed::Left),
        ];
        for (code, modifiers, text, typed) in table {
            let mut input = Input {
                asks: Asks::Break,
                text: "a".to_owned(),
            };
            assert_eq!(input.typed(key(code, modifiers)), typed, "{code:?}");
            assert_eq!(input.text, text, "{code:?} {modifiers:?}");
        }

        let mut long = Input {
            asks: Asks::Watch,
            text: "x".repeat(TEXT_MAX),
        };
        long.typed(key(KeyCode::Char('x'), plain));
        assert_eq!(long.text.len(), TEXT_MAX);
    }
}
