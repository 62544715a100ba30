//! Steps of a feature are the numbered lines at the end of an issue's description. What is split is
//! joined to the same bytes.

/// A description with its steps below it.
pub fn joined(description: &str, steps: &[String]) -> String {
    let lines: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| format!("{}. {step}", at + 1))
        .collect();
    match (description.is_empty(), lines.is_empty()) {
        (_, true) => description.to_owned(),
        (true, false) => lines.join("\n"),
        (false, false) => format!("{description}\n\n{}", lines.join("\n")),
    }
}

/// A description without the numbered lines at its end, and those; nothing is split where joining
/// would not give the same again.
pub(super) fn split(text: &str) -> (String, Vec<String>) {
    let whole = || (text.to_owned(), vec![]);
    let (description, list) = match text.rsplit_once("\n\n") {
        Some((description, list)) if !description.is_empty() => (description, list),
        _ => ("", text),
    };
    let numbered = list.lines().enumerate().map(|(at, line)| {
        line.strip_prefix(&format!("{}. ", at + 1))
            .map(str::to_owned)
    });
    let Some(steps) = numbered
        .collect::<Option<Vec<String>>>()
        .filter(|steps| !steps.is_empty())
    else {
        return whole();
    };

    if joined(description, &steps) == text {
        (description.to_owned(), steps)
    } else {
        whole()
    }
}
