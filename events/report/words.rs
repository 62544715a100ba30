//! Parts of the sentences of a report: sums, times, money, and what is said of more than one thing.

use std::collections::BTreeMap;

use crate::agent::Dialect;
use crate::feature::event::{Closing, MergeFault};
use crate::holder::Role;
use crate::id::{Sha, Timestamp};
use crate::merge_queue::Fault;
use crate::outcome::Outcome;
use crate::own_time::Gap;
use crate::project::{Thing, utc};
use crate::report::said::{Kind, Named};
use crate::usage::Usage;
use crate::view::NeedKind;
use crate::why::words::short;

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.title {
            Some(title) => write!(f, "{} “{title}”", self.id),
            None => self.id.fmt(f),
        }
    }
}

/// So many of something, in the singular or the plural.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

/// So many times.
pub(super) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// How often something was tried in vain.
pub(super) fn tried(count: u64) -> String {
    match count {
        1 => "in one try".to_owned(),
        _ => format!("in {count} tries"),
    }
}

/// Parts of a sum, or other things in a row.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// A reason behind a colon, where one was given.
pub(super) fn because(why: &str) -> String {
    if why.is_empty() {
        return String::new();
    }
    format!(": {}", why.trim_end_matches(['.', ' ']))
}

/// A time that passed, in the two largest units that say it.
pub(super) fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.0.saturating_sub(from.0).max(0) / 1_000_000;
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);

    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes:02}"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Money, to the cent.
pub(super) fn money(micro_usd: u64) -> String {
    let cents = micro_usd.saturating_add(5_000) / 10_000;
    if cents == 0 && micro_usd > 0 {
        return "less than 0.01 USD".to_owned();
    }
    format!("{}.{:02} USD", cents / 100, cents % 100)
}

/// What was used, and what it cost as far as that is known.
pub(super) fn used(usage: &Usage) -> String {
    let read = usage
        .input
        .saturating_add(usage.cache_read)
        .saturating_add(usage.cache_write);
    let requests = counted(usage.requests, "request", "requests");
    let tokens = format!(
        "{} read, {} written",
        counted(read, "token", "tokens"),
        usage.output
    );
    let limited = match usage.limited {
        0 => String::new(),
        n => format!(", {n} turned down by a limit"),
    };

    let cost = match (usage.unpriced, usage.micro_usd) {
        (0, _) => money(usage.micro_usd),
        (n, 0) if n >= usage.requests => "no price is known".to_owned(),
        (n, _) => format!(
            "{} without {}",
            money(usage.micro_usd),
            counted(
                n,
                "request that has no price",
                "requests that have no price"
            )
        ),
    };
    format!("{requests}{limited}, {tokens}; {cost}")
}

pub(super) fn roles(roles: &BTreeMap<Role, u64>) -> String {
    let parts = roles.iter().map(|(role, n)| {
        let name = role.name();
        counted(*n, name, &format!("{name}s"))
    });
    let all = counted(roles.values().sum(), "session was", "sessions were");
    format!("{all} given work: {}.", listed(&parts.collect::<Vec<_>>()))
}

pub(super) fn outcomes(outcomes: &BTreeMap<Outcome, u64>) -> String {
    let parts = outcomes
        .iter()
        .map(|(outcome, n)| format!("{n} {}", ended(*outcome)));
    let all = counted(outcomes.values().sum(), "session", "sessions");
    format!("{all} ended: {}.", listed(&parts.collect::<Vec<_>>()))
}

/// How a session ended, in words.
pub(super) fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::NoWork => "with nothing to show",
        Outcome::Failed => "failed",
        Outcome::Stuck => "went silent",
        Outcome::TimedOut => "at the time limit",
        Outcome::ContextFull => "with a full context",
        Outcome::Interrupted => "interrupted",
        Outcome::ProviderLimited => "at the provider's limit",
        Outcome::ProviderRefused => "refused by the provider",
        Outcome::ToolBroken => "with a broken tool",
        Outcome::EngineRefused => "refused by the engine",
        Outcome::OverBudget => "over budget",
        Outcome::Lost => "lost",
        Outcome::NeverStarted => "never started",
        Outcome::Asked => "with a question",
        Outcome::GivenBack => "gave the work back",
        Outcome::Stopped => "stopped",
    }
}

pub(super) fn closed(what: &Named, closing: &Closing, by: &str) -> String {
    match closing {
        Closing::Merged { sha } => format!("{what} was merged as {}.", short(sha)),
        Closing::Restored { commit } => {
            format!("{what} is done again: {} brought it back.", short(commit))
        }
        Closing::DoneElsewhere => format!("{what} was closed by {by}: it is done elsewhere."),
        Closing::WontDo => format!("{what} was closed by {by}: it will not be done."),
    }
}

pub(super) fn merge_rejected(
    what: &Named,
    fault: MergeFault,
    paths: &[String],
    detail: &str,
) -> String {
    let places = match paths {
        [] => String::new(),
        some => format!(" in {}", listed(some)),
    };

    match fault {
        MergeFault::Conflict => {
            format!("{what} was sent back: it does not merge with upstream{places}.")
        }
        MergeFault::Red => format!(
            "{what} was sent back: its verification failed{}.",
            because(detail)
        ),
        MergeFault::Refused => format!(
            "{what} was sent back: its change of protected paths{places} was refused{}.",
            because(detail)
        ),
    }
}

pub(super) fn review_rejected(what: &Named, findings: u64, first: &str) -> String {
    let all = counted(findings, "finding", "findings");
    let lead = if findings > 1 { "; the first" } else { "" };
    format!(
        "{what} was sent back by its reviewer with {all}{lead}{}.",
        because(first)
    )
}

/// What was wrong with upstream.
pub(super) fn halted(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unreachable => "upstream did not answer",
        Fault::Credential => "upstream did not take the credential",
        Fault::HostKey => "upstream's host showed another key",
        Fault::Missing => "there was no repository at upstream's address",
        Fault::BranchGone => "upstream's branch was gone",
        Fault::Rewritten { .. } => "upstream did not hold any more what it had held",
        Fault::Refused => "upstream turned the push down",
        Fault::Other => "upstream could not be used",
    }
}

pub(super) fn thing(thing: &Thing) -> String {
    match thing {
        Thing::Provider { name } => format!("The provider {name}"),
        Thing::Tool { name } => format!("The tool {name}"),
        Thing::Setup => "The setup command".to_owned(),
        Thing::Engine => "The engine".to_owned(),
    }
}

pub(super) fn model(agent: Option<Dialect>, provider: &str, model: &str) -> String {
    match agent {
        Some(agent) => format!("{model} of {provider}, used by {}", agent.name()),
        None => format!("{model} of {provider}"),
    }
}

pub(super) fn moved(count: u64, to: Option<&Sha>) -> String {
    let to = match to {
        Some(sha) => format!(", to {} in the end", short(sha)),
        None => String::new(),
    };
    format!("Somebody else moved upstream {}{to}.", times(count))
}

/// What waits, as a sentence, and since when.
pub(super) fn waits(need: NeedKind, text: &str, since: Option<Timestamp>) -> String {
    let begins_with_an_id = matches!(
        need,
        NeedKind::Feature | NeedKind::Question | NeedKind::Aside | NeedKind::Undo
    );
    let mut letters = text.chars();
    let first = match letters.next() {
        Some(first) if begins_with_an_id => first.to_string(),
        Some(first) => first.to_uppercase().to_string(),
        None => String::new(),
    };

    let rest = letters.as_str().trim_end();
    let end = if rest.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    let since = match since {
        Some(at) => format!(" It waits since {}.", utc(at)),
        None => String::new(),
    };
    format!("{first}{rest}{end}{since}")
}

pub(super) fn steps(covers: &[u8]) -> String {
    let steps: Vec<String> = covers.iter().map(|step| format!("{step} %")).collect();
    listed(&steps)
}

pub(super) fn started(run: u64, last: Option<Timestamp>, at: Timestamp) -> String {
    match last {
        Some(last) => format!(
            "The server started (run {run}); it was last known to be up {} before.",
            lasted(last, at)
        ),
        None => format!("The server started (run {run})."),
    }
}

pub(super) fn stood_still(gap: Gap) -> String {
    let Gap { before, after } = gap;
    if after < before {
        return format!(
            "The server's clock was set back by {}, at {}.",
            lasted(after, before),
            utc(before)
        );
    }

    format!(
        "The server stood still, or its clock was set ahead, for {} from {}.",
        lasted(before, after),
        utc(before)
    )
}

pub(super) fn more(of: Kind, count: u64) -> String {
    let what = of.name().replace('_', " ");
    format!(
        "{} of the same kind ({what}).",
        counted(count, "more sentence", "more sentences")
    )
}
