//! A report as Markdown. What others wrote is text: nothing in it becomes a heading, a link, a tag
//! or anything else that a reader of Markdown would make of it.

use super::page::{Line, Page};

/// Signs that Markdown, or an extension of it, would obey wherever they stand.
const OBEYED: &str = "\\`*_{}[]<>()#!|~&^$:@";

pub(super) fn text(page: &Page) -> String {
    let mut lines = vec![
        format!("# {}", page.title),
        String::new(),
        escaped(&page.lead),
    ];

    for part in &page.parts {
        lines.extend([String::new(), format!("## {}", escaped(&part.title))]);
        if let Some(lead) = &part.lead {
            lines.extend([String::new(), escaped(lead)]);
        }
        for group in &part.groups {
            lines.extend([String::new(), format!("### {}", group.title), String::new()]);
            lines.extend(group.lines.iter().map(item));
        }
    }
    lines.join("\n")
}

fn item(line: &Line) -> String {
    let cited = line.cited.iter().map(|one| match &one.link {
        Some(link) => format!("[{}](<{link}>)", one.position),
        None => one.position.to_string(),
    });
    let cited = cited.collect::<Vec<_>>().join(", ");
    let more = match line.more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };

    let command = match &line.command {
        Some(command) => format!(" → {}", code(command)),
        None => String::new(),
    };
    format!("- {}{command} ({cited}{more})", escaped(&line.text))
}

/// A command as it is typed, between as many marks as it does not hold.
fn code(command: &str) -> String {
    let longest = command.split(|c| c != '`').map(str::len).max();
    let marks = "`".repeat(longest.unwrap_or(0) + 1);
    format!("{marks} {command} {marks}")
}

/// A text in which Markdown finds nothing to obey.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        let begins_a_list = at == 0 && matches!(c, '-' | '+' | '=');
        let numbers_it = matches!(c, '.' | ')') && is_number(&text[..at]);
        let names_a_host = c == '.' && text[..at].to_lowercase().ends_with("www");

        let hides = c == '\t' || (c == ' ' && (at == 0 || after.is_empty()));
        if OBEYED.contains(c) || begins_a_list || numbers_it || names_a_host {
            shown.push('\\');
        }
        shown.push(if hides { '·' } else { c });
    }
    shown
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
