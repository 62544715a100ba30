//! What agents are taught to type is understood: every line here stands in Beads' own reference or
//! in the texts that it gives to agents.

use clap::Parser;
use rstest::rstest;

use super::act::{content, sorted};
use super::args::{Bd, Verb};

fn parsed(line: &str) -> Bd {
    Bd::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"))
}

#[rstest]
#[case("bd ready --json")]
#[case("bd --json ready")]
#[case("bd ready -n 5 --priority 1 --type bug --label a,b --assignee me --sort priority")]
#[case("bd ready --unassigned --limit 20")]
#[case("bd list --status=open --json")]
#[case("bd list --status open,in_progress --priority-min 0 --priority-max 1")]
#[case("bd list --label-any frontend,backend --no-assignee --all")]
#[case("bd list --title auth --desc-contains implement --id bd-1,bd-2 --long")]
#[case("bd blocked --json")]
#[case("bd stale --days 30 --json")]
#[case("bd search login --status open")]
#[case("bd count --status open")]
#[case("bd show bd-1 bd-2 --json")]
#[case("bd show --current")]
#[case("bd create Title -t bug -p 1 -d Text --json")]
#[case("bd create Title --description=Text --design=D --acceptance=A --notes=N -l bug,critical")]
#[case("bd create Title --label x --deps discovered-from:bd-1,blocks:bd-2 --parent bd-3")]
#[case("bd create Title --body-file=- --external-ref gh-1 --assignee me --estimate 60")]
#[case("bd create --title Title --stdin --id w-1 --spec-id s.md")]
#[case("bd q Title")]
#[case("bd update bd-1 --claim --json")]
#[case("bd update bd-1 --status in_progress --assignee me --json")]
#[case("bd update bd-1 --status=closed --notes done")]
#[case("bd update bd-1 --append-notes more --acceptance x --design y")]
#[case("bd close bd-1 --reason Done --json")]
#[case("bd close bd-1 bd-2 -r Done --force --continue --suggest-next")]
#[case("bd reopen bd-1 --reason x")]
#[case("bd dep add bd-1 bd-2 --type discovered-from")]
#[case("bd dep list bd-1")]
#[case("bd dep tree bd-1 --max-depth 3")]
#[case("bd dep cycles")]
#[case("bd label add bd-1 urgent")]
#[case("bd label list bd-1 --json")]
#[case("bd label list-all")]
#[case("bd comments bd-1 --json")]
#[case("bd comments add bd-1 text")]
#[case("bd comment bd-1 text")]
#[case("bd epic status --eligible-only")]
#[case("bd stats --json")]
#[case("bd status")]
#[case("bd prime")]
#[case("bd onboard")]
#[case("bd info --json")]
#[case("bd where")]
#[case("bd doctor")]
#[case("bd sync")]
#[case("bd sync --flush-only")]
#[case("bd sync --status")]
#[case("bd export -o x.jsonl")]
#[case("bd import -i x.jsonl --dry-run")]
#[case("bd daemon start")]
#[case("bd hooks install")]
#[case("bd dolt push")]
#[case("bd --sandbox --allow-stale --no-daemon --actor me --db x.db list")]
fn lines_that_agents_are_taught_are_understood(#[case] line: &str) {
    assert!(!matches!(parsed(line).verb, Verb::Other(_)), "{line}");
}

#[test]
fn a_verb_that_is_not_spoken_is_a_refusal_and_no_usage_error() {
    assert!(
        matches!(parsed("bd delete bd-1 --force").verb, Verb::Other(words) if words[0] == "delete")
    );
}

#[test]
fn only_what_blocks_is_waited_for() {
    let deps = ["a-1", "blocks:a-2", "discovered-from:a-3", "waits-for:a-4"].map(str::to_owned);
    let (waits, beside) = sorted(&deps);
    assert_eq!(waits, ["a-1", "a-2", "a-4"]);
    assert_eq!(beside, ["discovered-from a-3"]);
}

#[test]
fn a_created_issue_holds_everything_that_was_said() {
    let line = "bd create T --description=text --design=draw --acceptance=green --notes=n --parent \
                e-1 --external-ref gh-9";
    let Verb::Create(new) = parsed(line).verb else {
        panic!("create")
    };

    let beside = ["discovered-from a-3".to_owned()];
    let made = content(&new, "T", "text".to_owned(), &beside);

    for text in [
        "text",
        "draw",
        "green",
        "n\n",
        "Part of e-1",
        "See gh-9",
        "discovered-from a-3",
    ] {
        assert!(
            made.description.contains(text),
            "{text}: {}",
            made.description
        );
    }
}
