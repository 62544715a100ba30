//! Listening to an agent: what it called its own end, out of whatever it printed.

use events::settings::Dialect;

use super::signals::{Signal, signals};

/// Longest line that is read for its meaning; longer ones are in the transcript.
const LINE_MAX: usize = 4 * 1024 * 1024;

/// Collects what an agent said about its own end, line by line.
#[derive(Debug)]
pub struct Listener {
    dialect: Dialect,
    line: Vec<u8>,
    too_long: bool,
    failure: Option<String>,
}

impl Listener {
    /// Listens to an agent of this dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            line: Vec::new(),
            too_long: false,
            failure: None,
        }
    }

    /// Takes the next bytes of its standard output.
    pub fn take(&mut self, mut bytes: &[u8]) {
        if !self.dialect.needs_model() {
            return;
        }
        while let Some(at) = bytes.iter().position(|b| *b == b'\n') {
            self.keep(&bytes[..at]);
            self.end_line();
            bytes = &bytes[at + 1..];
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.line.len() + bytes.len() > LINE_MAX;
        if self.too_long {
            self.line.clear();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.too_long) {
            return;
        }
        for signal in signals(self.dialect, &String::from_utf8_lossy(&line)) {
            if let Signal::Result { is_error, text } = signal {
                self.failure = is_error.then(|| text.chars().take(500).collect());
            }
        }
    }

    /// What it called a failure at its end, if it did.
    pub fn failure(mut self) -> Option<String> {
        self.end_line();
        self.failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_failure_when_the_agent_says_so() {
        let ok = br#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#;
        // Providers' errors come under the subtype "success": that word says nothing.
        let bad =
            br#"{"type":"result","subtype":"success","is_error":true,"result":"API Error: 400"}"#;

        let hear = |parts: &[&[u8]]| {
            let mut listener = Listener::new(Dialect::Claude);
            parts.iter().for_each(|part| listener.take(part));
            listener.failure()
        };
        assert_eq!(hear(&[ok]), None);
        assert_eq!(
            hear(&[&bad[..20], &bad[20..], b"\n"]),
            Some("API Error: 400".to_owned())
        );
        assert_eq!(hear(&[bad, b"\n", ok]), None, "the last word counts");
        let endless = vec![b'x'; LINE_MAX];
        assert_eq!(
            hear(&[&endless, &endless, b"\n", bad]),
            Some("API Error: 400".to_owned())
        );
        assert_eq!(hear(&[b"\xff\xfe{\n", b"null\n", b"[]"]), None);
    }
}
