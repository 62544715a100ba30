//! The fleet: slots, sessions and their transcripts, the board, the figures.

use events::container;
use events::id::SessionId;
use events::policy::AnyCommand;
use events::stream::StreamId;
use events::view::Transcript;
use tracing::instrument;

use super::{Done, Operator, RequestContext, unknown_project, written};
use crate::api::{self, Board, Found, Hit, SessionShape, SlotShape, Stats, Written};
use actors::rejection::Rejection;

/// Longest text that is looked for.
const FIND_MAX: usize = 1000;
/// Most lines of one answer.
const HITS_MAX: usize = 200;
/// Characters of a line that are shown.
const LINE_SHOWN: usize = 400;
/// Bytes of transcripts that are looked at for one answer.
const LOOKED_AT_MAX: usize = 512 * 1024 * 1024;

/// A line as it is shown: what is left out is said, so that a cut JSON object is not taken for one
/// that the agent cut.
fn cut_line(line: &str) -> String {
    let length = line.chars().count();
    if length <= LINE_SHOWN {
        return line.to_owned();
    }
    let head: String = line.chars().take(LINE_SHOWN).collect();
    format!(
        "{head}… (cut here, {length} characters in all; \
         `supercargo container logs --session` has them)"
    )
}

impl Operator {
    /// The slots of a project.
    pub fn slots(&self, name: &str) -> Done<Vec<SlotShape>> {
        self.read(&Self::name(name)?, |view| {
            view.registered().map(|_| api::slots(view))
        })
    }

    /// One slot.
    pub fn show_slot(&self, name: &str, n: u16) -> Done<SlotShape> {
        let found = self.slots(name)?.into_iter().find(|slot| slot.n == n);
        found.ok_or_else(|| {
            let why = "there is no such container; `container list` shows those there are";
            Rejection::not_found("unknown_container", why)
        })
    }

    async fn to_slot(
        &self,
        context: &RequestContext,
        name: &str,
        n: u16,
        command: container::Command,
    ) -> Done<Written> {
        let stream = StreamId::Container(Self::name(name)?, Self::slot(n));
        Ok(written(
            &self
                .tell(context, context.id, stream, AnyCommand::Container(command))
                .await?,
        ))
    }

    /// Takes a slot out of service: what runs in it brings its work to safety and ends, nothing
    /// new is begun.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn stop_slot(&self, context: &RequestContext, name: &str, n: u16) -> Done<Written> {
        self.to_slot(
            context,
            name,
            n,
            container::Command::Withhold {
                by: context.by.clone(),
            },
        )
        .await
    }

    /// Puts a slot back into service; one that is in service ends its session and goes on with the
    /// next job.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn restart_slot(
        &self,
        context: &RequestContext,
        name: &str,
        n: u16,
    ) -> Done<Written> {
        let back = self
            .to_slot(
                context,
                name,
                n,
                container::Command::Reinstate {
                    by: context.by.clone(),
                },
            )
            .await;

        match back {
            Err(problem) if problem.code == "not_quarantined" => {
                let id = context.part("interrupt");
                let stream = StreamId::Container(Self::name(name)?, Self::slot(n));
                let command = AnyCommand::Container(container::Command::Interrupt {
                    by: context.by.clone(),
                });
                Ok(written(&self.tell(context, id, stream, command).await?))
            }
            answer => answer,
        }
    }

    /// The sessions of a project, the newest first.
    pub fn sessions(&self, name: &str) -> Done<Vec<SessionShape>> {
        self.read(&Self::name(name)?, |view| {
            view.registered().map(|_| api::sessions(view))
        })
    }

    /// One session, over or not.
    pub fn session(&self, id: &str) -> Done<SessionShape> {
        let id: SessionId = id.parse().map_err(Rejection::invalid)?;
        let found = self.core.projector.read(|projections| {
            projections
                .projects
                .values()
                .find_map(|view| Some(api::session(view, &id, view.sessions.get(&id)?)))
        });
        found.ok_or_else(|| Rejection::not_found("unknown_session", "there was no such session"))
    }

    /// What a session printed after chunk `after`, with the number of the last chunk.
    pub async fn transcript(&self, id: &str, after: u64) -> Done<(Vec<u8>, u64)> {
        self.session(id)?;
        let id: SessionId = id.parse().map_err(Rejection::invalid)?;
        Ok(self.core.world.transcripts.read(&id, after).await?)
    }

    /// Lines of what the sessions of a project printed that hold this text; the newest session
    /// first, within bounds.
    pub async fn find(&self, name: &str, text: &str) -> Done<Found> {
        if text.is_empty() || text.len() > FIND_MAX {
            return Err(Rejection::invalid(format!(
                "find is a text of 1 to {FIND_MAX} bytes"
            )));
        }

        let mut sessions = self.read(&Self::name(name)?, |view| {
            let kept = view
                .sessions
                .iter()
                .filter(|(_, record)| record.transcript != Some(Transcript::Dropped));
            view.registered().map(|_| {
                kept.map(|(id, record)| (record.assigned, id.clone()))
                    .collect::<Vec<_>>()
            })
        })?;
        sessions.sort_by(|a, b| b.cmp(a));
        let mut found = Found::default();
        let mut looked = 0;

        for (_, session) in sessions {
            if looked > LOOKED_AT_MAX {
                found.more = true;
                break;
            }
            let (bytes, _) = self.core.world.transcripts.read(&session, 0).await?;
            looked += bytes.len();
            let printed = String::from_utf8_lossy(&bytes);
            for line in printed.lines().filter(|line| line.contains(text)) {
                if found.hits.len() == HITS_MAX {
                    found.more = true;
                    return Ok(found);
                }
                let line = cut_line(line);
                found.hits.push(Hit {
                    session: session.to_string(),
                    line,
                });
            }
        }

        Ok(found)
    }

    /// A project on one page.
    pub fn board(&self, name: &str) -> Done<Board> {
        let name = Self::name(name)?;
        let board = self
            .core
            .projector
            .read(|projections| api::board(projections.projects.get(&name)?, projections));
        let mut board = board.ok_or_else(unknown_project)?;
        board.project = self.with_faults(board.project);
        Ok(board)
    }

    /// Figures of the installation.
    pub fn stats(&self) -> Stats {
        self.core.projector.read(api::stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_cut_says_who_cut_it() {
        let short = "x".repeat(LINE_SHOWN);
        assert_eq!(cut_line(&short), short);
        let object = format!("{{\"text\": \"{}\"}}", "ä".repeat(1000));
        let shown = cut_line(&object);
        assert!(
            shown.contains("… (cut here, 1012 characters in all"),
            "{shown}"
        );
        assert!(shown.chars().count() < LINE_SHOWN + 120);
    }
}
