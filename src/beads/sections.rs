//! The texts that Beads keeps beside a description: a feature has one text for all of it, so they
//! follow the description under headings, and go back to their fields when it is written.

use super::{Issue, text};

/// A field of an issue, and the heading its text has in a description.
const SECTIONS: [(&str, &str); 3] = [
    ("design", "\n\n## Design\n\n"),
    ("acceptance_criteria", "\n\n## Acceptance criteria\n\n"),
    ("notes", "\n\n## Notes\n\n"),
];

/// The texts beside the description as they follow it; empty where there are none.
fn appendix(issue: &Issue) -> String {
    let mut appendix = String::new();
    for (field, heading) in SECTIONS {
        let section = text(issue, field);
        if !section.trim().is_empty() {
            appendix.push_str(heading);
            appendix.push_str(section);
        }
    }
    appendix
}

/// A description with the texts beside it.
pub(super) fn joined(description: &str, issue: &Issue) -> String {
    format!("{description}{}", appendix(issue))
}

/// Writes a text that was changed here back into an issue: what still ends in the texts that the
/// issue has beside its description changed the description alone; otherwise each heading that is
/// still there gives its field, and a field whose heading is gone goes. Answers the description.
pub(super) fn split(changed: &str, issue: &mut Issue) -> String {
    if let Some(description) = changed.strip_suffix(&*appendix(issue)) {
        return description.to_owned();
    }

    let mut rest = changed;
    for (field, heading) in SECTIONS.iter().rev() {
        if !issue.contains_key(*field) {
            continue;
        }
        match rest.rsplit_once(heading) {
            Some((before, section)) => {
                issue.insert((*field).to_owned(), section.into());
                rest = before;
            }
            None => drop(issue.remove(*field)),
        }
    }
    rest.to_owned()
}
