//! The test kit of the aggregates: runs every cell of a (state × command) table in `docs/states/`
//! against `decide`.

use std::fmt::Write as _;

use crate::aggregate::{Aggregate, Moment, Refusal as _};
use crate::codec::EventCodec;
use crate::id::{Digest, Timestamp};
use crate::stream::{Position, Version};

/// The state after these events, recorded one second apart.
pub(crate) fn given<A: Aggregate>(events: &[A::Event]) -> A {
    let mut state = A::default();

    for (event, n) in events.iter().zip(1u64..) {
        let at = Timestamp(i64::try_from(n).expect("small") * 1_000_000);
        state.evolve(
            event,
            Moment {
                position: Position(n),
                version: Version(n),
                at,
            },
        );
    }

    state
}

/// What a cell of the table says about this state and command.
pub(crate) fn cell<A: Aggregate>(state: &A, command: &A::Command) -> String {
    match state.decide(command, Timestamp(1_000_000_000)) {
        Ok(events) if events.is_empty() => "–".to_owned(),
        Ok(events) => {
            let verbs: Vec<_> = events
                .iter()
                .map(|e| e.kind().name.split_once('.').expect("noun.verb").1)
                .collect();
            verbs.join(" + ")
        }
        Err(refusal) => format!("✗ {}", refusal.code()),
    }
}

/// Renders the table of all states and commands.
pub(crate) fn render<A: Aggregate>(
    states: &[(&str, A)],
    commands: &[(&str, A::Command)],
) -> String {
    let mut table = format!(
        "| command | {} |\n",
        states
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(" | ")
    );
    table.push_str(&"|---".repeat(states.len() + 1));
    table.push_str("|\n");
    for (name, command) in commands {
        let cells: Vec<_> = states
            .iter()
            .map(|(_, state)| cell(state, command))
            .collect();
        writeln!(table, "| {name} | {} |", cells.join(" | ")).expect("writing to a string");
    }

    table
}

/// Compares the table in `docs/states/<aggregate>.md` with what `decide` does, line by line.
pub(crate) fn assert_documented<A: Aggregate>(
    aggregate: &str,
    states: &[(&str, A)],
    commands: &[(&str, A::Command)],
) {
    let path = format!(
        "{}/../docs/states/{aggregate}.md",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_default();

    if std::env::var_os("STATES").is_some_and(|v| v == "write") {
        write_table(&path, aggregate, &text, &render(states, commands));
        assert_bodies_kept(aggregate, commands);
        return;
    }

    let documented: Vec<_> = text.lines().filter(|l| l.starts_with('|')).collect();
    let actual = render(states, commands);
    let mut differing = String::new();

    for (n, line) in actual.lines().enumerate() {
        if documented.get(n) != Some(&line) {
            writeln!(
                differing,
                "documented: {}\ndecide:     {line}",
                documented.get(n).unwrap_or(&"(nothing)")
            )
            .expect("string");
        }
    }

    assert!(
        differing.is_empty() && documented.len() == actual.lines().count(),
        "{path} differs from decide:\n{differing}\n{actual}"
    );
    assert_bodies_kept(aggregate, commands);
}

/// Writes the table anew under the prose that stands above it; the change is then read as part of
/// the diff.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its own documentation"
)]
fn write_table(path: &str, aggregate: &str, text: &str, table: &str) {
    let mut prose: Vec<_> = text.lines().take_while(|l| !l.starts_with('|')).collect();
    let title = format!("# {aggregate}: state × command\n");
    if prose.is_empty() {
        prose.push(&title);
    }
    std::fs::write(path, format!("{}\n{table}", prose.join("\n")))
        .expect("docs/states is writable");
}

/// Compares the digests of commands with those that were written down once. A command that was
/// accepted is remembered with the digest of its body: were a field or a variant spelled in another
/// way, what is sent again after an upgrade would be refused as another command.
///
/// A new command gets its line with `GOLDEN=write`; a line that exists is never written again.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its own documentation"
)]
fn assert_bodies_kept<C: serde::Serialize>(aggregate: &str, commands: &[(&str, C)]) {
    let path = format!("{}/bodies/{aggregate}.txt", env!("CARGO_MANIFEST_DIR"));
    let mut kept = std::fs::read_to_string(&path).unwrap_or_default();

    for (name, command) in commands {
        let line = format!("{} {name}", Digest::of(&crate::codec::to_named(command)));
        if kept.lines().any(|known| known == line) {
            continue;
        }
        let is_known = kept
            .lines()
            .any(|known| known.split_once(' ').is_some_and(|(_, n)| n == *name));
        let writes = std::env::var_os("GOLDEN").is_some_and(|v| v == "write");
        assert!(
            writes && !is_known,
            "the body of {name} is not what {path} holds: {line}"
        );
        kept.push_str(&line);
        kept.push('\n');
        std::fs::write(&path, &kept).expect("written");
    }
}
