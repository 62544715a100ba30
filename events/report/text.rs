//! Each sentence of a report in plain English, section by section.

use crate::report::said::{Said, Section};
use crate::report::words::{
    because, closed, counted, halted, merge_rejected, model, more, moved, outcomes,
    review_rejected, roles, started, steps, stood_still, thing, times, tried, used, waits,
};
use crate::why::words::short;

/// What is upstream, and what waits.
fn of_ends(said: &Said) -> String {
    match said {
        Said::Merged { what, commit } => format!("{what} was merged as {}.", short(commit)),
        Said::Waits {
            need, text, since, ..
        } => waits(*need, text, *since),
        _ => String::new(),
    }
}

fn of_work(said: &Said) -> String {
    match said {
        Said::ReviewRejected {
            what,
            findings,
            first,
        } => review_rejected(what, *findings, first),
        Said::MergeRejected {
            what,
            fault,
            paths,
            detail,
        } => merge_rejected(what, *fault, paths, detail),

        Said::Quarantined { what, why } => format!("{what} was quarantined{}.", because(why)),
        Said::WorkLost { what, why } => format!("Work on {what} may be lost{}.", because(why)),
        Said::SetAside { what, why } => {
            format!("What {what} had brought was taken out{}.", because(why))
        }
        _ => String::new(),
    }
}

fn of_features(said: &Said) -> String {
    match said {
        Said::Added { times } => {
            format!("{} added.", counted(*times, "feature was", "features were"))
        }
        Said::ClosedOtherwise { what, closing, by } => closed(what, closing, by),
        Said::Withdrawn { what, by } => format!("{what} was withdrawn by {by}."),
        Said::Reopened { what, why, by } => {
            format!("{what} was reopened by {by}{}.", because(why))
        }
        _ => String::new(),
    }
}

fn of_milestones(said: &Said) -> String {
    match said {
        Said::BacklogProposed { count } => {
            let all = counted(u64::from(*count), "feature", "features");
            format!("An initializer handed in a backlog of {all}.")
        }
        Said::Initialized { count } => {
            let all = counted(u64::from(*count), "feature", "features");
            format!("The backlog is there: {all}.")
        }
        Said::MilestoneReached {
            step,
            closed,
            total,
        } => format!("{step} % was passed: {closed} of {total} features were closed."),
        Said::OverseerReported { covers, findings } => {
            let found = match findings {
                0 => "nothing was found".to_owned(),
                n => counted(u64::from(*n), "finding", "findings"),
            };
            format!("An overseer reported on {}: {found}.", steps(covers))
        }

        Said::AllClosed { closed } => {
            let all = counted(u64::from(*closed), "feature", "features");
            format!("Everything that counts was closed: {all}. The final verification was due.")
        }
        Said::Completed {} => {
            "The project was completed: the final verification found nothing.".to_owned()
        }
        Said::Resumed { why } => format!("The project went on{}.", because(why)),
        other => of_lapses(other),
    }
}

fn of_lapses(said: &Said) -> String {
    match said {
        Said::InitializersLapsed { times } => format!(
            "{} without a backlog.",
            counted(*times, "initializer ended", "initializers ended")
        ),
        Said::OverseersLapsed { times } => format!(
            "{} without a report.",
            counted(*times, "overseer ended", "overseers ended")
        ),
        _ => String::new(),
    }
}

fn of_faults(said: &Said) -> String {
    match said {
        Said::Diverged { from, through } => format!(
            "The projections differed from the log from position {from} on, seen at {through}; \
             they were replaced."
        ),
        Said::CopyFailed {
            times: count,
            reason,
        } => format!(
            "Upstream could not be copied, {}{}.",
            tried(*count),
            because(reason)
        ),

        Said::Halted {
            times: count,
            fault,
            reason,
        } => format!(
            "The merge queue was halted, {}: {} ({reason}).",
            tried(*count),
            halted(fault)
        ),
        Said::WentOn {} => "The merge queue went on.".to_owned(),
        Said::TrunkRed { head, exit } => {
            let exit = exit.map(|exit| format!(" (exit code {exit})"));
            let (head, exit) = (short(head), exit.unwrap_or_default());
            format!("The trunk itself was red at {head}{exit}.")
        }
        Said::TrunkGreen { head } => format!("The trunk was green again, at {}.", short(head)),
        other => of_trouble(other),
    }
}

/// What is told of things that sessions need.
fn of_trouble(said: &Said) -> String {
    match said {
        Said::Trouble {
            thing: of,
            times: count,
            detail,
        } => {
            let (of, seen) = (thing(of), times(*count));
            format!("{of} was seen in trouble {seen}{}.", because(detail))
        }
        Said::TroubleEnded { thing: of, why } => {
            format!("{} worked again{}.", thing(of), because(why))
        }
        Said::MoreTrouble { times: count } => {
            format!("Further things were seen in trouble {}.", times(*count))
        }

        Said::StartsFailed { times: count } => {
            let all = counted(*count, "start of a container", "starts of containers");
            format!("{all} failed.")
        }
        Said::ContainersLost { times: count } => {
            let all = counted(*count, "container", "containers");
            format!("{all} vanished.")
        }
        Said::SlotQuarantined { n, why } => format!("Slot {n} was quarantined{}.", because(why)),
        _ => String::new(),
    }
}

fn of_upstream(said: &Said) -> String {
    match said {
        Said::UpstreamMoved { times, to } => moved(*times, to.as_ref()),
        Said::UpstreamAccepted { to, by } => {
            format!("{by} accepted a rewritten upstream at {}.", short(to))
        }
        Said::BranchFollowed { branch, by } => {
            format!("{by} said that upstream's branch is called “{branch}” now.")
        }
        _ => String::new(),
    }
}

fn of_sessions(said: &Said) -> String {
    match said {
        Said::SessionsBegun { roles: begun } => roles(begun),
        Said::SessionsEnded { outcomes: ended } => outcomes(ended),
        Said::ClaimsExpired { times } => format!(
            "{} expired: nothing was heard of the holder.",
            counted(*times, "claim", "claims")
        ),
        Said::ReviewsLapsed { times } => format!(
            "{} without a verdict.",
            counted(*times, "review ended", "reviews ended")
        ),
        Said::VerificationsLapsed { times } => format!(
            "{} without evidence.",
            counted(*times, "verification ended", "verifications ended")
        ),

        Said::PushesDenied { times } => format!(
            "{} turned down: the claim was over, or somebody else's.",
            counted(*times, "push was", "pushes were")
        ),
        Said::EgressDenied { times } => format!(
            "Sessions were kept {} from what they may not reach.",
            self::times(*times)
        ),
        _ => String::new(),
    }
}

fn of_spend(said: &Said) -> String {
    match said {
        Said::Used {
            agent,
            provider,
            model: name,
            usage,
        } => format!("{}: {}.", model(*agent, provider, name), used(usage)),
        Said::UsedOthers { usage } => format!("Other models: {}.", used(usage)),
        Said::UsedInAll { usage } => format!("In all: {}.", used(usage)),
        _ => String::new(),
    }
}

fn of_people(said: &Said) -> String {
    match said {
        Said::Registered {} => "The project was registered.".to_owned(),
        Said::Started { by } => format!("{by} started the project."),
        Said::Drained { by } => format!("{by} had the project drain."),
        Said::Stopped { by } => format!("The project was stopped by {by}."),
        Said::Deleted { by } => format!("{by} deleted the project."),
        Said::SettingsChanged { times } => {
            format!("The settings were changed {}.", self::times(*times))
        }
        Said::TargetSet { count } => format!(
            "{} wanted from then on.",
            counted(u64::from(*count), "slot was", "slots were")
        ),

        Said::Asked { what, question } => format!("{what} had a question: “{question}”."),
        Said::Answered { what, by } => format!("{by} answered the question of {what}."),
        Said::Requeued { what, by } => format!("{by} gave {what} a fresh start."),
        Said::Held { entry } => {
            format!("Entry {entry} was held: it changes protected paths.")
        }
        Said::Approved { entry, by } => format!("{by} let entry {entry} through."),
        Said::Refused { entry, by, why } => {
            format!("{by} refused entry {entry}{}.", because(why))
        }
        Said::SlotWithheld { n, by } => format!("{by} took slot {n} out of service."),
        Said::SlotReinstated { n, by } => format!("{by} put slot {n} back into service."),
        _ => String::new(),
    }
}

fn of_server(said: &Said) -> String {
    match said {
        Said::ServerStarted { run, last, at } => started(*run, *last, *at),
        Said::ServerStopped { run } => format!("The server ended in order (run {run})."),
        Said::StoodStill { gap } => stood_still(*gap),
        Said::More { of, times } => more(*of, *times),
        Said::Nothing { events: 0 } => "Nothing happened.".to_owned(),
        Said::Nothing { events } => format!(
            "Nothing happened that is told here: {} recorded.",
            counted(*events, "event was", "events were")
        ),
        _ => String::new(),
    }
}

impl Said {
    /// It in words: one line, of which the parts that others wrote are not escaped.
    pub fn text(&self) -> String {
        match self.kind().section() {
            Section::Merged | Section::Waits => of_ends(self),
            Section::SentBack => of_work(self),
            Section::Features => of_features(self),
            Section::Milestones => of_milestones(self),
            Section::Faults => of_faults(self),
            Section::Upstream => of_upstream(self),
            Section::Sessions => of_sessions(self),
            Section::Spend => of_spend(self),
            Section::People => of_people(self),
            Section::Server => of_server(self),
        }
    }
}
