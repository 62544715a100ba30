//! The operator's token: made at the first start, kept in the data folder, for its owner alone. It
//! is read again whenever its file changed, so that a token that was replaced is good at once and
//! the one before is not; where the file was removed, a new one is made.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::bail;

use crate::private::{self, Kept};

/// Random bytes in a token.
const BYTES: usize = 32;
/// Letters in a token.
const LETTERS: usize = 52;

/// The token of a server. Clones share it.
#[derive(Debug, Clone)]
pub enum Token {
    /// The one that a file holds at the moment.
    File(TokenFile),
    /// One that never changes.
    Fixed(Arc<str>),
}

/// A file with a token.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
    known: Arc<Mutex<Known>>,
}

/// What was read last, and the file that it was read from.
#[derive(Debug, Default)]
struct Known {
    from: Option<Stamp>,
    token: Option<Arc<str>>,
}

/// What tells one state of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    changed: (i64, i64),
    length: u64,
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            place: (found.dev(), found.ino()),
            changed: (found.ctime(), found.ctime_nsec()),
            length: found.size(),
        }
    }
}

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        Self::Fixed(token.into())
    }
}

impl From<&Token> for Token {
    fn from(token: &Token) -> Self {
        token.clone()
    }
}

impl Token {
    /// The token as it is at the moment; none while its file is not to be trusted.
    pub fn now(&self) -> Option<Arc<str>> {
        match self {
            Self::File(file) => file.now(),
            Self::Fixed(token) => Some(token.clone()),
        }
    }

    /// Whether this is it. Compared as digests, in constant time.
    pub fn is(&self, given: &str) -> bool {
        self.now()
            .is_some_and(|token| blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes()))
    }
}

impl TokenFile {
    /// The token in this file, made where there is none.
    ///
    /// # Errors
    /// The file is not ours alone, or holds no whole token.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = Self {
            path: path.to_owned(),
            known: Arc::default(),
        };
        file.read()?;
        Ok(file)
    }

    fn now(&self) -> Option<Arc<str>> {
        match self.read() {
            Ok(token) => token,
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "no token is taken until this is mended"
                );
                None
            }
        }
    }

    /// The token, read again if its file changed. None for a state of the file that was complained
    /// of before.
    fn read(&self) -> anyhow::Result<Option<Arc<str>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = fs_err::symlink_metadata(&self.path).ok();
        let stamp = found.as_ref().map(Stamp::of);
        if stamp.is_some() && stamp == known.from {
            return Ok(known.token.clone());
        }

        // Noted before it is looked at, so that one state of a file is complained of once.
        *known = Known {
            from: stamp,
            token: None,
        };
        if let Some(text) = private::read(&self.path, Kept::Secret)? {
            known.token = Some(whole(&self.path, text.trim())?.into());
            return Ok(known.token.clone());
        }
        let made = fresh()?;
        private::write(&self.path, format!("{made}\n").as_bytes())?;
        known.from = fs_err::symlink_metadata(&self.path)
            .ok()
            .as_ref()
            .map(Stamp::of);
        known.token = Some(made.into());
        Ok(known.token.clone())
    }
}

fn fresh() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;

    Ok(data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase())
}

/// A token of full length: a file that was cut, or written by hand, is none.
fn whole<'a>(path: &Path, text: &'a str) -> anyhow::Result<&'a str> {
    let is_ours = |c: char| c.is_ascii_lowercase() || ('2'..='7').contains(&c);
    if text.len() != LETTERS || !text.chars().all(is_ours) {
        bail!(
            "{} holds no whole token: {} bytes, a token has {LETTERS} letters and digits; remove \
             the file, and a new one is made",
            path.display(),
            text.len()
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_follows_its_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("token");
        let token = Token::File(TokenFile::open(&path).expect("made"));
        let first = token.now().expect("a token");
        assert!(token.is(&first) && !token.is("") && first.len() == LETTERS);
        let again = Token::File(TokenFile::open(&path).expect("read"));
        assert!(again.is(&first));

        let second = fresh().expect("random");
        private::write(&path, second.as_bytes()).expect("rotated");
        assert!(token.is(&second) && !token.is(&first));

        fs_err::remove_file(&path).expect("removed");
        let third = token.now().expect("made anew");
        assert!(!token.is(&second) && token.is(&third));
        let kept = fs_err::read_to_string(&path).expect("kept");
        assert_eq!(kept.trim(), &*third);

        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("opened");
        assert!(token.now().is_none() && !token.is(&third));
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("closed");
        assert!(token.is(&third));
    }

    #[test]
    fn what_is_not_a_whole_token_is_none() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("token");
        let good = fresh().expect("random");

        let wrong = [
            String::new(),
            "a".to_owned(),
            good[..LETTERS - 1].to_owned(),
            format!("{good}a"),
            good.to_uppercase(),
            format!("{} ", &good[1..]),
        ];
        for text in wrong {
            private::write(&path, text.as_bytes()).expect("written");
            let error = TokenFile::open(&path).expect_err(&text).to_string();
            assert!(error.contains("remove the file"), "{error}");
        }
    }
}
