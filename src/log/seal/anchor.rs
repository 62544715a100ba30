//! The anchor: the newest seal, in a file outside the log. A chain alone cannot show that its end
//! is missing; the anchor can.

use std::path::Path;

use anyhow::{Context, bail};
use events::log::EventLog;
use events::node::Sealed;
use events::stream::Position;
use serde::{Deserialize, Serialize};

use super::key::check_signature;
use crate::private;

/// A seal with the name of its log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// The log's own id.
    pub log: String,
    /// Its newest seal.
    pub seal: Sealed,
}

impl Anchor {
    /// The anchor in this file, if there is one.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        match fs_err::read(path) {
            Ok(bytes) => {
                let anchor = serde_json::from_slice(&bytes);
                Ok(Some(anchor.with_context(|| {
                    format!("{} is no anchor of a log", path.display())
                })?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Replaces the file, durably.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');

        private::write(path, &text)
    }

    /// Whether the log still holds what was sealed.
    ///
    /// # Errors
    /// It is another log, it ends before the anchor, or it has another history.
    pub async fn check(&self, log: &dyn EventLog) -> anyhow::Result<()> {
        let statement = &self.seal.statement;

        if self.log != log.id() {
            bail!(
                "the anchor is of the log {}, this is {}",
                self.log,
                log.id()
            );
        }

        check_signature(&self.seal, &self.log).context("the anchor's seal")?;

        let head = log.head().await?.position;
        if head < statement.last {
            bail!(
                "the log is truncated: it ends at position {head} and was sealed up to {}",
                statement.last
            );
        }

        let found = log.read_all(Position(statement.last.0 - 1), 1).await?;
        match found.first() {
            Some(event) if event.position == statement.last && event.digest == statement.digest => {
                Ok(())
            }
            _ => bail!(
                "the log is rewritten: position {} is not the event that was sealed",
                statement.last
            ),
        }
    }
}
