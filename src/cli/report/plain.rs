//! A report as plain text.

use super::page::{Line, Page, Part};

pub(super) fn text(page: &Page) -> String {
    let mut lines = vec![page.lead.clone()];
    for part in &page.parts {
        lines.push(String::new());
        tell(part, &mut lines);
    }
    lines.join("\n")
}

fn tell(part: &Part, lines: &mut Vec<String>) {
    match &part.lead {
        Some(lead) => lines.push(format!("{}: {lead}", part.title)),
        None => lines.push(part.title.clone()),
    }

    for group in &part.groups {
        lines.push(format!("  {}", group.title));
        for line in &group.lines {
            lines.push(format!("    {}  ({})", line.text, cited(line)));
            lines.extend(
                line.command
                    .iter()
                    .map(|command| format!("      {command}")),
            );
        }
    }
}

/// The positions of a sentence, and the number of those that are not named.
fn cited(line: &Line) -> String {
    let positions: Vec<String> = line
        .cited
        .iter()
        .map(|one| one.position.to_string())
        .collect();
    let positions = positions.join(", ");
    match line.more {
        0 => positions,
        more => format!("{positions} and {more} more"),
    }
}
