//! The programs that a project's work needs where its containers are: what `project start` looks
//! for, because a missing one would fail at every feature, one after the other.

use std::collections::BTreeSet;

use crate::settings::Settings;

/// What a program is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Command lines of any kind.
    Shell,
    /// An agent of any role.
    Agent,
    /// The setup command.
    Setup,
    /// The verification command.
    Verification,
}

impl Need {
    /// The thing whose program it is, for people.
    pub fn whose(self) -> &'static str {
        match self {
            Self::Shell => "the shell",
            Self::Agent => "the agent's program",
            Self::Setup => "the setup command's program",
            Self::Verification => "the verification command's program",
        }
    }
}

impl Settings {
    /// The programs that have to be there before anything of the project's own has run. What the
    /// verification command begins with may come from the setup, where there is one.
    pub fn programs(&self) -> BTreeSet<(Need, &str)> {
        let agents = self.all_agents().filter_map(|agent| agent.program());
        let mut needed: BTreeSet<_> = agents.map(|program| (Need::Agent, program)).collect();

        let command = match (&self.setup, &self.verify) {
            (Some(setup), _) => Some((Need::Setup, setup)),
            (None, Some(verify)) => Some((Need::Verification, verify)),
            (None, None) => None,
        };
        if let Some((need, line)) = command {
            needed.extend(first(line).map(|program| (need, program)));
        }
        // Where nothing else can be told, a shell is what every command line needs.
        if needed.is_empty() {
            needed.insert((Need::Shell, "sh"));
        }
        needed
    }
}

/// Programs that every container of ours brings.
const BROUGHT: [&str; 2] = ["supercargo", "bd"];

/// Words that only a shell carries out; what is a program as well (`test`, `true`, `echo`) is one.
const OF_THE_SHELL: [&str; 19] = [
    "break", "case", "cd", "command", "continue", "eval", "exec", "exit", "export", "for", "if",
    "read", "set", "shift", "trap", "umask", "unset", "until", "while",
];

/// The program that has to be there for a command line; none where it lies in the project's own
/// tree, is ours, or can be told by a shell only.
pub(crate) fn first(line: &str) -> Option<&str> {
    let program = leading(line)?;
    let in_tree = program.contains('/') && !program.starts_with(['/', '~']);
    (!in_tree && !BROUGHT.contains(&program)).then_some(program)
}

/// The program that a command line begins with, behind its assignments; none where the shell itself
/// does what comes first, or only it can tell.
pub(crate) fn leading(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let word = words.find(|word| !is_assignment(word))?;
    let is_function = words.next().is_some_and(|next| next.starts_with('('));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+~/".contains(c);
    let is_plain = !is_function && !word.starts_with('-') && word.chars().all(plain);
    (is_plain && !OF_THE_SHELL.contains(&word)).then_some(word)
}

/// Whether a word of a command line sets a variable, as far as it needs no quotes.
fn is_assignment(word: &str) -> bool {
    let quoted = |c: char| "'\"`$\\".contains(c);
    word.contains('=') && !word.chars().any(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{AgentSpec, Dialect};

    #[test]
    fn the_first_program_of_a_line_is_what_has_to_be_there() {
        let table = [
            ("my-agent -p", Some("my-agent")),
            ("true", Some("true")),
            ("~/bin/my-agent", Some("~/bin/my-agent")),
            ("/opt/agent --quiet", Some("/opt/agent")),
            ("LANG=C TERM=dumb my-agent", Some("my-agent")),
            ("\ncase $SUPERCARGO_ROLE in", None),
            ("set -e\nmy-agent -p", None),
            ("A='b c' my-agent", None),
            ("./agent.sh", None),
            ("tools/agent", None),
            ("work() { true; }; work", None),
            ("work () { true; }; work", None),
            ("$AGENT -p", None),
            ("[ -f x ] && my-agent", None),
            ("# what it does\nmy-agent", None),
            ("supercargo agent submit", None),
            ("A=b", None),
        ];

        for (line, expected) in table {
            assert_eq!(first(line), expected, "{line}");
        }
    }

    #[test]
    fn a_project_needs_its_agents_and_what_runs_first() {
        let agent = AgentSpec {
            command: Some("my-agent -p".to_owned()),
            ..AgentSpec::of(Dialect::Command)
        };
        let mut settings = Settings {
            agent,
            verify: Some("make test".to_owned()),
            ..Settings::default()
        };
        settings.agents.reviewer = Some(AgentSpec::of(Dialect::Claude));
        let agents = [(Need::Agent, "claude"), (Need::Agent, "my-agent")];

        let verified = [&agents[..], &[(Need::Verification, "make")]].concat();
        assert_eq!(settings.programs(), verified.into_iter().collect());

        settings.setup = Some("npm ci".to_owned());
        let set_up = [&agents[..], &[(Need::Setup, "npm")]].concat();
        assert_eq!(settings.programs(), set_up.into_iter().collect());

        settings.agent = AgentSpec::of(Dialect::Script);
        settings.agents.reviewer = None;
        settings.setup = None;
        settings.verify = Some("./check".to_owned());
        let shell = BTreeSet::from([(Need::Shell, "sh")]);
        assert_eq!(settings.programs(), shell);
    }
}
