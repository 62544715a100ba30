//! What a provider's answer says about the provider: whether a model was asked at all, and for how
//! long nobody is to ask again.

use events::id::Timestamp;
use hyper::Method;
use hyper::header::HeaderMap;

/// Longest wait that is believed: a week.
const WAIT_MAX_MS: u64 = 7 * 24 * 3_600_000;

/// Whether a request that passes asks a model something, and not about models or their counting.
pub(super) fn asks(method: &Method, path: &str) -> bool {
    let counts = path.ends_with("/count_tokens") || path.ends_with(":countTokens");
    method == Method::POST && !counts
}

/// When the provider may be asked again, as its answer says: in milliseconds, in seconds, or at a
/// date.
pub(super) fn retry_at(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let ms = text("retry-after-ms").and_then(number);
    let after = text("retry-after")?;
    let seconds = number(after).map(|seconds| seconds.saturating_mul(1_000));
    if let Some(ms) = ms.or(seconds) {
        return Some(now.plus_ms(ms.min(WAIT_MAX_MS)));
    }
    let date = jiff::fmt::rfc2822::parse(after).ok()?;
    let at = Timestamp(date.timestamp().as_microsecond());
    Some(at.min(now.plus_ms(WAIT_MAX_MS)))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_wait_is_read_in_each_of_its_forms() {
        let now = Timestamp(1_445_412_420_000_000);
        let after = |seconds: i64| Some(Timestamp(now.0 + seconds * 1_000_000));
        type Given = &'static [(&'static str, &'static str)];

        let table: [(Given, Option<Timestamp>); 6] = [
            (&[], None),
            (&[("retry-after", "18000")], after(18_000)),
            (
                &[("retry-after-ms", "2000"), ("retry-after", "3")],
                after(2),
            ),
            (
                &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")],
                after(60),
            ),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "99999999999999999")], after(604_800)),
        ];
        for (given, expected) in table {
            let pairs = given.iter().map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            });
            assert_eq!(retry_at(&pairs.collect(), now), expected, "{given:?}");
        }
    }

    #[test]
    fn what_asks_a_model_is_told_from_the_rest() {
        for (method, path, expected) in [
            (Method::POST, "/v1/messages", true),
            (Method::POST, "/v1/messages/count_tokens", false),
            (Method::POST, "/v1beta/models/g:countTokens", false),
            (Method::POST, "/v1beta/models/g:generateContent", true),
            (Method::GET, "/v1/models", false),
        ] {
            assert_eq!(asks(&method, path), expected, "{path}");
        }
    }
}
