//! How the lines of a script are written, and under which claim each applies.

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "path and text are what they say")]
pub enum Line {
    /// Replace a file.
    Write { path: String, text: String },
    /// Add to a file.
    Append { path: String, text: String },
    /// Commit everything.
    Commit(String),
    /// Push and hand in.
    Submit,
    /// Say something about the feature.
    Comment(String),
    /// Wait.
    Sleep(u64),
    /// Go back to the first commit.
    Root,
    /// Ask a person.
    Ask(String),
    /// Give the work back.
    Release(String),
    /// End with this code.
    Exit(i32),
    /// Kill itself.
    Crash,
    /// Never end.
    Hang,
    /// Print this many KiB.
    Flood(usize),
    /// Ignore SIGTERM.
    Deaf,
    /// Print.
    Say(String),
    /// Judge: reject.
    Reject(String),
    /// Judge: run a command; its failure is a rejection.
    Run(String),
    /// Judge: pass.
    Pass,
}

/// The fence that opens a script for a role's agent.
pub const SCRIPT_FENCE: &str = "```supercargo-script";

/// The fence that opens a review script.
pub const REVIEW_FENCE: &str = "```supercargo-review";

/// The fence that opens the backlog a scripted initializer hands in.
pub const BACKLOG_FENCE: &str = "```supercargo-backlog";

/// The lines between a fence and its end, if the text has one.
pub fn fenced<'a>(text: &'a str, fence: &str) -> Option<Vec<&'a str>> {
    let mut lines = text.lines().skip_while(|line| line.trim() != fence);
    lines.next()?;
    Some(lines.take_while(|line| line.trim() != "```").collect())
}

/// The script of a claim: the lines that apply under its number.
pub fn parse(lines: &[&str], claim: u64) -> Result<Vec<Line>, String> {
    let mut script = Vec::new();

    for (line, number) in lines.iter().zip(1..) {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| format!("script line {number} \"{text}\": {why}");
        let (applies, rest) =
            condition(text, claim).ok_or_else(|| wrong("@N or @N+ needs a number"))?;
        let parsed = one(rest).ok_or_else(|| wrong("not a known line, or its text is missing"))?;
        if applies {
            script.push(parsed);
        }
    }

    Ok(script)
}

fn condition(text: &str, claim: u64) -> Option<(bool, &str)> {
    let Some(rest) = text.strip_prefix('@') else {
        return Some((true, text));
    };
    let (when, rest) = rest.split_once(' ')?;
    match when.strip_suffix('+') {
        Some(from) => Some((claim >= from.parse().ok()?, rest.trim_start())),
        None => Some((claim == when.parse::<u64>().ok()?, rest.trim_start())),
    }
}

fn one(text: &str) -> Option<Line> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    let said = || (!rest.is_empty()).then(|| rest.replace("\\n", "\n"));
    let file = || {
        let (path, text) = rest.split_once(' ')?;
        let safe =
            !path.starts_with('/') && path.split('/').all(|part| part != ".." && !part.is_empty());
        safe.then(|| (path.to_owned(), text.replace("\\n", "\n")))
    };

    Some(match word {
        "write" => file().map(|(path, text)| Line::Write { path, text })?,
        "append" => file().map(|(path, text)| Line::Append { path, text })?,
        "commit" => Line::Commit(said()?),
        "submit" => Line::Submit,
        "comment" => Line::Comment(said()?),
        "sleep" => Line::Sleep(rest.parse().ok()?),
        "root" => Line::Root,
        "ask" => Line::Ask(said()?),
        "release" => Line::Release(said()?),
        "exit" => Line::Exit(rest.parse().ok()?),
        "crash" => Line::Crash,
        "hang" => Line::Hang,
        "flood" => Line::Flood(rest.parse().ok()?),
        "deaf" => Line::Deaf,
        "say" => Line::Say(said()?),
        "reject" => Line::Reject(said()?),
        "run" => Line::Run(said()?),
        "pass" => Line::Pass,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_for_its_claim() {
        let text = "words\n```supercargo-script\nwrite a/b one\\ntwo\n@1 crash\n@2+ submit\n\n# \
                    note\n```\nmore";
        let lines = fenced(text, SCRIPT_FENCE).expect("a script");
        let write = Line::Write {
            path: "a/b".into(),
            text: "one\ntwo".into(),
        };
        assert_eq!(parse(&lines, 1), Ok(vec![write.clone(), Line::Crash]));
        assert_eq!(parse(&lines, 3), Ok(vec![write, Line::Submit]));
        assert_eq!(fenced("no script", SCRIPT_FENCE), None);
    }

    #[test]
    fn wrong_lines_are_named() {
        for wrong in [
            "write ../x y",
            "write /etc/x y",
            "write a",
            "commit",
            "sleep x",
            "dance",
            "@x submit",
        ] {
            assert!(
                parse(&[wrong], 1).is_err_and(|why| why.contains(wrong)),
                "{wrong}"
            );
        }
    }
}
