//! Masks secrets in what agents print: values that this server knows, and shapes that keys of
//! well-known services have. Each byte becomes a star, so that lengths and offsets stay. A value
//! that is split over two chunks is found because the end of what was stored is looked at again
//! with each new chunk.

use aho_corasick::AhoCorasick;

use crate::secrets::shaped;

/// Bytes before a new chunk that are looked at again: longer than any key.
pub(super) const AGAIN: usize = 8 * 1024;
/// Shorter values would mask words of ordinary text.
const KNOWN_MIN: usize = 8;

/// Masks what it knows.
#[derive(Debug, Clone)]
pub(crate) struct Redactor {
    known: Option<AhoCorasick>,
}

impl Redactor {
    /// Masks these values, as they are and as JSON and URLs write them, and every known shape.
    pub(crate) fn new(secrets: &[String]) -> Result<Self, String> {
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
        let found: Vec<std::ops::Range<usize>> = self.found(bytes).collect();
        found.into_iter().for_each(|range| bytes[range].fill(b'*'));
    }

    /// Whether there is anything in these bytes to mask.
    pub(crate) fn finds(&self, bytes: &[u8]) -> bool {
        self.found(bytes).next().is_some()
    }

    fn found(&self, bytes: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
        let known = self.known.iter();
        let known = known.flat_map(move |known| known.find_iter(bytes).map(|found| found.range()));
        known.chain(shaped(bytes))
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
    fn what_would_be_masked_is_found_and_what_was_masked_is_not() {
        let redactor = Redactor::new(&["pa\"ss/wörd-7".to_owned()]).expect("a redactor");
        for text in [
            "x pa\"ss/wörd-7 y",
            "password=hunter22",
            "https://a:secret99@b",
        ] {
            let mut bytes = text.as_bytes().to_vec();
            assert!(redactor.finds(&bytes), "{text}");
            redactor.mask(&mut bytes);
            assert!(!redactor.finds(&bytes), "{text}");
        }
        assert!(!redactor.finds(b"all is well"));
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
