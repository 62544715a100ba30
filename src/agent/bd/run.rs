//! Running a verb of `bd`: who carries it out, and the exit code that it comes to.

use super::args::{Bd, Verb};
use super::session::{Done, Session, failed};
use super::shown;
use crate::api::FeatureShape;
use crate::terminal::{self, complain};

/// Issues that `ready` shows when nothing is said, as Beads does.
const READY_USUAL: usize = 10;

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

/// Runs a verb; answers the exit code.
pub async fn run(bd: Bd) -> u8 {
    let done = match Session::open(&bd) {
        Ok(session) => session.verb(bd.verb).await,
        Err(error) => Err(failed(error)),
    };

    match done.and_then(printed) {
        Ok(()) => 0,
        Err((code, why)) => {
            complain!("Error: {why}");
            code
        }
    }
}

/// Prints an answer. Whoever reads only its beginning, as `head` does, made nothing go wrong.
fn printed(text: String) -> Result<(), (u8, String)> {
    match terminal::text(&text) {
        Err(unheard) if !unheard.is_closed_pipe() => Err(failed(unheard)),
        _ => Ok(()),
    }
}

impl Session {
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
}
