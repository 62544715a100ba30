//! Masks secrets in what agents print: values that this server knows, and shapes that keys of
//! well-known services have. Each byte becomes a star, so that lengths and offsets stay. A value
//! that is split over two chunks is found because the end of what was stored is looked at again
//! with each new chunk.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

/// Bytes before a new chunk that are looked at again: longer than any key.
pub(super) const AGAIN: usize = 8 * 1024;
/// Shorter values would mask words of ordinary text.
const KNOWN_MIN: usize = 8;

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
        .expect("a pattern of ours, which every test of this file compiles")
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
        .expect("a pattern of ours, which every test of this file compiles")
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
fn assigned(bytes: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    ASSIGNED.captures_iter(bytes).filter_map(|found| {
        let (name, value) = (found.get(1)?, found.get(2)?);
        is_secret(name.as_bytes(), value.as_bytes()).then(|| value.range())
    })
}

/// Whether a text holds the shape of a key, or a value that is given to a name of secrets.
pub fn holds_a_secret(text: &str) -> bool {
    SHAPES.is_match(text.as_bytes()) || assigned(text.as_bytes()).next().is_some()
}

/// Masks what it knows.
#[derive(Debug, Clone)]
pub(super) struct Redactor {
    known: Option<AhoCorasick>,
}

impl Redactor {
    /// Masks these values, as they are and as JSON and URLs write them, and every known shape.
    pub(super) fn new(secrets: &[String]) -> Result<Self, String> {
        let mut values: Vec<Vec<u8>> = Vec::new();

        for secret in secrets
            .iter()
            .map(|secret| secret.trim())
            .filter(|secret| secret.len() >= KNOWN_MIN)
        {
            let json = serde_json::Value::from(secret).to_string();
            let url =
                percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC)
                    .to_string();
            let base64 = data_encoding::BASE64.encode(secret.as_bytes());
            // A key of several lines is printed line by line, with whatever in between.
            let lines = secret
                .lines()
                .filter(|line| line.len() >= 3 * KNOWN_MIN && !line.starts_with("-----"));
            let forms = [secret, json.trim_matches('"'), &url, &base64];
            values.extend(
                forms
                    .into_iter()
                    .chain(lines)
                    .map(|form| form.as_bytes().to_vec()),
            );
        }
        let known = (!values.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(aho_corasick::MatchKind::LeftmostLongest)
                .build(&values)
        });
        let known = known.transpose().map_err(|e| e.to_string())?;

        Ok(Self { known })
    }

    /// Masks every secret in these bytes; their number stays.
    pub(super) fn mask(&self, bytes: &mut [u8]) {
        let known = self
            .known
            .iter()
            .flat_map(|known| known.find_iter(&*bytes).map(|found| found.range()));
        let shaped = SHAPES.find_iter(bytes).map(|found| found.range());
        let found: Vec<std::ops::Range<usize>> =
            known.chain(shaped).chain(assigned(bytes)).collect();
        found.into_iter().for_each(|range| bytes[range].fill(b'*'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<String> = secrets.iter().map(|s| (*s).to_owned()).collect();
        let mut bytes = text.as_bytes().to_vec();
        Redactor::new(&secrets)
            .expect("a redactor")
            .mask(&mut bytes);
        assert_eq!(bytes.len(), text.len());
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn known_values_are_masked_in_every_form_they_are_printed_in() {
        let secret = "pa\"ss/wörd-7";
        for form in [
            "pa\"ss/wörd-7",
            "pa\\\"ss/wörd-7",
            "pa%22ss%2Fw%C3%B6rd%2D7",
            &data_encoding::BASE64.encode(secret.as_bytes()),
        ] {
            let text = masked(&[secret], &format!("x {form} y"));
            assert!(text.starts_with("x *") && text.ends_with("* y"), "{text}");
        }
        assert_eq!(masked(&["short", ""], "a short word"), "a short word");
    }

    #[test]
    fn what_is_assigned_to_a_name_of_secrets_is_masked_and_code_is_not() {
        let cases = [
            ("password=hunter", "password=******"),
            ("PGPASSWORD=s3cret99 psql", "PGPASSWORD=******** psql"),
            (
                "DB_PASSWORD: \"correct horse\"",
                "DB_PASSWORD: \"******* horse\"",
            ),
            (
                "{\"api_key\":\"abc123def456\"}",
                "{\"api_key\":\"************\"}",
            ),
            (
                r#"{\"token\":\"abc123def\"}"#,
                r#"{\"token\":\"*********\"}"#,
            ),
            ("access-key = a1b2c3d4", "access-key = ********"),
            ("?token=a1b2c3d4&x=1", "?token=********&x=1"),
            ("client_secret='x9y8z7w6'", "client_secret='********'"),
        ];
        for (text, shown) in cases {
            assert_eq!(masked(&[], text), shown);
        }

        for plain in [
            r#""input_tokens":123456,"max_tokens":4096000"#,
            "let token = self.next_token();",
            "token: string, password: Option<String>",
            "password=$PASSWORD make",
            "token == expected",
            "secret = Secret::read(path)",
            "the password is asked for",
        ] {
            assert_eq!(masked(&[], plain), plain);
        }

        assert!(holds_a_secret("API_KEY=abc123def456 agent"));
        assert!(!holds_a_secret("API_KEY=$KEY agent --token-file x"));
    }

    #[test]
    fn shapes_of_keys_are_masked_and_ordinary_text_is_not() {
        let key = |head: &str, n: usize| format!("{head}{}", "a1B2".repeat(n));
        let secrets = [
            key("sk-ant-api03-", 10),
            key("ghp_", 9),
            key("github_pat_", 8),
            key("glpat-", 6),
            "AKIAIOSFODNN7EXAMPLE".to_owned(),
            key("AIza", 9)[..39].to_owned(),
            key("xoxb-", 5),
            format!("{}.{}.{}", key("eyJ", 4), key("eyJ", 4), key("", 4)),
            format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----",
                "abcd\n".repeat(20)
            ),
            "https://user:secret99@".to_owned(),
        ];
        for secret in secrets {
            let text = masked(&[], &format!("before {secret} after"));
            assert!(!text.contains(&secret[8..secret.len() - 1]), "{text}");
            assert!(
                text.starts_with("before ") && text.ends_with(" after"),
                "{text}"
            );
        }

        let plain = "task-management sk-short disk-usage https://example.org:443/x eyJub3Q ghp_no \
                     risk-averse-and-other-words mailto:a@b";
        assert_eq!(masked(&[], plain), plain);
    }
}
