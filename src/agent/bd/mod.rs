//! `bd` in the slot of a session: the verbs that agents know from Beads, spoken to our door.
//! `close` hands the claimed feature in, `update --status in_progress` says yes to the claim that
//! the session holds, `sync` has nothing to do: what is said is recorded at once.
//!
//! Exit codes are those of Beads' tools: 0, 1 for a failure, 4 for a claim that is not to be had.

mod act;
mod args;
mod shown;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use args::Bd;

use self::args::{DepVerb, EpicVerb, Filter, LabelVerb, Verb};
use super::verbs::{Slot, VerbError};
use crate::api::FeatureShape;
use crate::terminal::{self, complain};
use crate::wire::get_url;

/// A claim that is not to be had.
const NOT_YOURS: u8 = 4;
/// Issues that `ready` shows when nothing is said, as Beads does.
const READY_USUAL: usize = 10;

/// What a verb printed, or why it did not work and with which exit code.
type Done = Result<String, (u8, String)>;

/// Runs a verb; answers the exit code.
pub async fn run(bd: Bd) -> u8 {
    let done = match Session::open(&bd) {
        Ok(session) => session.verb(bd.verb).await,
        Err(error) => Err(failed(error)),
    };

    let printed = done.and_then(|text| match terminal::text(&text) {
        Err(unheard) if !unheard.is_closed_pipe() => Err(failed(unheard)),
        _ => Ok(()),
    });
    match printed {
        Ok(()) => 0,
        Err((code, why)) => {
            complain!("Error: {why}");
            code
        }
    }
}

struct Session {
    slot: Slot,
    /// The feature that it is about.
    own: String,
    json: bool,
    quiet: bool,
}

fn failed(error: impl std::fmt::Display) -> (u8, String) {
    (1, error.to_string())
}

/// How to work with `bd` in a session, for whoever asks.
const PRIME: &str = "\
You work on one issue; it is claimed for you already.
  bd show --current        what it asks for
  bd list, bd ready        what else there is
  bd create TITLE -d TEXT  something you found that is not part of it
  bd comment ID TEXT       what whoever comes after you should know
  bd close ID -r REASON    hand it in when your work is committed: it is reviewed and merged, then \
  closed
  bd update ID -s open     give it back
Nothing has to be synced: everything is recorded when it is said.";

impl Session {
    fn open(bd: &Bd) -> Result<Self, VerbError> {
        Ok(Self {
            slot: Slot::from_environment()?,
            own: std::env::var("SUPERCARGO_FEATURE").unwrap_or_default(),
            json: bd.global.json,
            quiet: bd.global.quiet,
        })
    }

    async fn all(&self) -> Result<Vec<FeatureShape>, (u8, String)> {
        get_url(&self.slot.url, "/v1/features")
            .await
            .map_err(failed)
    }

    async fn one(&self, id: &str) -> Result<FeatureShape, (u8, String)> {
        get_url(&self.slot.url, &format!("/v1/features/{id}"))
            .await
            .map_err(failed)
    }

    /// Only the feature that the session is about can be worked on.
    fn is_own(&self, id: &str) -> Result<(), (u8, String)> {
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

    async fn verb(&self, verb: Verb) -> Done {
        match verb {
            Verb::Ready(filter) => {
                self.found(&filter, READY_USUAL, |feature| feature.status == "open")
                    .await
            }
            Verb::List(filter) => self.found(&filter, 0, |_| true).await,
            Verb::Blocked(filter) => {
                self.found(&filter, 0, |feature| shown::status(feature) == "blocked")
                    .await
            }
            Verb::Search { words, filter } => {
                let wanted = |feature: &FeatureShape| {
                    let content = &feature.content;
                    let text = format!("{} {}", content.title, content.description);
                    shown::holds(&text, Some(&words))
                };
                self.found(&filter, 0, wanted).await
            }
            Verb::Stale(_) => Ok(shown::list(&[], self.json)),
            Verb::Count(filter) => self.count(&filter).await,
            Verb::Show { ids, current, .. } => self.show(ids, current).await,
            Verb::Stats => self.stats().await,
            Verb::Epic { verb } => self.epic(&verb).await,
            Verb::Dep { verb } => self.dep(verb).await,
            Verb::Label { verb } => self.label(verb).await,
            Verb::Comments { words, .. } => self.comments(&words).await,
            Verb::Comment { id, text, .. } => self.comment(&id, text).await,
            Verb::Create(new) => self.create(*new, self.quiet).await,
            Verb::Quick(new) => self.create(*new, true).await,
            Verb::Update(change) => self.update(*change).await,
            Verb::Close { ids, reason, .. } => self.close(&ids, reason).await,
            Verb::Reopen { ids, .. } => Err(failed(format!(
                "{}: only a person opens it again; say what is wrong with `bd create`",
                ids.join(", ")
            ))),
            Verb::Prime => Ok(PRIME.to_owned()),
            Verb::Info => self.info(),
            Verb::Sync { .. } => {
                Ok("nothing to do: everything is recorded when it is said".to_owned())
            }
            Verb::Other(words) => Err(failed(format!(
                "`bd {}` is not for a session; `bd prime` says what is",
                words.join(" ")
            ))),
        }
    }

    async fn found(
        &self,
        filter: &Filter,
        usual: usize,
        wanted: impl Fn(&FeatureShape) -> bool,
    ) -> Done {
        let mut all = self.all().await?;
        all.retain(|feature| wanted(feature) && filter.names(feature, false));
        let found = filter.limited(all, usual);
        Ok(shown::list(&found, self.json))
    }

    async fn count(&self, filter: &Filter) -> Done {
        let all = self.all().await?;
        let count = all.iter().filter(|f| filter.names(f, true)).count();
        Ok(if self.json {
            json!({"count": count}).to_string()
        } else {
            count.to_string()
        })
    }

    async fn show(&self, mut ids: Vec<String>, current: bool) -> Done {
        if current && !self.own.is_empty() {
            ids.push(self.own.clone());
        }
        if ids.is_empty() {
            return Err(failed("which issue? `bd show ID`, or `bd show --current`"));
        }

        let mut features = Vec::new();
        for id in &ids {
            features.push(self.one(id).await?);
        }
        if self.json {
            return Ok(shown::list(&features, true));
        }
        let texts: Vec<String> = features.iter().map(shown::whole).collect();
        Ok(texts.join("\n\n"))
    }

    async fn dep(&self, verb: DepVerb) -> Done {
        match verb {
            DepVerb::List { id, .. } => {
                let feature = self.one(&id).await?;
                Ok(if self.json {
                    json!(feature.blockers).to_string()
                } else {
                    feature.blockers.join("\n")
                })
            }
            DepVerb::Cycles => Ok(if self.json { "[]" } else { "no circles" }.to_owned()),
            DepVerb::Add { id, on, .. } => Err(failed(format!(
                "what {id} waits for is not changed by a session ({on}): say it at its creation, \
                 `bd create --deps`"
            ))),
        }
    }

    async fn label(&self, verb: LabelVerb) -> Done {
        let labels = match verb {
            LabelVerb::List { id } => self.one(&id).await?.content.labels,
            LabelVerb::ListAll => {
                let all = self.all().await?;
                let mut labels: Vec<_> = all.into_iter().flat_map(|f| f.content.labels).collect();
                labels.sort();
                labels.dedup();
                labels
            }
            LabelVerb::Add { words } => {
                return Err(failed(format!(
                    "labels are given at the creation of an issue, `bd create --labels`: {}",
                    words.join(" ")
                )));
            }
        };

        Ok(if self.json {
            json!(labels).to_string()
        } else {
            labels.join("\n")
        })
    }

    async fn epic(&self, verb: &EpicVerb) -> Done {
        match verb {
            EpicVerb::Status { .. } => {
                let filter = Filter::default();
                self.found(&filter, 0, |feature| feature.status == "epic")
                    .await
            }
            EpicVerb::CloseEligible => Err(failed("only a person closes headings")),
        }
    }

    async fn stats(&self) -> Done {
        let all = self.all().await?;
        let count = |word: &str| all.iter().filter(|f| shown::status(f) == word).count();
        let ready = all.iter().filter(|f| f.status == "open").count();
        let numbers = [
            ("total", all.len()),
            ("open", count("open")),
            ("in_progress", count("in_progress")),
            ("blocked", count("blocked")),
            ("closed", count("closed")),
            ("ready", ready),
        ];

        if self.json {
            let named = numbers.map(|(name, n)| (format!("{name}_issues"), Value::from(n)));
            return Ok(Value::Object(named.into_iter().collect()).to_string());
        }
        let [
            (_, total),
            (_, open),
            (_, doing),
            (_, blocked),
            (_, closed),
            (_, ready),
        ] = numbers;
        Ok(format!(
            "{total} issues: {open} open, {doing} in progress, {blocked} blocked, {closed} closed; \
             {ready} ready"
        ))
    }

    fn info(&self) -> Done {
        let place = "the backlog of this project, at the session's door";
        Ok(if self.json {
            json!({"database_path": place, "current_issue": self.own, "mode": "supercargo"})
                .to_string()
        } else {
            format!("Issues: {place}\nCurrent issue: {}", self.own)
        })
    }
}
