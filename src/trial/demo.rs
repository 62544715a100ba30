//! The demo project: a spec whose features are small shell scripts with their own checks, and which
//! brings one conflict, one rejection and one crash.

use events::backlog::{Batch, BatchItem};
use events::feature::Content;

use crate::script::{BACKLOG_FENCE, REVIEW_FENCE, SCRIPT_FENCE};

/// Fewest features: the conflict, the rejection and the crash need one each, and one to conflict
/// with.
pub const FEATURES_MIN: u16 = 4;
/// Most features of a demo.
pub const FEATURES_MAX: u16 = 200;

/// What decides whether a candidate may be published: every part checks itself.
pub const VERIFY: &str =
    "for part in parts/*.sh; do [ ! -e \"$part\" ] || sh \"$part\" || exit 1; done";

/// What happens on the way to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twist {
    None,
    /// Its agent works on something outdated at first, and conflicts with the first part.
    Conflict,
    /// Its first review rejects it.
    Rejection,
    /// Its first agent is killed.
    Crash,
}

fn twist(n: u16) -> Twist {
    match n {
        2 => Twist::Conflict,
        3 => Twist::Rejection,
        4 => Twist::Crash,
        _ => Twist::None,
    }
}

/// The script that makes part `n`. The first two parts write the same page.
fn script(n: u16) -> String {
    let part = format!("parts/part-{n:03}.sh");
    let check = format!(
        "write {part} #!/bin/sh\\n# Part {n}: adds up.\\n[ $(({n} + {n})) -eq {} ]",
        n * 2
    );
    let lines = match twist(n) {
        Twist::None if n == 1 => vec![
            check,
            "write NOTES.md # Notes\\n\\nPart 1 began this page.".to_owned(),
            commit(n),
        ],
        Twist::None => vec![check, commit(n)],
        Twist::Conflict => vec![
            "@1 root".to_owned(),
            check,
            "@1 write NOTES.md # Notes\\n\\nPart 2 did not look at part 1.".to_owned(),
            "@2+ append NOTES.md Part 2 goes on with it.".to_owned(),
            commit(n),
        ],
        Twist::Rejection => vec![
            check,
            format!("@2+ append {part} # Usage: sh {part}"),
            commit(n),
        ],
        Twist::Crash => vec![check, "@1 crash".to_owned(), commit(n)],
    };

    format!("{SCRIPT_FENCE}\n{}\nsubmit\n```", lines.join("\n"))
}

fn commit(n: u16) -> String {
    format!("commit Add part {n}")
}

fn review(n: u16) -> String {
    match twist(n) {
        Twist::Rejection => format!(
            "\n\n{REVIEW_FENCE}\n@1 reject The part does not say how it is used: add a usage \
             line.\n```"
        ),
        Twist::None | Twist::Conflict | Twist::Crash => String::new(),
    }
}

fn item(n: u16) -> BatchItem {
    let key = |n: u16| format!("part-{n}");
    let depends_on = match n {
        2 => vec![key(1)],
        n if n > 4 && n % 3 == 0 => vec![key(n - 2)],
        _ => vec![],
    };
    let content = Content {
        description: format!(
            "Add part {n}, which checks itself when it is run.\n\n{}{}",
            script(n),
            review(n)
        ),
        steps: vec![format!(
            "parts/part-{n:03}.sh exists and ends with exit code 0"
        )],
        category: "parts".to_owned(),
        ..Content::titled(&format!("Part {n}"))
    };

    BatchItem {
        key: Some(key(n)),
        depends_on,
        ..BatchItem::of(content)
    }
}

/// The spec of a demo with this many features; a scripted initializer finds the backlog in it.
pub fn spec(features: u16) -> Result<String, serde_json::Error> {
    let batch = Batch {
        prefix: "part".to_owned(),
        items: (1..=features).map(item).collect(),
    };
    let backlog = serde_json::to_string(&batch)?;
    Ok(format!(
        "# A demo\n\nA collection of {features} parts, each a script that checks \
         itself.\n\n{BACKLOG_FENCE}\n{backlog}\n```\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{fenced, parse};

    #[test]
    fn the_spec_holds_a_backlog_that_is_accepted_and_scripts_that_are_read() {
        let text = spec(12).expect("spec");
        let lines = fenced(&text, BACKLOG_FENCE).expect("backlog");
        let batch: Batch = serde_json::from_str(&lines.join("\n")).expect("batch");
        assert_eq!(batch.check(), Ok(()));
        for item in &batch.items {
            let script = fenced(&item.content.description, SCRIPT_FENCE).expect("script");
            for claim in 1..4 {
                parse(&script, claim).expect("every line is known");
            }
        }
    }
}
