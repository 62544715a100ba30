//! State and command to events or refusal: life, intent and initialization. Oversight is in
//! `oversee.rs`.

use crate::aggregate::{Aggregate, Moment};
use crate::id::{Sha, Timestamp};
use crate::project::command::{BRANCH_MAX, Command, Refusal, URL_MAX};
use crate::project::event::{self, Event, ProjectKind};
use crate::project::state::{Initialization, Intent, Project, Registered, Repository};
use crate::project::upstream::transport;
use crate::settings::{COMMAND_MAX, Settings};

pub(super) type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Project {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Decision {
        match (self, command) {
            (Self::Unknown, Command::Register { git_url, kind }) => register(git_url, *kind),
            (Self::Unknown, _) => Err(Refusal::UnknownProject),
            (Self::Registered(_) | Self::Deleted, Command::Register { .. }) => Err(Refusal::Exists),
            (Self::Deleted, _) => Err(Refusal::Deleted),
            (Self::Registered(registered), command) => registered.decide(command),
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        match (&mut *self, event) {
            (Self::Unknown, Event::Registered(e)) => {
                *self = Self::Registered(Box::new(Registered::new(&e.git_url, e.kind)))
            }
            (Self::Registered(_), Event::Deleted(_)) => *self = Self::Deleted,
            (Self::Registered(registered), event) => registered.evolve(event, moment),
            (Self::Unknown | Self::Deleted, _) => {}
        }
    }
}

fn register(git_url: &str, kind: ProjectKind) -> Decision {
    may_be_upstream(git_url)?;

    let git_url = git_url.to_owned();
    Ok(vec![event::Registered { git_url, kind }.into()])
}

/// Refuses what cannot be the address of an upstream.
fn may_be_upstream(git_url: &str) -> Result<(), Refusal> {
    let invalid = |why: &str| {
        Err(Refusal::Invalid {
            why: why.to_owned(),
        })
    };

    if git_url.is_empty() || git_url.len() > URL_MAX || git_url.chars().any(char::is_control) {
        return invalid("the git URL is empty, too long or holds control characters");
    }

    if git_url.starts_with('-') {
        return invalid("the git URL must not start with '-'");
    }

    if let Err(why) = transport(git_url) {
        return invalid(&why);
    }

    match has_credentials(git_url) {
        true => invalid(
            "the git URL holds a user name with a password or a token; give the URL without it, \
             credentials are never recorded",
        ),
        false => Ok(()),
    }
}

/// The copy of upstream. A branch whose name no event could hold is no copy to work with.
fn cloned(branch: &str, head: Option<&Sha>, setup: Option<&String>) -> Event {
    if branch.len() > BRANCH_MAX {
        let length = branch.len();
        let reason = format!(
            "its branch has a name of {length} bytes, at most {BRANCH_MAX} are taken: \
             give it a shorter one"
        );
        return event::CloneFailed { reason }.into();
    }

    event::Cloned {
        branch: branch.to_owned(),
        head: head.cloned(),
        setup: setup.filter(|line| line.len() <= COMMAND_MAX).cloned(),
    }
    .into()
}

/// Whether the authority of an http(s) or ssh URL carries a password, or an http(s) URL any user.
fn has_credentials(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else {
        return false;
    };
    scheme.starts_with("http") || user.contains(':')
}

impl Registered {
    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Register { .. } => Err(Refusal::Exists),
            Command::Relocate { git_url, by } => self.relocate(git_url, by),
            Command::RecordClone {
                branch,
                head,
                setup,
            } => match self.repository {
                Repository::Cloned { .. }
                    if !self.is_first_content(head.as_ref(), setup.as_ref()) =>
                {
                    Err(Refusal::AlreadyCloned)
                }
                Repository::Cloned { .. } | Repository::Pending | Repository::Failed { .. } => {
                    Ok(vec![cloned(branch, head.as_ref(), setup.as_ref())])
                }
            },
            Command::FailClone { reason } => match self.repository {
                Repository::Cloned { .. } => Err(Refusal::AlreadyCloned),
                Repository::Pending | Repository::Failed { .. } => Ok(vec![
                    event::CloneFailed {
                        reason: reason.clone(),
                    }
                    .into(),
                ]),
            },
            Command::WriteSpec { digest, bytes } if self.spec == Some(*digest) && *bytes > 0 => {
                Ok(vec![])
            }
            Command::WriteSpec { digest, bytes } => Ok(vec![
                event::SpecWritten {
                    digest: *digest,
                    bytes: *bytes,
                }
                .into(),
            ]),
            Command::ChangeSettings { settings } => self.change(settings),
            Command::SetTarget { count } => self.set_target(*count),
            Command::Start { .. }
            | Command::Drain { .. }
            | Command::Stop { .. }
            | Command::Delete { .. }
            | Command::Resume { .. } => self.intend(command),
            Command::OpenEdit { by } => match &self.editing {
                Some(other) => Err(Refusal::Editing { by: other.clone() }),
                None => Ok(vec![event::EditOpened { by: by.clone() }.into()]),
            },
            Command::SaveEdit { by } => self.end_edit(event::EditSaved { by: by.clone() }.into()),
            Command::DiscardEdit { by } => {
                self.end_edit(event::EditDiscarded { by: by.clone() }.into())
            }
            Command::DueInitialization
            | Command::AskInitialization
            | Command::StartInitialization { .. }
            | Command::LapseInitialization { .. }
            | Command::ProposeBacklog { .. }
            | Command::FinishInitialization { .. } => self.initialize(command),
            Command::ReportTrouble { .. }
            | Command::EndTrouble { .. }
            | Command::AskProbe { .. } => self.see_trouble(command),
            Command::DueMilestone { .. }
            | Command::DueFinal { .. }
            | Command::StartOversight { .. }
            | Command::LapseOversight { .. }
            | Command::SettleOversight { .. } => self.oversee(command),
        }
    }

    /// Upstream is somewhere else. Whether that is the same repository shows at the next look: one
    /// that does not hold what upstream held halts the merge queue like any that was rewritten.
    fn relocate(&self, git_url: &str, by: &str) -> Decision {
        may_be_upstream(git_url)?;
        if self.git_url == git_url {
            return Ok(vec![]);
        }

        let (git_url, by) = (git_url.to_owned(), by.to_owned());
        Ok(vec![event::Relocated { git_url, by }.into()])
    }

    /// Whether an upstream that was empty has files now, which suggest what nobody has set: that is
    /// as good as a first copy, once.
    fn is_first_content(&self, head: Option<&Sha>, setup: Option<&String>) -> bool {
        let was_empty = matches!(self.repository, Repository::Cloned { head: None, .. });
        was_empty && head.is_some() && setup.is_some() && self.settings.setup.is_none()
    }

    fn change(&self, settings: &Settings) -> Decision {
        settings.check().map_err(|why| Refusal::Invalid { why })?;
        if *settings == self.settings {
            return Ok(vec![]);
        }
        // Whatever runs was started with an agent, and goes on with one.
        if self.settings.agent.is_chosen() && !settings.agent.is_chosen() {
            let why = "an agent that was chosen is replaced by another, not unset".to_owned();
            return Err(Refusal::Invalid { why });
        }

        let changed = event::SettingsChanged {
            settings: Box::new(settings.clone()),
        };
        let mut events = vec![changed.into()];
        events.extend(self.troubles_left_behind(settings));
        Ok(events)
    }

    fn set_target(&self, count: u16) -> Decision {
        if count > self.settings.target_max {
            let why = format!(
                "{count} slots are above the limit of {}; raise target_max first",
                self.settings.target_max
            );
            return Err(Refusal::Invalid { why });
        }

        // Without slots it may run with nobody but people from outside.
        let is_running = matches!(self.intent, Intent::Running { .. });
        if is_running && count > 0 && !self.settings.agent.is_chosen() {
            return Err(Refusal::NoAgent);
        }

        Ok(if count == self.target {
            vec![]
        } else {
            vec![event::TargetSet { count }.into()]
        })
    }

    fn end_edit(&self, ended: Event) -> Decision {
        if self.editing.is_some() {
            Ok(vec![ended])
        } else {
            Err(Refusal::NotEditing)
        }
    }

    fn intend(&self, command: &Command) -> Decision {
        match (command, self.intent) {
            (Command::Start { by, has_features }, _) => self.start(by, *has_features),
            // What is so already is a success: whoever asks twice, asks for the same.
            (Command::Drain { .. }, Intent::Draining { .. } | Intent::Stopped) => Ok(vec![]),
            (Command::Drain { by }, Intent::Running { .. } | Intent::Completed) => {
                Ok(vec![event::DrainRequested { by: by.clone() }.into()])
            }
            (Command::Stop { .. }, Intent::Stopped) => Ok(vec![]),
            (Command::Stop { by }, _) => Ok(vec![event::Stopped { by: by.clone() }.into()]),
            (Command::Resume { why }, Intent::Completed) => {
                Ok(vec![event::Resumed { why: why.clone() }.into()])
            }
            (Command::Resume { .. }, _) => Err(Refusal::NotDue),
            (Command::Delete { by }, Intent::Stopped | Intent::Completed) => {
                Ok(vec![event::Deleted { by: by.clone() }.into()])
            }
            _ => Err(Refusal::StillWorking),
        }
    }

    /// Starts it, and has tried anew what was given up; one that runs and gave up nothing is where
    /// it is wanted.
    fn start(&self, by: &str, has_features: bool) -> Decision {
        let running = matches!(self.intent, Intent::Running { .. });
        if !running && !has_features && self.spec.is_none() {
            return Err(Refusal::NothingToDo);
        }
        if !running && self.target > 0 && !self.settings.agent.is_chosen() {
            return Err(Refusal::NoAgent);
        }

        let mut events = vec![];
        if !running {
            events.push(event::Started { by: by.to_owned() }.into());
        }
        if self.gave_up() {
            events.push(event::Renewed { by: by.to_owned() }.into());
        }
        Ok(events)
    }

    /// A person's request for a backlog: granted where there is none yet, anew where initializers
    /// were given up.
    fn ask_initialization(&self) -> Decision {
        let due = match (&self.initialization, self.spec) {
            (Initialization::NotDue, None) => return Err(Refusal::NoSpec),
            (Initialization::NotDue, spec) => spec,
            (Initialization::Due { lapses }, spec) if lapses.is_spent() => spec,
            (
                Initialization::Due { .. }
                | Initialization::Underway { .. }
                | Initialization::Proposed { .. },
                _,
            ) => None,
            (Initialization::Done, _) => return Err(Refusal::Initialized),
        };
        let due = due.map(|spec| event::InitializationDue { spec }.into());

        Ok(due.into_iter().collect())
    }

    fn initialize(&self, command: &Command) -> Decision {
        match (command, &self.initialization) {
            (Command::DueInitialization, Initialization::NotDue) => match self.spec {
                Some(spec) if self.kind == ProjectKind::New => {
                    Ok(vec![event::InitializationDue { spec }.into()])
                }
                _ => Err(Refusal::NotDue),
            },
            (Command::AskInitialization, _) => self.ask_initialization(),
            (Command::StartInitialization { .. }, Initialization::Due { lapses })
                if lapses.is_spent() =>
            {
                Err(Refusal::NotDue)
            }
            (Command::StartInitialization { slot_session }, Initialization::Due { .. })
                if self.is_running() =>
            {
                Ok(vec![
                    event::InitializationStarted {
                        slot_session: slot_session.clone(),
                    }
                    .into(),
                ])
            }
            (Command::StartInitialization { .. }, Initialization::Underway { .. }) => {
                Err(Refusal::Underway)
            }
            (
                Command::LapseInitialization { session, outcome },
                Initialization::Underway { slot_session, .. },
            ) if slot_session.session == *session => Ok(vec![
                event::InitializationLapsed {
                    session: session.clone(),
                    outcome: *outcome,
                }
                .into(),
            ]),
            (
                Command::ProposeBacklog {
                    session,
                    digest,
                    count,
                },
                Initialization::Underway { slot_session, .. },
            ) if slot_session.session == *session => {
                let proposed = event::BacklogProposed {
                    session: session.clone(),
                    digest: *digest,
                    count: *count,
                };
                Ok(vec![proposed.into()])
            }
            (Command::LapseInitialization { .. } | Command::ProposeBacklog { .. }, _) => {
                Err(Refusal::NotUnderway)
            }
            (Command::FinishInitialization { count }, Initialization::Proposed { .. }) => {
                Ok(vec![event::Initialized { count: *count }.into()])
            }
            _ => Err(Refusal::NotDue),
        }
    }
}

#[cfg(test)]
mod tests;
