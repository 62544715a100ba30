//! The whole screen as a function of what is known: a line about where it stands, the timeline,
//! the panes, and a line for what is typed or told. On a wide terminal every pane is there; on a
//! narrow one the pane that keys go to.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::debugger::Debugger;
use super::keys::{HINTS, KEYS};
use super::pane::{PANES, Pane};
use super::{fit, panes, timeline};
use crate::replay::Look;
use crate::terminal::columns::{cells, columns, padded};

/// The least that there is room in.
const LEAST: (u16, u16) = (40, 12);
/// A terminal in which every pane finds room.
const WIDE: (u16, u16) = (120, 34);
/// Lines of the timeline in a narrow one, of twelve.
const TIMELINE_SHARE: u16 = 5;

/// Lines of what is watched beside another pane.
const STRIP_MAX: usize = 3;

/// How far each pane can be scrolled.
pub(super) type Extents = [usize; PANES.len()];

/// Draws everything, and answers how far the panes can be scrolled.
pub(super) fn draw(frame: &mut Frame<'_>, debugger: &Debugger, look: Option<&Look>) -> Extents {
    let whole = frame.area();
    let mut extents = [0; PANES.len()];
    if whole.width < LEAST.0 || whole.height < LEAST.1 {
        let words = format!("at least {}×{} is needed", LEAST.0, LEAST.1);
        let line = fit::one(&Line::from(words), whole.width.into());
        frame.render_widget(line, whole);
        return extents;
    }

    let parts = [
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    let [top, middle, bottom] = Layout::vertical(parts).areas(whole);
    frame.render_widget(title(debugger, look, top.width.into()), top);
    match look {
        _ if debugger.shows_help => help(frame, middle),
        None => frame.render_widget(Line::from("reading the log …"), middle),
        Some(look) => extents = body(frame, middle, debugger, look),
    }
    foot(frame, bottom, debugger);
    extents
}

/// The line about where it stands.
fn title(debugger: &Debugger, look: Option<&Look>, width: usize) -> Line<'static> {
    let event = look.map(|look| look.event.as_ref());
    let at = event.flatten().map(|event| event.at.clone());
    let at = at.unwrap_or_else(|| "before the first event".to_owned());
    let runs = match debugger.is_playing {
        true => format!("▶ {}/s", debugger.speed()),
        false => format!("‖ {}/s", debugger.speed()),
    };

    let left = format!(" replay · {}", debugger.interest.subject);
    let right = format!(
        "{} of {} · {at} · {runs} ",
        debugger.position, debugger.head
    );
    let gap = width
        .saturating_sub(columns(&left) + columns(&right))
        .max(1);
    let line = Line::from(format!("{left}{}{right}", " ".repeat(gap)));
    fit::one(&line, width).style(Style::new().reversed())
}

fn body(frame: &mut Frame<'_>, area: Rect, debugger: &Debugger, look: &Look) -> Extents {
    if area.width < WIDE.0 || area.height + 2 < WIDE.1 {
        return narrow(frame, area, debugger, look);
    }

    let shares = [Constraint::Fill(2), Constraint::Fill(5)];
    let [events, below] = Layout::vertical(shares).areas(area);
    let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2);
    let [left, right] = halves.areas(below);
    let [payload, story] = Layout::vertical([Constraint::Fill(1); 2]).areas(left);
    let shares = [
        Constraint::Fill(4),
        Constraint::Fill(2),
        Constraint::Fill(3),
    ];
    let [state, watched, refused] = Layout::vertical(shares).areas(right);

    of_time(frame, events, look);
    let places = [payload, story, state, watched, refused];
    let mut extents = [0; PANES.len()];
    for (pane, place) in PANES.into_iter().zip(places) {
        extents[pane.place()] = of_pane(frame, place, (pane, debugger), look);
    }
    extents
}

/// The timeline, the pane that keys go to, and the first lines of what is watched.
fn narrow(frame: &mut Frame<'_>, area: Rect, debugger: &Debugger, look: &Look) -> Extents {
    let watched = match debugger.pane {
        Pane::Watched => vec![],
        _ => panes::watched(debugger, look),
    };
    let strip = u16::try_from(watched.len().min(STRIP_MAX)).unwrap_or(0);
    let shares = [
        Constraint::Length(area.height * TIMELINE_SHARE / 12),
        Constraint::Min(0),
        Constraint::Length(strip),
    ];
    let [events, below, watches] = Layout::vertical(shares).areas(area);
    of_time(frame, events, look);
    lines_of(frame, watches, &watched);

    let mut tabs = vec![Span::raw("─")];
    for pane in PANES {
        tabs.push(Span::styled(
            format!(" {} ", pane.title()),
            title_style(pane, debugger),
        ));
        tabs.push(Span::raw("─"));
    }
    let mut extents = [0; PANES.len()];
    let pane = debugger.pane;
    let block = Block::new()
        .borders(Borders::TOP)
        .title_top(Line::from(tabs));
    let lines = panes::lines(pane, debugger, look);
    extents[pane.place()] = fill(frame, below, block, (lines, (pane, debugger)));
    extents
}

fn title_style(pane: Pane, debugger: &Debugger) -> Style {
    match pane == debugger.pane {
        true => Style::new().bold().reversed(),
        false => Style::new(),
    }
}

fn of_time(frame: &mut Frame<'_>, area: Rect, look: &Look) {
    lines_of(frame, area, &timeline::lines(look, area.height.into()));
}

/// Lines that are cut where they are too long.
fn lines_of(frame: &mut Frame<'_>, area: Rect, lines: &[Line<'_>]) {
    let lines = lines.iter();
    let lines: Vec<Line<'static>> = lines
        .map(|line| fit::one(line, area.width.into()))
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn of_pane(
    frame: &mut Frame<'_>,
    area: Rect,
    (pane, debugger): (Pane, &Debugger),
    look: &Look,
) -> usize {
    let title = Span::styled(format!(" {} ", pane.title()), title_style(pane, debugger));
    let block = Block::new()
        .borders(Borders::TOP)
        .title_top(Line::from(vec![Span::raw("─"), title]));
    let lines = panes::lines(pane, debugger, look);
    fill(frame, area, block, (lines, (pane, debugger)))
}

/// Fills a pane from where it is scrolled to, and answers how far it can be.
fn fill(
    frame: &mut Frame<'_>,
    area: Rect,
    block: Block<'_>,
    (lines, (pane, debugger)): (Vec<Line<'static>>, (Pane, &Debugger)),
) -> usize {
    let inner = block.inner(area);
    let fitted = lines.iter();
    let fitted = fitted.flat_map(|line| fit::several(line, inner.width.into()));
    let fitted: Vec<Line<'static>> = fitted.collect();
    let most = fitted.len().saturating_sub(inner.height.into());

    let scrolled = debugger.scroll_of(pane, most);
    let block = match most > scrolled {
        true => block.title_top(Line::from(" ↓ ").right_aligned()),
        false => block,
    };
    let shown: Vec<Line<'static>> = fitted.into_iter().skip(scrolled).collect();
    frame.render_widget(Paragraph::new(shown).block(block), area);
    most
}

/// The line for what is typed or told.
fn foot(frame: &mut Frame<'_>, area: Rect, debugger: &Debugger) {
    let width = usize::from(area.width);
    let (note, input) = (&debugger.note, &debugger.input);

    let line = match (input, note, debugger.errand()) {
        (_, Some(note), _) if note.is_fault => {
            let first = note.text.lines().next().unwrap_or_default().to_owned();
            Line::from(Span::styled(first, Style::new().fg(Color::Red).bold()))
        }
        (Some(input), _, _) => {
            let words = format!("{}: ", input.asks.words());
            // The end of a long text is where it goes on.
            let room = width.saturating_sub(columns(&words) + 1);
            let text = tail(&cells(&input.text), room);
            let end = columns(&words) + columns(&text);
            let column = area.x + u16::try_from(end).unwrap_or(0);
            frame.set_cursor_position((column, area.y));
            Line::from(vec![
                Span::styled(words, Style::new().bold()),
                Span::raw(text),
            ])
        }
        (None, _, Some(errand)) => Line::from(format!("looking for {errand}; Esc ends it")),
        (None, Some(note), None) => {
            Line::from(Span::styled(note.text.clone(), Style::new().bold()))
        }
        (None, None, None) => hints(width),
    };
    frame.render_widget(fit::one(&line, width), area);
}

/// The end of a text, as far as there is room.
fn tail(cells: &str, room: usize) -> String {
    let mut start = cells.len();
    for (at, _) in cells.char_indices().rev() {
        if columns(&cells[at..]) > room {
            break;
        }
        start = at;
    }
    cells[start..].to_owned()
}

/// As many keys as find room.
fn hints(width: usize) -> Line<'static> {
    let mut spans = vec![];
    let mut left = width;
    for (key, what) in HINTS {
        let wide = columns(key) + columns(what) + 3;
        if wide > left {
            break;
        }
        left -= wide;
        spans.push(Span::styled(*key, Style::new().bold()));
        spans.push(Span::styled(format!(" {what}  "), Style::new().dim()));
    }
    Line::from(spans)
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let keys = KEYS.iter().map(|(keys, what)| {
        let keys = padded(keys, 11);
        Line::from(vec![
            Span::styled(format!("  {keys} "), Style::new().bold()),
            Span::raw(*what),
        ])
    });
    lines_of(frame, area, &keys.collect::<Vec<_>>());
}
