//! The verbs and flags that agents know from Beads (its `docs/CLI_REFERENCE.md`), as far as a
//! session may have any use for them. What has no meaning here is taken and does nothing, so that a
//! habit is no usage error; what would change what others do is refused.

use clap::{Args, Parser, Subcommand};

/// The features of this project, in the words of Beads.
#[derive(Debug, Parser)]
#[command(
    name = "bd",
    about = "The features of this project, in the words of Beads",
    version
)]
pub struct Bd {
    #[command(subcommand)]
    pub(super) verb: Verb,
    #[command(flatten)]
    pub(super) global: Global,
}

/// Flags of every verb.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print ids alone, where a verb makes some
    #[arg(long, short = 'q', global = true, visible_alias = "silent")]
    pub(super) quiet: bool,
    #[arg(long, global = true, hide = true)]
    sandbox: bool,
    #[arg(long, global = true, hide = true)]
    allow_stale: bool,
    #[arg(long, global = true, hide = true)]
    no_daemon: bool,
    #[arg(long, global = true, hide = true)]
    no_db: bool,
    #[arg(long, global = true, hide = true)]
    no_auto_flush: bool,
    #[arg(long, global = true, hide = true)]
    no_auto_import: bool,
    #[arg(long, global = true, hide = true)]
    actor: Option<String>,
    #[arg(long, global = true, hide = true)]
    db: Option<String>,
}

/// The verb that is asked for, with its arguments.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Issues that wait for nothing
    Ready(Filter),
    /// Issues; closed ones with --all
    List(Filter),
    /// Issues that wait for others
    Blocked(Filter),
    /// Issues whose title or text holds these words
    Search {
        words: String,
        #[command(flatten)]
        filter: Filter,
    },
    /// How many issues there are
    Count(Filter),
    /// Issues that nobody changed for long: none here, the fleet takes them in turn
    Stale(Filter),
    /// One issue or several
    #[command(alias = "view")]
    Show {
        ids: Vec<String>,
        /// The issue that this session is about
        #[arg(long)]
        current: bool,
        #[arg(long, hide = true)]
        short: bool,
        #[arg(long, hide = true)]
        long: bool,
    },
    /// Add an issue
    #[command(alias = "new")]
    Create(Box<Create>),
    /// Add an issue and print its id alone
    #[command(name = "q")]
    Quick(Box<Create>),
    /// Begin the issue that this session holds, hand it in, or give it back
    Update(Box<Update>),
    /// Hand in the issue that this session holds: pushes HEAD
    #[command(alias = "done")]
    Close {
        ids: Vec<String>,
        /// Recorded as a comment
        #[arg(long, short = 'r')]
        reason: Option<String>,
        #[arg(long, short = 'f', hide = true)]
        force: bool,
        #[arg(long = "continue", hide = true)]
        go_on: bool,
        #[arg(long, hide = true)]
        suggest_next: bool,
        #[arg(long, hide = true)]
        session: Option<String>,
    },
    /// Only a person opens a closed issue again
    Reopen {
        ids: Vec<String>,
        #[arg(long, short = 'r')]
        reason: Option<String>,
    },
    /// What an issue waits for
    Dep {
        #[command(subcommand)]
        verb: DepVerb,
    },
    /// Labels of an issue
    Label {
        #[command(subcommand)]
        verb: LabelVerb,
    },
    /// What was said about an issue: `bd comments ID`, `bd comments add ID TEXT`
    Comments {
        words: Vec<String>,
        #[arg(long, short = 'a', hide = true)]
        author: Option<String>,
    },
    /// Say something about the issue that this session is about
    Comment {
        id: String,
        text: String,
        #[arg(long, short = 'a', hide = true)]
        author: Option<String>,
    },
    /// Headings and what is done of them
    Epic {
        #[command(subcommand)]
        verb: EpicVerb,
    },
    /// Counts
    #[command(alias = "status")]
    Stats,
    /// How to work here
    #[command(aliases = ["onboard", "quickstart", "human"])]
    Prime,
    /// Where the issues are
    #[command(aliases = ["where", "doctor", "ping"])]
    Info,
    /// Nothing to do: everything is recorded when it is said
    #[command(aliases = ["flush", "export", "import", "init", "hooks", "hook", "daemon", "daemons", "dolt", "vc", "migrate", "setup"])]
    Sync {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Everything else
    #[command(external_subcommand)]
    Other(Vec<String>),
}

/// Which issues, and how many.
#[derive(Debug, Default, Args)]
pub(super) struct Filter {
    /// open, in_progress, blocked or closed
    #[arg(long, short = 's', value_delimiter = ',')]
    pub(super) status: Vec<String>,
    /// Closed ones as well
    #[arg(long)]
    pub(super) all: bool,
    /// At most so many; 0 for no limit
    #[arg(long, short = 'n')]
    pub(super) limit: Option<usize>,
    /// 0 to 4, or P0 to P4
    #[arg(long, short = 'p', value_parser = priority)]
    pub(super) priority: Option<u8>,
    #[arg(long, value_parser = priority)]
    pub(super) priority_min: Option<u8>,
    #[arg(long, value_parser = priority)]
    pub(super) priority_max: Option<u8>,
    /// bug, feature, task or epic
    #[arg(long = "type", short = 't')]
    pub(super) kind: Option<String>,
    /// All of these labels
    #[arg(long, short = 'l', value_delimiter = ',')]
    pub(super) label: Vec<String>,
    /// One of these labels
    #[arg(long, value_delimiter = ',')]
    pub(super) label_any: Vec<String>,
    /// Who works on it
    #[arg(long, short = 'a')]
    pub(super) assignee: Option<String>,
    /// Nobody works on it
    #[arg(long, short = 'u', visible_alias = "unassigned")]
    pub(super) no_assignee: bool,
    /// These issues
    #[arg(long, value_delimiter = ',')]
    pub(super) id: Vec<String>,
    /// The title holds these words
    #[arg(long, visible_alias = "title-contains")]
    pub(super) title: Option<String>,
    /// The text holds these words
    #[arg(long)]
    pub(super) desc_contains: Option<String>,
    #[arg(long, hide = true)]
    sort: Option<String>,
    #[arg(long, hide = true)]
    parent: Option<String>,
    #[arg(long, hide = true)]
    days: Option<u32>,
    #[arg(long, hide = true)]
    long: bool,
    #[arg(long, hide = true)]
    pretty: bool,
    #[arg(long, hide = true)]
    ready: bool,
    #[arg(long, hide = true)]
    no_pager: bool,
}

/// An issue to be.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its title
    pub(super) words: Option<String>,
    #[arg(long)]
    pub(super) title: Option<String>,
    #[arg(long, short = 'd', visible_aliases = ["body", "message"])]
    pub(super) description: Option<String>,
    /// A file with the description, - for standard input
    #[arg(long)]
    pub(super) body_file: Option<std::path::PathBuf>,
    /// The description comes on standard input
    #[arg(long)]
    pub(super) stdin: bool,
    #[arg(long)]
    pub(super) design: Option<String>,
    #[arg(long)]
    pub(super) acceptance: Option<String>,
    #[arg(long)]
    pub(super) notes: Option<String>,
    /// 0 (first) to 4, or P0 to P4
    #[arg(long, short = 'p', value_parser = priority)]
    pub(super) priority: Option<u8>,
    /// bug, feature, task, epic or chore
    #[arg(long = "type", short = 't', default_value = "task")]
    pub(super) kind: String,
    #[arg(long, short = 'l', visible_alias = "label", value_delimiter = ',')]
    pub(super) labels: Vec<String>,
    /// What it waits for, and what it comes from: `ID`, `blocks:ID`, `discovered-from:ID`
    #[arg(long, value_delimiter = ',')]
    pub(super) deps: Vec<String>,
    /// The heading that it belongs to
    #[arg(long)]
    pub(super) parent: Option<String>,
    #[arg(long)]
    pub(super) external_ref: Option<String>,
    /// A file with many issues
    #[arg(long, short = 'f')]
    pub(super) file: Option<std::path::PathBuf>,
    #[arg(long, short = 'a', hide = true)]
    assignee: Option<String>,
    #[arg(long, short = 'e', hide = true)]
    estimate: Option<u32>,
    #[arg(long, hide = true)]
    id: Option<String>,
    #[arg(long, hide = true)]
    spec_id: Option<String>,
    #[arg(long, hide = true)]
    force: bool,
}

/// A change of an issue.
#[derive(Debug, Args)]
pub(super) struct Update {
    pub(super) ids: Vec<String>,
    /// in_progress, closed to hand it in, or open to give it back
    #[arg(long, short = 's')]
    pub(super) status: Option<String>,
    /// As --status in_progress
    #[arg(long)]
    pub(super) claim: bool,
    /// Recorded as a comment
    #[arg(long, visible_alias = "append-notes")]
    pub(super) notes: Option<String>,
    /// Recorded as a comment
    #[arg(long)]
    pub(super) design: Option<String>,
    /// Recorded as a comment
    #[arg(long)]
    pub(super) acceptance: Option<String>,
    #[arg(long)]
    pub(super) title: Option<String>,
    #[arg(long, short = 'd', visible_alias = "body")]
    pub(super) description: Option<String>,
    #[arg(long, short = 'p')]
    pub(super) priority: Option<String>,
    #[arg(long = "type", short = 't')]
    pub(super) kind: Option<String>,
    #[arg(long)]
    pub(super) parent: Option<String>,
    #[arg(long)]
    pub(super) add_label: Vec<String>,
    #[arg(long)]
    pub(super) remove_label: Vec<String>,
    #[arg(long)]
    pub(super) set_labels: Vec<String>,
    #[arg(long, short = 'a', hide = true)]
    assignee: Option<String>,
    #[arg(long, short = 'e', hide = true)]
    estimate: Option<u32>,
    #[arg(long, hide = true)]
    external_ref: Option<String>,
    #[arg(long, hide = true)]
    spec_id: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DepVerb {
    /// What it waits for
    #[command(aliases = ["tree", "show"])]
    List {
        id: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        words: Vec<String>,
    },
    /// Circles: there are none, because no circle is let in
    Cycles,
    /// Only at its creation: bd create --deps
    #[command(aliases = ["remove", "rm", "relate"])]
    Add {
        id: String,
        on: String,
        #[arg(long = "type", short = 't', hide = true)]
        kind: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum LabelVerb {
    /// Labels of an issue
    List { id: String },
    /// Labels of all issues
    ListAll,
    /// Only at its creation: bd create --labels
    #[command(aliases = ["remove", "propagate"])]
    Add { words: Vec<String> },
}

#[derive(Debug, Subcommand)]
pub(super) enum EpicVerb {
    /// Headings that are open
    Status {
        #[arg(long, hide = true)]
        eligible_only: bool,
    },
    /// Only a person closes headings
    CloseEligible,
}

fn priority(text: &str) -> Result<u8, String> {
    let digits = text.trim_start_matches(['P', 'p']);
    digits
        .parse()
        .ok()
        .filter(|p| *p <= 4)
        .ok_or_else(|| format!("\"{text}\": use 0 to 4 or P0 to P4"))
}
