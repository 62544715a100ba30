//! A report as a page: what stands where, whatever the form. Nothing in it is escaped for a form
//! yet; what a terminal or an eye would obey is a visible sign already.

use std::str::FromStr;

use events::report::Section;
use serde::Serialize;

use crate::api::{Instant, ProjectReport, ReportSentence, ReportShape, TallyShape};
use crate::terminal::inline;

/// A report.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    /// Its heading.
    pub(super) title: String,
    /// The span, and how much of the log that is.
    pub(super) lead: String,
    /// Its projects, and the server.
    pub(super) parts: Vec<Part>,
}

/// What is told of a project or of the server.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) title: String,
    /// How far it was at both ends; none of the server.
    pub(super) lead: Option<String>,
    pub(super) groups: Vec<Group>,
}

/// The sentences of a section.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) lines: Vec<Line>,
}

/// A sentence, and where it is to be seen.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) command: Option<String>,
    pub(super) cited: Vec<Cited>,
    pub(super) more: u64,
}

/// A position, and the address at which its event is shown.
#[derive(Debug, Serialize)]
pub(super) struct Cited {
    pub(super) position: u64,
    pub(super) link: Option<String>,
}

/// The address of the web interface, without a slash at its end.
#[derive(Debug, Clone)]
pub(super) struct Links(String);

impl FromStr for Links {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // An address of another kind might be run by whoever follows it.
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Err("it begins neither with http:// nor with https://".to_owned());
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !"\"'<>`\\?#".contains(c);
        if !text.chars().all(is_plain) {
            return Err("it holds what no address of a server has".to_owned());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl Links {
    fn of(&self, project: Option<&str>, position: u64) -> String {
        let base = &self.0;
        match project {
            Some(project) => format!("{base}/p/{project}/log?event={position}"),
            None => format!("{base}/log?event={position}"),
        }
    }
}

impl Page {
    pub(super) fn of(report: &ReportShape, links: Option<&Links>) -> Self {
        let mut parts: Vec<Part> = report
            .projects
            .iter()
            .map(|project| Part::of_project(project, links))
            .collect();
        let server = groups(&report.server, None, links);
        if !server.is_empty() {
            let title = match report.projects.is_empty() {
                true => "The log".to_owned(),
                false => "The server".to_owned(),
            };
            parts.push(Part {
                title,
                lead: None,
                groups: server,
            });
        }

        Self {
            title: "What happened".to_owned(),
            lead: lead(report),
            parts,
        }
    }
}

/// The span in words.
fn lead(report: &ReportShape) -> String {
    let since = match &report.since {
        Some(since) => format!("From {since}"),
        None => "From the beginning".to_owned(),
    };
    let events = match (report.events, &report.first, &report.last) {
        (1, Some(only), _) => format!("1 event, position {}", only.position),
        (events, Some(Instant { position, .. }), Some(last)) => {
            format!("{events} events, positions {position} to {}", last.position)
        }
        _ => "no events".to_owned(),
    };
    format!("{since} to {}: {events}.", report.until)
}

impl Part {
    fn of_project(project: &ProjectReport, links: Option<&Links>) -> Self {
        Self {
            title: inline(&project.project),
            lead: progress(project.before, project.after),
            groups: groups(&project.sentences, Some(&project.project), links),
        }
    }
}

/// How many features were closed at both ends.
fn progress(before: Option<TallyShape>, after: Option<TallyShape>) -> Option<String> {
    let closed = |tally: TallyShape| format!("{} of {} features", tally.closed, tally.total);
    Some(match (before, after) {
        (Some(before), Some(after)) => format!(
            "{} were closed at the beginning, {} at the end.",
            closed(before),
            closed(after)
        ),
        (None, Some(after)) => format!("{} were closed at the end.", closed(after)),
        (Some(before), None) => format!("{} were closed at the beginning.", closed(before)),
        (None, None) => return None,
    })
}

fn groups(
    sentences: &[ReportSentence],
    project: Option<&str>,
    links: Option<&Links>,
) -> Vec<Group> {
    let mut groups = Vec::new();
    for section in Section::ALL {
        let own = sentences.iter().filter(|one| one.section == section);
        let lines: Vec<_> = own.map(|one| Line::of(one, project, links)).collect();

        if !lines.is_empty() {
            let title = section.title();
            groups.push(Group { title, lines });
        }
    }
    groups
}

impl Line {
    fn of(sentence: &ReportSentence, project: Option<&str>, links: Option<&Links>) -> Self {
        let cited = |position: &u64| Cited {
            position: *position,
            link: links.map(|links| links.of(project, *position)),
        };
        Self {
            text: inline(&sentence.text),
            command: sentence.command.as_deref().map(inline),
            cited: sentence.positions.iter().map(cited).collect(),
            more: sentence.more,
        }
    }
}
