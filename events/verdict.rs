//! What reviewers and overseers hand in, and what makes it acceptable: a judgement that names what
//! it rests on.

use serde::{Deserialize, Serialize};

use crate::bounds::cut;

/// Longest text of one finding or command, in bytes.
pub const TEXT_MAX: usize = 4096;
/// Most bytes of all texts of a verdict together: it is one event.
pub const VERDICT_MAX: usize = 48 * 1024;
/// Most findings, commands or checks in one document.
pub const ITEMS_MAX: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// File, when it is about one.
    #[serde(default)]
    pub path: Option<String>,
    /// Line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// What is wrong and what would be right.
    pub why: String,
}

impl std::fmt::Display for Finding {
    /// Place first, as compilers say it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => write!(f, "{path}:{line}: {}", self.why),
            (Some(path), None) => write!(f, "{path}: {}", self.why),
            (None, _) => f.write_str(&self.why),
        }
    }
}

impl Finding {
    /// Bytes of its texts.
    fn size(&self) -> usize {
        self.why.len() + self.path.as_ref().map_or(0, String::len)
    }

    fn has_long_path(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.len() > TEXT_MAX)
    }
}

/// A command that was run and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ran {
    /// The command line.
    pub command: String,
    /// Its exit code.
    pub exit: i32,
}

/// Pass or reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// The verdict that it is good to merge.
    Pass,
    /// Back to a coder.
    Reject,
}

/// A reviewer's verdict on one submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Pass or reject.
    pub judgement: Judgement,
    /// What is wrong; a rejection needs at least one.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What was run; a pass needs at least one.
    #[serde(default)]
    pub ran: Vec<Ran>,
}

/// One requirement that an overseer looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// What the spec asks for.
    pub requirement: String,
    /// Why the overseer believes that it holds, or does not.
    pub evidence: String,
}

/// An overseer's report. Each finding becomes a feature of the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What was looked at; at least one.
    pub checked: Vec<Checked>,
    /// What is missing or wrong.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Why a verdict or report is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfounded {
    /// A pass without anything run.
    #[error("a pass must list in \"ran\" what was run to reach it")]
    PassWithoutChecks,
    /// A pass although something that was run failed.
    #[error("a pass cannot rest on a command that failed: {0}")]
    PassOnFailure(String),
    /// A rejection without a reason.
    #[error("a rejection must list in \"findings\" what is wrong, the next coder reads it")]
    RejectWithoutFinding,
    /// A report without anything checked.
    #[error("a report must list in \"checked\" what was looked at, with its evidence")]
    ReportWithoutChecks,
    /// A bound is broken.
    #[error("{0} has more than {1} entries or an entry above {2} bytes, or an empty one")]
    Bounds(&'static str, usize, usize),
    /// Each bound holds, and together they do not.
    #[error(
        "the verdict has {0} bytes of text, at most {VERDICT_MAX} are taken: say the same in fewer \
         words"
    )]
    Large(usize),
    /// A path is too long.
    #[error("a finding has a path above {TEXT_MAX} bytes")]
    Path,
}

fn texts_fit<'a>(
    what: &'static str,
    count: usize,
    mut texts: impl Iterator<Item = &'a str>,
) -> Result<(), Unfounded> {
    let fits = count <= ITEMS_MAX && texts.all(|t| !t.trim().is_empty() && t.len() <= TEXT_MAX);
    if fits {
        Ok(())
    } else {
        Err(Unfounded::Bounds(what, ITEMS_MAX, TEXT_MAX))
    }
}

impl Verdict {
    /// Whether the verdict rests on something.
    pub fn check(&self) -> Result<(), Unfounded> {
        self.fits()?;
        texts_fit(
            "findings",
            self.findings.len(),
            self.findings.iter().map(|f| f.why.as_str()),
        )?;
        texts_fit(
            "ran",
            self.ran.len(),
            self.ran.iter().map(|r| r.command.as_str()),
        )?;

        match self.judgement {
            Judgement::Pass if self.ran.is_empty() => Err(Unfounded::PassWithoutChecks),
            Judgement::Pass => match self.ran.iter().find(|r| r.exit != 0) {
                Some(failed) => Err(Unfounded::PassOnFailure(failed.command.clone())),
                None => Ok(()),
            },
            Judgement::Reject if self.findings.is_empty() => Err(Unfounded::RejectWithoutFinding),
            Judgement::Reject => Ok(()),
        }
    }
}

impl Verdict {
    fn fits(&self) -> Result<(), Unfounded> {
        let findings = self.findings.iter().map(Finding::size);
        let ran = self.ran.iter().map(|ran| ran.command.len());
        let size = findings.chain(ran).sum();

        if self.findings.iter().any(Finding::has_long_path) {
            return Err(Unfounded::Path);
        }
        if size > VERDICT_MAX {
            return Err(Unfounded::Large(size));
        }
        Ok(())
    }

    /// Cuts it to the bounds that `check` holds.
    pub fn cut(&mut self) {
        self.findings.truncate(ITEMS_MAX);
        self.ran.truncate(ITEMS_MAX);
        for finding in &mut self.findings {
            finding.path.iter_mut().for_each(|path| cut(path, TEXT_MAX));
            cut(&mut finding.why, TEXT_MAX);
        }
        for ran in &mut self.ran {
            cut(&mut ran.command, TEXT_MAX);
        }

        let mut left = VERDICT_MAX;
        let mut fits = |size: usize| {
            let enough = size <= left;
            left = left.saturating_sub(size);
            enough
        };
        self.findings.retain(|finding| fits(finding.size()));
        self.ran.retain(|ran| fits(ran.command.len()));
    }
}

impl Report {
    /// Whether the report rests on something.
    pub fn check(&self) -> Result<(), Unfounded> {
        if self.checked.is_empty() {
            return Err(Unfounded::ReportWithoutChecks);
        }

        texts_fit(
            "checked",
            self.checked.len(),
            self.checked
                .iter()
                .flat_map(|c| [c.requirement.as_str(), c.evidence.as_str()]),
        )?;
        texts_fit(
            "findings",
            self.findings.len(),
            self.findings.iter().map(|f| f.why.as_str()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(judgement: Judgement, findings: &[&str], ran: &[(&str, i32)]) -> Verdict {
        Verdict {
            judgement,
            findings: findings
                .iter()
                .map(|w| Finding {
                    path: None,
                    line: None,
                    why: (*w).into(),
                })
                .collect(),
            ran: ran
                .iter()
                .map(|(c, exit)| Ran {
                    command: (*c).into(),
                    exit: *exit,
                })
                .collect(),
        }
    }

    #[test]
    fn a_judgement_names_what_it_rests_on() {
        use Judgement::{Pass, Reject};
        assert_eq!(verdict(Pass, &[], &[("make test", 0)]).check(), Ok(()));
        assert_eq!(
            verdict(Pass, &[], &[]).check(),
            Err(Unfounded::PassWithoutChecks)
        );
        assert_eq!(
            verdict(Pass, &[], &[("make", 0), ("make test", 2)]).check(),
            Err(Unfounded::PassOnFailure("make test".into()))
        );
        assert_eq!(verdict(Reject, &["no usage line"], &[]).check(), Ok(()));

        assert_eq!(
            verdict(Reject, &[], &[("x", 1)]).check(),
            Err(Unfounded::RejectWithoutFinding)
        );
        assert!(verdict(Reject, &["  "], &[]).check().is_err());
        assert!(verdict(Reject, &["x"; ITEMS_MAX + 1], &[]).check().is_err());
    }

    #[test]
    fn a_report_names_what_it_checked() {
        let checked = vec![Checked {
            requirement: "parts".into(),
            evidence: "ran them".into(),
        }];
        assert_eq!(
            Report {
                checked,
                findings: vec![]
            }
            .check(),
            Ok(())
        );

        assert_eq!(
            Report {
                checked: vec![],
                findings: vec![]
            }
            .check(),
            Err(Unfounded::ReportWithoutChecks)
        );
    }

    #[test]
    fn texts_are_held_to_their_bounds_one_by_one() {
        use Judgement::{Pass, Reject};
        let long = "x".repeat(TEXT_MAX);
        let longer = format!("{long}x");
        let with_path = |path: &str| {
            let mut verdict = verdict(Reject, &["w"], &[]);
            verdict.findings[0].path = Some(path.to_owned());
            verdict
        };
        let (many, more) = (["w"; ITEMS_MAX], ["w"; ITEMS_MAX + 1]);
        let (runs, more_runs) = ([("r", 0); ITEMS_MAX], [("r", 0); ITEMS_MAX + 1]);

        for (what, verdict, right) in [
            ("a long finding", verdict(Reject, &[&long], &[]), true),
            ("a longer one", verdict(Reject, &[&longer], &[]), false),
            ("many", verdict(Reject, &many, &[]), true),
            ("one more", verdict(Reject, &more, &[]), false),
            ("a long command", verdict(Pass, &[], &[(&long, 0)]), true),
            (
                "a longer command",
                verdict(Pass, &[], &[(&longer, 0)]),
                false,
            ),
            (
                "an empty command",
                verdict(Pass, &[], &[("make", 0), (" ", 0)]),
                false,
            ),
            ("many commands", verdict(Pass, &[], &runs), true),
            ("one command more", verdict(Pass, &[], &more_runs), false),
            ("a long path", with_path(&long), true),
            ("a longer path", with_path(&longer), false),
        ] {
            assert_eq!(verdict.check().is_ok(), right, "{what}");
        }
    }

    /// Twelve texts of the longest kind are as much as a verdict takes.
    #[test]
    fn a_verdict_is_as_large_as_its_bound_and_is_cut_to_it() {
        let long = "x".repeat(TEXT_MAX);
        let findings = vec![long.as_str(); VERDICT_MAX / TEXT_MAX];
        let full = verdict(Judgement::Reject, &findings, &[]);
        assert_eq!(full.check(), Ok(()));
        let over = verdict(Judgement::Reject, &findings, &[("r", 1)]);
        assert_eq!(over.check(), Err(Unfounded::Large(VERDICT_MAX + 1)));

        for (what, mut verdict, findings, ran) in [
            ("what fits", full, 12, 0),
            ("a command too many", over, 12, 0),
            (
                "too many of each",
                self::verdict(Judgement::Reject, &["w"; 101], &[("r", 1); 101]),
                ITEMS_MAX,
                ITEMS_MAX,
            ),
        ] {
            verdict.cut();
            let kept = (verdict.findings.len(), verdict.ran.len());
            assert_eq!(kept, (findings, ran), "{what}");
            assert_eq!(verdict.check(), Ok(()), "{what}");
        }

        let longer = format!("{long}x");
        let mut verdict = verdict(Judgement::Reject, &[&longer], &[(&longer, 1)]);
        verdict.findings[0].path = Some(longer.clone());
        verdict.cut();
        let finding = &verdict.findings[0];
        let path = finding.path.as_deref().expect("its path");
        for text in [path, &finding.why, &verdict.ran[0].command] {
            assert!(text.len() <= TEXT_MAX && text.ends_with("(cut, 4097 bytes in all)"));
        }
    }

    #[test]
    fn a_report_is_held_to_the_same_bounds() {
        let checked = |requirement: &str, evidence: &str| Checked {
            requirement: requirement.into(),
            evidence: evidence.into(),
        };
        let finding = |why: &str| Finding {
            path: None,
            line: None,
            why: why.into(),
        };
        let ok = || checked("parts", "ran them");
        let report = |checked: Vec<Checked>, findings: Vec<Finding>| Report { checked, findings };

        for (what, report, right) in [
            (
                "as it should be",
                report(vec![ok()], vec![finding("w")]),
                true,
            ),
            (
                "no requirement",
                report(vec![ok(), checked("", "e")], vec![]),
                false,
            ),
            (
                "no evidence",
                report(vec![checked("r", " ")], vec![]),
                false,
            ),
            ("many", report(vec![ok(); ITEMS_MAX], vec![]), true),
            ("one more", report(vec![ok(); ITEMS_MAX + 1], vec![]), false),
            (
                "a finding without words",
                report(vec![ok()], vec![finding("")]),
                false,
            ),
        ] {
            assert_eq!(report.check().is_ok(), right, "{what}");
        }
    }

    #[test]
    fn a_finding_says_its_place_first() {
        let finding = |path: Option<&str>, line| Finding {
            path: path.map(str::to_owned),
            line,
            why: "no test".into(),
        };
        for (finding, wanted) in [
            (finding(Some("src/a"), Some(9)), "src/a:9: no test"),
            (finding(Some("src/a"), None), "src/a: no test"),
            (finding(None, Some(9)), "no test"),
        ] {
            assert_eq!(finding.to_string(), wanted);
        }
    }
}
