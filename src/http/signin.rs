//! How a browser comes in and stays: a link that is good once, and a cookie that proves that it was
//! followed. A cookie is signed with a key of the operator's token: it outlives a restart of the
//! server, and none outlives the token.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use events::id::Timestamp;

use crate::token::Token;

/// Where keys of cookies are derived from the token for; another purpose gives other keys.
const PURPOSE: &str = "supercargo 2026 browser session";
/// How long a browser stays in.
pub const STAYS_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// Random bytes of a code.
const CODE_BYTES: usize = 16;
/// Codes that are good at once: each is a link that somebody was shown.
const CODES_MAX: usize = 16;

/// How long a pass is taken in place of the token.
const PASS_MS: u64 = 3_600 * 1_000;

/// What the ready line shows: good for one browser, and in place of the token for an hour, so that
/// who reads that line can begin at once and nothing that lasts stands in it.
#[derive(Debug)]
struct Pass {
    secret: String,
    until: Timestamp,
    /// The token that it stands for: it ends with that.
    token: Option<Arc<str>>,
}

/// Lets browsers in. Clones share the codes that are good.
#[derive(Debug, Clone)]
pub struct SignIn {
    token: Token,
    codes: Arc<Mutex<Vec<String>>>,
    pass: Arc<Mutex<Option<Pass>>>,
}

impl SignIn {
    /// Browsers of whoever holds this token.
    pub fn new(token: Token) -> Self {
        Self {
            token,
            codes: Arc::default(),
            pass: Arc::default(),
        }
    }

    /// A new pass; the one before is none any more.
    pub fn pass(&self, now: Timestamp) -> String {
        let secret = self.code();
        let pass = Pass {
            secret: secret.clone(),
            until: now.plus_ms(PASS_MS),
            token: self.token.now(),
        };
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = Some(pass);
        secret
    }

    /// Whether this is taken in place of the token.
    pub fn passes(&self, secret: &str, now: Timestamp) -> bool {
        let pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        pass.as_ref().is_some_and(|pass| {
            now < pass.until
                && pass.token.is_some()
                && pass.token == self.token.now()
                && same(pass.secret.as_bytes(), secret.as_bytes())
        })
    }

    /// A new code, good once, until this server ends. The oldest makes room.
    ///
    /// # Panics
    /// Without randomness.
    pub fn code(&self) -> String {
        let mut bytes = [0; CODE_BYTES];
        getrandom::fill(&mut bytes).expect("a machine without randomness keeps no secret");
        let code = BASE64URL_NOPAD.encode(&bytes);

        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() == CODES_MAX {
            codes.remove(0);
        }
        codes.push(code.clone());
        code
    }

    /// The value of a cookie, for a code that is good, which it is no longer then, or for the token
    /// itself.
    pub fn follow(&self, secret: &str, by: &str, now: Timestamp) -> Option<String> {
        let is_code = {
            let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
            let is_it = |code: &String| same(code.as_bytes(), secret.as_bytes());
            let place = codes.iter().position(is_it);
            place.map(|place| codes.remove(place)).is_some()
        };
        if !is_code && !self.token.is(secret) {
            return None;
        }

        let words = format!("{}.{by}", now.plus_ms(STAYS_MS).0);
        let proof = self.proof(&words)?;
        Some(format!(
            "{}.{proof}",
            BASE64URL_NOPAD.encode(words.as_bytes())
        ))
    }

    /// In whose name a cookie speaks; none when it is none of ours, or over.
    pub fn reads(&self, cookie: &str, now: Timestamp) -> Option<String> {
        let (words, proof) = cookie.split_once('.')?;
        let words = BASE64URL_NOPAD.decode(words.as_bytes()).ok()?;
        let words = String::from_utf8(words).ok()?;
        if !same(self.proof(&words)?.as_bytes(), proof.as_bytes()) {
            return None;
        }

        let (until, by) = words.split_once('.')?;
        let until = Timestamp(until.parse().ok()?);
        (now < until).then(|| by.to_owned())
    }

    fn proof(&self, words: &str) -> Option<String> {
        let token = self.token.now()?;
        let key = blake3::derive_key(PURPOSE, token.as_bytes());
        let proof = blake3::keyed_hash(&key, words.as_bytes());
        Some(HEXLOWER.encode(proof.as_bytes()))
    }
}

/// Compared as digests, in constant time.
fn same(a: &[u8], b: &[u8]) -> bool {
    blake3::hash(a) == blake3::hash(b)
}

/// The name of the cookie of a server on this port: browsers give cookies of one port to all.
pub fn cookie_name(port: u16) -> String {
    format!("supercargo-{port}")
}

/// The value of a cookie in the header of a request.
pub fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let pairs = header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    values.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_code_is_good_once_and_its_cookie_until_its_end() {
        let signin = SignIn::new(Token::from("a token"));
        let code = signin.code();
        let cookie = signin.follow(&code, "ann", NOW).expect("good");
        assert_eq!(signin.follow(&code, "ann", NOW), None, "once");
        assert_eq!(signin.follow("", "ann", NOW), None);

        let end = NOW.plus_ms(STAYS_MS);
        assert_eq!(signin.reads(&cookie, NOW).as_deref(), Some("ann"));
        assert_eq!(
            signin.reads(&cookie, Timestamp(end.0 - 1)).as_deref(),
            Some("ann")
        );
        assert_eq!(signin.reads(&cookie, end), None, "over");

        let restarted = SignIn::new(Token::from("a token"));
        assert_eq!(restarted.reads(&cookie, NOW).as_deref(), Some("ann"));
        let replaced = SignIn::new(Token::from("another token"));
        assert_eq!(replaced.reads(&cookie, NOW), None, "with its token");
        assert!(replaced.follow("another token", "ann", NOW).is_some());
    }

    #[test]
    fn a_pass_is_good_for_an_hour_and_for_one_browser() {
        let signin = SignIn::new(Token::from("a token"));
        let pass = signin.pass(NOW);
        let end = NOW.plus_ms(PASS_MS);
        for (secret, now, good) in [
            (&*pass, NOW, true),
            (&*pass, Timestamp(end.0 - 1), true),
            (&*pass, end, false),
            ("", NOW, false),
            (&pass[1..], NOW, false),
        ] {
            assert_eq!(signin.passes(secret, now), good, "{now:?}");
        }

        assert!(signin.follow(&pass, "ann", NOW).is_some());
        assert!(signin.passes(&pass, NOW));
        assert_eq!(signin.follow(&pass, "ann", NOW), None, "one browser");

        signin.pass(NOW);
        assert!(!signin.passes(&pass, NOW), "the next one takes its place");
    }

    #[test]
    fn a_cookie_that_was_changed_is_none() {
        let signin = SignIn::new(Token::from("a token"));
        let cookie = signin.follow(&signin.code(), "ann", NOW).expect("good");
        let (words, proof) = cookie.split_once('.').expect("two parts");
        let later = BASE64URL_NOPAD.encode(format!("{}.ann", i64::MAX).as_bytes());
        let other = BASE64URL_NOPAD.encode(format!("{}.bob", NOW.plus_ms(STAYS_MS).0).as_bytes());

        for changed in [
            String::new(),
            ".".to_owned(),
            words.to_owned(),
            format!("{words}."),
            format!("{words}.{}", proof.to_uppercase()),
            format!("{words}.{}", &proof[1..]),
            format!("{later}.{proof}"),
            format!("{other}.{proof}"),
            format!("{cookie}0"),
        ] {
            assert_eq!(signin.reads(&changed, NOW), None, "{changed}");
        }
    }

    #[test]
    fn codes_that_nobody_follows_come_to_an_end() {
        let signin = SignIn::new(Token::from("a token"));
        let first = signin.code();
        let rest: Vec<String> = (0..CODES_MAX).map(|_| signin.code()).collect();
        assert_eq!(signin.follow(&first, "ann", NOW), None);
        assert!(
            rest.iter()
                .all(|code| signin.follow(code, "ann", NOW).is_some())
        );
    }

    #[test]
    fn a_cookie_is_found_by_its_name() {
        for (header, value) in [
            ("supercargo-7=a.b", Some("a.b")),
            ("x=1; supercargo-7=a.b; y=2", Some("a.b")),
            ("xsupercargo-7=a.b", None),
            ("supercargo-70=a.b", None),
            ("supercargo-7", None),
            ("", None),
        ] {
            assert_eq!(cookie(header, &cookie_name(7)), value, "{header}");
        }
    }
}
