//! What people are told to type is what the command line takes.

use clap::Parser;
use events::id::SlotNo;
use events::view::Remedy;

/// What a person is told to type is a command that there is.
#[test]
fn every_remedy_can_be_typed() {
    let feature: events::id::FeatureId = "feat-a".parse().expect("id");
    let seen = "0".repeat(40).parse().expect("sha");
    let remedies = [
        Remedy::Start,
        Remedy::Stop,
        Remedy::Retry,
        Remedy::Initialize,
        Remedy::ResumeQueue,
        Remedy::SetTarget,
        Remedy::Close {
            feature: feature.clone(),
        },
        Remedy::SetVerification,
        Remedy::AcceptUpstream { seen },
        Remedy::FollowBranch,
        Remedy::SetCredential,
        Remedy::ForgetHostKeys,
        Remedy::Approve { entry: 3 },
        Remedy::Undo {
            feature: feature.clone(),
        },
        Remedy::Requeue {
            feature: feature.clone(),
        },
        Remedy::Answer {
            feature: feature.clone(),
        },
        Remedy::Withdraw { feature },
        Remedy::Reinstate { slot: SlotNo(2) },
    ];
    let project = "zoo".parse().expect("name");

    for remedy in remedies {
        let typed = remedy.command(&project).expect("a command");
        let parsed = super::Cli::try_parse_from(typed.split(' '));
        assert!(parsed.is_ok(), "{typed}: {:?}", parsed.err());
    }

    assert_eq!(Remedy::Mend.command(&project), None);
}

/// A verb of `docs/states/ways.md`, with its options.
fn is_typed(verb: &str) -> bool {
    let mut command = <super::Cli as clap::CommandFactory>::command();

    for word in verb.split(' ') {
        if let Some(option) = word.strip_prefix("--") {
            return command
                .get_arguments()
                .any(|arg| arg.get_long() == Some(option));
        }
        let Some(found) = command.find_subcommand(word).cloned() else {
            return false;
        };
        command = found;
    }

    true
}

/// The ways out of every state that the documentation names are commands that there are.
#[test]
fn every_way_out_can_be_typed() {
    let ways = include_str!("../../docs/states/ways.md");
    let lines = ways.lines().filter(|line| line.starts_with("| "));
    let cells = lines.filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next());
    let verbs: Vec<_> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();

    assert!(verbs.len() > 100, "the table was not read: {verbs:?}");
    for verb in verbs {
        assert!(is_typed(verb), "{verb} is no command");
    }
}

/// The words that a shell makes of a line, as `supercargo` gets them.
fn words(line: &str) -> Vec<String> {
    let asks = format!("supercargo() {{ printf '%s\\0' \"$@\"; }}; {line}");
    let mut shell = std::process::Command::new("bash");
    let output = shell.args(["-c", &asks]).output().expect("a shell");
    let said = String::from_utf8(output.stdout).expect("text");
    let words = said.split_terminator('\0').map(str::to_owned);
    std::iter::once("supercargo".to_owned())
        .chain(words)
        .collect()
}

/// A command as README indents it, or as a page shows it after a prompt and without what only a
/// shell that has typed the lines before it understands: `tests/it/manual.rs` types those.
fn plain_command(line: &str) -> Option<&str> {
    let shell = ['|', '$', ';', '>', '&'];
    let prompted = line.strip_prefix("$ ").filter(|line| {
        let answers = line.contains("--help") || line.contains("--version");
        line.starts_with("supercargo ") && !line.contains(shell) && !answers
    });
    line.strip_prefix("    ").or(prompted)
}

/// What README and the manual print is what the command line takes.
#[test]
fn every_command_of_the_manual_can_be_typed() {
    let folder = fs_err::read_dir("docs/manual").expect("the manual");
    let pages = folder.map(|page| page.expect("a page").path());
    let mut typed = 0;

    for page in pages.chain(["README.md".into()]) {
        let text = fs_err::read_to_string(&page).expect("a page");
        let printed = text.lines().filter_map(plain_command);
        for line in printed.filter(|line| line.contains("supercargo ")) {
            let sha = "0123456789".repeat(4);
            let line = line.replace("--claim N", "--claim 1").replace("SHA", &sha);
            let words = words(&line);
            let parsed = super::Cli::try_parse_from(&words);
            assert!(parsed.is_ok(), "{line}: {words:?}: {:?}", parsed.err());
            typed += 1;
        }
    }

    assert!(typed > 20, "the manual was not read: {typed}");
}
