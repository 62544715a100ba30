//! The session that `bd` is called in: its door, and the feature that it is about.

use super::args::Bd;
use crate::agent::verbs::{Slot, VerbError};
use crate::api::FeatureShape;
use crate::wire::get_url;

/// A claim that is not to be had.
const NOT_YOURS: u8 = 4;

/// What a verb printed, or why it did not work and with which exit code.
pub(super) type Done = Result<String, (u8, String)>;

/// A session, as `bd` finds it around itself.
pub(super) struct Session {
    pub(super) slot: Slot,
    /// The feature that it is about.
    pub(super) own: String,
    pub(super) json: bool,
    pub(super) quiet: bool,
}

pub(super) fn failed(error: impl std::fmt::Display) -> (u8, String) {
    (1, error.to_string())
}

impl Session {
    pub(super) fn open(bd: &Bd) -> Result<Self, VerbError> {
        Ok(Self {
            slot: Slot::from_environment()?,
            own: std::env::var("SUPERCARGO_FEATURE").unwrap_or_default(),
            json: bd.global.json,
            quiet: bd.global.quiet,
        })
    }

    pub(super) async fn all(&self) -> Result<Vec<FeatureShape>, (u8, String)> {
        get_url(&self.slot.url, "/v1/features")
            .await
            .map_err(failed)
    }

    pub(super) async fn one(&self, id: &str) -> Result<FeatureShape, (u8, String)> {
        get_url(&self.slot.url, &format!("/v1/features/{id}"))
            .await
            .map_err(failed)
    }

    /// Only the feature that the session is about can be worked on.
    pub(super) fn is_own(&self, id: &str) -> Result<(), (u8, String)> {
        if id == self.own {
            return Ok(());
        }
        let own = if self.own.is_empty() {
            "none"
        } else {
            &self.own
        };
        Err((
            NOT_YOURS,
            format!("{id} is not assigned to this session; it is about: {own}"),
        ))
    }
}
