//! Fields of the JSON that tools print, read as texts of bounded length and as numbers.

use serde_json::Value;

/// Longest text of one signal, in characters; the transcript has all of it.
const TEXT_MAX: usize = 4_000;

/// The beginning of a text, as much as a signal holds.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// The text below a path of keys, or nothing.
pub(super) fn text(value: &Value, path: &str) -> String {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .map(cut)
        .unwrap_or_default()
}

/// The number below a path of keys, or zero.
pub(super) fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

/// A value in one line of JSON.
pub(super) fn json(value: Option<&Value>) -> String {
    cut(&value.cloned().unwrap_or(Value::Null).to_string())
}
