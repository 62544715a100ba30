//! The lines of each pane, from what there is to see.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use serde_json::Value;

use super::debugger::Debugger;
use super::pane::Pane;
use super::tree::{self, Places};
use crate::api::{Edit, EventShape, ProspectShape};
use crate::replay::{Alternative, Changed, Condition, EventLine, Interest, Look, Story, Watched};

/// Steps of a story that are further in, each.
const DEEP_MAX: usize = 10;
/// Longest value in a line, in characters; the state below has it whole.
const VALUE_SHOWN: usize = 100;

/// The lines of a pane.
pub(super) fn lines(pane: Pane, debugger: &Debugger, look: &Look) -> Vec<Line<'static>> {
    match pane {
        Pane::Event => look.event.as_ref().map(event).unwrap_or_else(beginning),
        Pane::Story => look
            .event
            .as_ref()
            .map_or_else(beginning, |event| story(event, look)),
        Pane::State => look.changed.as_ref().map(state).unwrap_or_else(beginning),
        Pane::Watched => watched_to_choose(debugger, look),
        Pane::Refused => refused(&look.alternatives),
    }
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn quiet(text: impl Into<String>) -> Line<'static> {
    Line::from(Span::styled(text.into(), dim()))
}

fn beginning() -> Vec<Line<'static>> {
    vec![quiet("nothing has happened yet")]
}

/// The payload, and what is stored beside it.
fn event(event: &EventShape) -> Vec<Line<'static>> {
    let field = |name: &'static str, value: String| {
        Line::from(vec![
            Span::styled(format!("{name} "), dim()),
            Span::raw(value),
        ])
    };
    let mut lines = vec![
        Line::from(vec![
            Span::styled(event.kind.clone(), Style::new().bold()),
            Span::raw(format!("  {} version {}", event.stream, event.version)),
        ]),
        field("by", event.principal.clone()),
        field("at", event.at.clone()),
    ];

    lines.extend(tree::lines(&event.data, &Places::new()));
    lines
}

/// The causes above the event, the consequences below it.
fn story(event: &EventShape, look: &Look) -> Vec<Line<'static>> {
    let Story {
        causes,
        consequences,
        through,
    } = &look.story;
    let here = look.around.iter().find(|one| one.position == look.position);

    let mut lines = vec![Line::from(vec![
        Span::styled("by ", dim()),
        Span::raw(event.principal.clone()),
        Span::styled("  story ", dim()),
        Span::raw(event.correlation.clone()),
    ])];
    // Causes are one behind the other; what came of an event may branch.
    lines.extend(causes.iter().map(|cause| step(cause, 0, Style::new())));
    lines.extend(here.map(|here| step(here, 0, Style::new().reversed())));
    let after = consequences.iter();
    lines.extend(after.map(|one| step(&one.event, one.depth, Style::new())));

    lines.push(match (consequences.is_empty(), through) {
        (true, Some(through)) => quiet(format!("nothing came of it up to {through}")),
        (false, Some(through)) => quiet(format!("looked at up to {through}")),
        (_, None) => quiet("… and more"),
    });
    lines
}

fn step(event: &EventLine, depth: usize, style: Style) -> Line<'static> {
    let indent = "  ".repeat(depth.min(DEEP_MAX));
    let sign = if depth == 0 { "" } else { "└ " };
    Line::from(vec![
        Span::styled(format!("{indent}{sign}{} ", event.position), style),
        Span::styled(event.kind.clone(), style.bold()),
        Span::styled(format!("  {}", event.stream), style),
    ])
}

/// The edits first, then the state with their places marked.
fn state(changed: &Changed) -> Vec<Line<'static>> {
    let name = Span::styled(changed.stream.to_string(), Style::new().bold());
    let mut lines = vec![Line::from(name)];
    if changed.edits.is_empty() {
        lines.push(quiet("the event changed nothing of its state"));
    }
    // A stream that was not there is new as a whole: its state below is enough.
    let edits = changed.edits.iter().filter(|(place, _)| !place.is_root());
    lines.extend(edits.map(|(place, change)| edit(place.as_str(), change)));
    lines.push(Line::default());

    let kept = |change: &Edit| !matches!(change, Edit::Removed { .. });
    let places = changed.edits.iter().filter(|(_, change)| kept(change));
    let places: Places = places.map(|(place, _)| place.clone()).collect();
    lines.extend(tree::lines(&changed.state, &places));
    lines
}

fn edit(place: &str, edit: &Edit) -> Line<'static> {
    let (sign, words, style) = match edit {
        Edit::Added { is } => ("+", value(is), Style::new().fg(Color::Green)),
        Edit::Removed { was } => ("-", value(was), Style::new().fg(Color::Red)),
        Edit::Changed { was, is } => {
            let words = format!("{} → {}", value(was), value(is));
            ("~", words, tree::changed())
        }
    };
    Line::from(vec![
        Span::styled(format!("{sign} {place} "), style),
        Span::raw(words),
    ])
}

fn value(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_SHOWN) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Break conditions, then what is watched; the chosen one can be removed.
fn watched_to_choose(debugger: &Debugger, look: &Look) -> Vec<Line<'static>> {
    let mut lines = watched(debugger, look);
    if lines.is_empty() {
        return vec![
            quiet("w watches an expression: project.closed"),
            quiet("b adds a break: project.needs.size() > 0"),
        ];
    }

    for (n, line) in lines.iter_mut().enumerate() {
        let is_chosen = debugger.pane == Pane::Watched && debugger.chosen == n;
        let sign = if is_chosen { "› " } else { "  " };
        line.spans.insert(0, Span::raw(sign));
    }
    lines
}

/// The same in lines alone; those of expressions that were removed meanwhile are gone.
pub(super) fn watched(debugger: &Debugger, look: &Look) -> Vec<Line<'static>> {
    let Interest {
        breaks, watches, ..
    } = &debugger.interest;
    let is_break = |one: &&Condition| breaks.iter().any(|known| known.text() == one.text);
    let is_watch = |one: &&Watched| watches.iter().any(|known| known.text() == one.text);
    let conditions = look.conditions.iter().filter(is_break).map(condition);
    let values = look.watched.iter().filter(is_watch).map(watch);
    conditions.chain(values).collect()
}

fn condition(condition: &Condition) -> Line<'static> {
    let (sign, words, style) = match (&condition.holds, condition.is_new) {
        (Ok(true), true) => ("● ", "holds from here on".to_owned(), tree::changed()),
        (Ok(true), false) => ("● ", "holds".to_owned(), Style::new()),
        (Ok(false), _) => ("○ ", "does not hold".to_owned(), dim()),
        (Err(why), _) => ("○ ", why.clone(), dim()),
    };
    Line::from(vec![
        Span::styled(format!("{sign}{}", condition.text), style),
        Span::styled("  ", style),
        Span::styled(words, style),
    ])
}

fn watch(watched: &Watched) -> Line<'static> {
    let told = |side: &Result<Value, String>| match side {
        Ok(found) => value(found),
        Err(why) => format!("({why})"),
    };
    let is_other = watched.is_other();
    let style = if is_other {
        tree::changed()
    } else {
        Style::new()
    };
    let was = match is_other {
        true => format!("  was {}", told(&watched.was)),
        false => String::new(),
    };

    let sign = if is_other { "~" } else { " " };
    Line::from(vec![
        Span::raw(format!("{sign} {} = ", watched.text)),
        Span::styled(told(&watched.is), style),
        Span::styled(was, dim()),
    ])
}

/// Deeds that would have been refused first, then those that miss something, then the others.
fn refused(alternatives: &[Alternative]) -> Vec<Line<'static>> {
    if alternatives.is_empty() {
        return vec![quiet("there is nothing to wish for here")];
    }
    let mut sorted: Vec<&Alternative> = alternatives.iter().collect();
    sorted.sort_by_key(|one| rank(one.answer.prospect));

    let mut lines = vec![quiet("right before this event:")];
    for Alternative { deed, answer } in sorted {
        let (sign, style) = match rank(answer.prospect) {
            0 => ("✗", Style::new().fg(Color::Red)),
            1 => ("~", Style::new()),
            _ => ("✓", Style::new().fg(Color::Green)),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("{sign} {deed}  "), style.bold()),
            Span::raw(answer.text.clone()),
        ]));
        let because = answer.because.iter().filter(|_| rank(answer.prospect) < 2);
        lines.extend(because.map(|one| quiet(format!("    {}", one.text))));
    }
    lines
}

fn rank(prospect: ProspectShape) -> u8 {
    match prospect {
        ProspectShape::Refused => 0,
        ProspectShape::Missing => 1,
        ProspectShape::Accepted | ProspectShape::Owed | ProspectShape::Begun => 2,
    }
}

#[cfg(test)]
mod tests;
