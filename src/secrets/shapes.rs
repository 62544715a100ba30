//! What keys and passwords look like in a text: those that are masked where agents print them, and
//! refused where a text is kept for good.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes of a thread's states while it searches.
const STATES_MAX: usize = 256 * 1024;

/// Keys of well-known services by their beginning, private keys, tokens in three parts, and
/// passwords in URLs. What has no shape has to be known to be masked. Lengths have no upper bound
/// here: the pattern is compiled into as many states as its bounds count.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?-u)\bsk-[A-Za-z0-9_-]{20,}",
        r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}",
        r"|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|xox[abeprs]-[A-Za-z0-9-]{10,}",
        r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        r"|[a-z][a-z0-9+.-]+://[^\s/:@]*:[^\s/@]{3,}@",
    );
    // Every thread that searches keeps states of its own, up to this many bytes.
    RegexBuilder::new(pattern)
        .dfa_size_limit(STATES_MAX)
        .build()
        .expect("a pattern of ours, which the test of this file compiles")
});

/// Values that are given to a name which says that they are secret: `password=…`, `"api_key": "…"`.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?i-u)(pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|auth|private|secret)[_-]?key)",
        r#"\\*["']?(?-u:\s)*[:=](?-u:\s)*\\*["']?([^\s"'\\,;&()\[\]{}<>$*`][^\s"'\\,;&]{5,})"#,
    );
    RegexBuilder::new(pattern)
        .dfa_size_limit(STATES_MAX)
        .build()
        .expect("a pattern of ours, which the test of this file compiles")
});

/// Whether a value that is given to such a name is a secret, and not code that mentions one.
fn is_secret(name: &[u8], value: &[u8]) -> bool {
    let is_code = value.iter().any(|byte| b"()[]{}<>".contains(byte))
        || value.windows(2).any(|two| two == b"::");
    let is_word = value
        .iter()
        .all(|b| b.is_ascii_alphabetic() || b"_.-|?!".contains(b));
    let is_count = value.iter().all(u8::is_ascii_digit);
    let is_of_people = name.to_ascii_lowercase().starts_with(b"p") && name.len() < 11;

    let is_type = [
        &b"string"[..],
        b"option",
        b"required",
        b"undefined",
        b"optional",
    ]
    .iter()
    .any(|word| value.to_ascii_lowercase().starts_with(word));
    !is_code && !is_type && (is_of_people || !(is_word || is_count))
}

/// Where such values are.
fn assigned(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    ASSIGNED.captures_iter(bytes).filter_map(|found| {
        let (name, value) = (found.get(1)?, found.get(2)?);
        is_secret(name.as_bytes(), value.as_bytes()).then(|| value.range())
    })
}

/// Where the shapes of keys are, and the values that are given to names of secrets.
pub(crate) fn shaped(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let shapes = SHAPES.find_iter(bytes).map(|found| found.range());
    shapes.chain(assigned(bytes))
}

/// Whether a text holds the shape of a key, or a value that is given to a name of secrets.
pub(crate) fn holds_a_secret(text: &str) -> bool {
    shaped(text.as_bytes()).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_command_is_seen_and_the_name_of_one_is_not() {
        assert!(holds_a_secret("API_KEY=abc123def456 agent"));
        assert!(holds_a_secret("curl https://ann:secret99@example.org"));
        assert!(!holds_a_secret("API_KEY=$KEY agent --token-file x"));
    }
}
