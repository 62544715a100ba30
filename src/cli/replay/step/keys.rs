//! The keys and what they do, in words.

/// Keys with what they do, for the page of help.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("→ l   ← h", "one event forward, one back"),
    ("space", "plays, and pauses"),
    ("+   -", "plays faster, slower"),
    ("g", "goes to a position or a time"),
    ("Home  End", "goes to the first event, to the newest"),
    ("t   T", "the next event of a type, the previous one"),
    ("s   S", "the next event of this stream, the previous one"),
    (
        "n   N",
        "the next event of what is looked at, the previous one",
    ),
    ("b", "adds a break expression"),
    ("c   C", "continues to the next break, or back to one"),
    ("w", "watches the value of an expression"),
    ("x", "removes the chosen break or watched expression"),
    ("Tab", "the next pane; Shift-Tab the previous one"),
    (
        "↓ j   ↑ k",
        "scrolls the pane, or chooses in it; PgDn PgUp ten lines",
    ),
    ("Esc", "ends a search, closes the input"),
    ("q", "ends"),
];

/// The keys that are used most, for the last line.
pub(super) const HINTS: &[(&str, &str)] = &[
    ("←→", "step"),
    ("space", "play"),
    ("tab", "pane"),
    ("g", "go"),
    ("b", "break"),
    ("c", "continue"),
    ("?", "help"),
    ("q", "quit"),
    ("w", "watch"),
    ("t", "type"),
    ("s", "stream"),
    ("jk", "scroll"),
];
