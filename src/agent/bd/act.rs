//! What a session does with `bd`: it adds issues, comments on its own, hands it in or gives it
//! back.

use actors::sessions::wire::Say;
use events::feature::Content;
use serde_json::{Map, Value, json};

use super::args::{Create, Update};
use super::session::{Done, Session, failed};
use super::shown;
use crate::beads::import::imported;

/// Kinds of dependency that do not hold an issue up.
const BESIDE: [&str; 6] = [
    "discovered-from",
    "related",
    "relates-to",
    "parent-child",
    "tracks",
    "parent",
];

/// Dependencies as they are named: what the issue waits for, and what it has to do with beside
/// that.
pub(super) fn sorted(deps: &[String]) -> (Vec<String>, Vec<String>) {
    let mut waits = Vec::new();
    let mut beside = Vec::new();
    for dep in deps {
        match dep.split_once(':') {
            Some((kind, id)) if BESIDE.contains(&kind) => beside.push(format!("{kind} {id}")),
            Some((_, id)) => waits.push(id.to_owned()),
            None => waits.push(dep.clone()),
        }
    }
    (waits, beside)
}

/// The description of an issue to be, from whichever place it comes.
fn described(new: &Create) -> Result<String, (u8, String)> {
    let from_stdin = new.stdin
        || new
            .body_file
            .as_deref()
            .is_some_and(|f| f.as_os_str() == "-");
    if from_stdin {
        return std::io::read_to_string(std::io::stdin()).map_err(failed);
    }

    match &new.body_file {
        Some(file) => {
            fs_err::read_to_string(file).map_err(|e| failed(format!("{}: {e}", file.display())))
        }
        None => Ok(new.description.clone().unwrap_or_default()),
    }
}

/// The content of an issue to be, read as a line of Beads is.
pub(super) fn content(
    new: &Create,
    title: &str,
    description: String,
    beside: &[String],
) -> Content {
    let mut fields = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        fields.extend(value.map(|value| (key.to_owned(), value)));
    };
    set("id", Some("new".into()));
    set("title", Some(title.into()));
    set("description", Some(description.into()));
    set("issue_type", Some(new.kind.clone().into()));
    set("labels", Some(new.labels.clone().into()));
    set("priority", Some(new.priority.unwrap_or(2).into()));
    set("design", new.design.clone().map(Value::from));
    set(
        "acceptance_criteria",
        new.acceptance.clone().map(Value::from),
    );

    let reference = new.external_ref.as_ref().map(|r| format!("See {r}."));
    let parent = new.parent.as_ref().map(|p| format!("Part of {p}."));
    let beside = beside.iter().map(|dep| format!("{dep}."));
    let said = new.notes.clone().into_iter();
    let notes: Vec<String> = said.chain(reference).chain(parent).chain(beside).collect();
    if !notes.is_empty() {
        set("notes", Some(notes.join("\n").into()));
    }
    imported(&fields).item.content
}

impl Session {
    pub(super) async fn create(&self, new: Create, id_alone: bool) -> Done {
        if let Some(file) = &new.file {
            return Err(failed(format!(
                "{}: issues are created one by one here, `bd create TITLE -d TEXT`",
                file.display()
            )));
        }
        let title = new.title.clone().or_else(|| new.words.clone());
        let title = title.ok_or_else(|| failed("an issue needs a title: `bd create TITLE`"))?;
        let (depends_on, beside) = sorted(&new.deps);
        let content = content(&new, &title, described(&new)?, &beside);

        let created = Say::Create {
            content,
            depends_on,
        };
        let said = self.slot.say(&created).await.map_err(failed)?;
        let id = said
            .ids
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        Ok(match (self.json, id_alone) {
            (true, _) => json!({"id": id, "title": title, "status": "open"}).to_string(),
            (false, true) => id,
            (false, false) => format!("Created {id}: {title}"),
        })
    }

    pub(super) async fn update(&self, change: Update) -> Done {
        let forbidden = [
            ("--title", change.title.is_some()),
            ("--description", change.description.is_some()),
            ("--priority", change.priority.is_some()),
            ("--type", change.kind.is_some()),
            ("--parent", change.parent.is_some()),
            ("--add-label", !change.add_label.is_empty()),
            ("--remove-label", !change.remove_label.is_empty()),
            ("--set-labels", !change.set_labels.is_empty()),
        ];
        if let Some((flag, _)) = forbidden.iter().find(|(_, given)| *given) {
            return Err(failed(format!(
                "{flag}: what an issue asks for is changed by people; say what should change with \
                 `bd comment`"
            )));
        }

        let [id] = &change.ids[..] else {
            return Err(failed(
                "one issue at a time: the one that this session is about",
            ));
        };
        self.is_own(id)?;
        for (name, text) in [
            ("Design", &change.design),
            ("Acceptance criteria", &change.acceptance),
        ] {
            if let Some(text) = text {
                self.comment(id, format!("{name}: {text}")).await?;
            }
        }
        self.turn(id, &change).await
    }

    /// Carries out a change of status, with the notes that come with it.
    async fn turn(&self, id: &str, change: &Update) -> Done {
        let notes = change.notes.clone();
        let status = match (change.status.as_deref(), change.claim) {
            (None, true) => Some("in_progress"),
            (status, _) => status,
        };

        match status {
            Some("open" | "blocked" | "deferred") => {
                let reason = notes.unwrap_or_else(|| "given back with bd update".to_owned());
                let said = self
                    .slot
                    .say(&Say::Release { reason })
                    .await
                    .map_err(failed)?;
                Ok(format!(
                    "{id} is given back, recorded at position {}",
                    said.position
                ))
            }
            Some("closed") => self.close(&change.ids, notes).await,
            Some("in_progress") | None => {
                if let Some(text) = notes {
                    self.comment(id, text).await?;
                }
                let feature = self.one(id).await?;
                Ok(if self.json {
                    shown::list(&[feature], true)
                } else {
                    shown::line(&feature)
                })
            }
            Some(other) => Err(failed(format!(
                "there is no status {other} here: in_progress, closed to hand it in, or open to \
                 give it back"
            ))),
        }
    }

    pub(super) async fn close(&self, ids: &[String], reason: Option<String>) -> Done {
        let [id] = ids else {
            return Err(failed(format!(
                "one issue at a time: the one that this session is about, {}",
                self.own
            )));
        };
        self.is_own(id)?;
        if let Some(text) = reason.filter(|text| !text.trim().is_empty()) {
            self.comment(id, text).await?;
        }

        self.slot.is_committed().await.map_err(failed)?;
        let said = self.slot.submit().await.map_err(failed)?;
        Ok(format!(
            "{id} is handed in, recorded at position {}; it is closed when it is reviewed and \
             merged",
            said.position
        ))
    }

    /// `ID` lists what was said, `list ID` as well, `add ID TEXT` says something.
    pub(super) async fn comments(&self, words: &[String]) -> Done {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();

        match words[..] {
            ["add", id, ref text @ ..] if !text.is_empty() => {
                self.comment(id, text.join(" ")).await
            }
            ["list", id] | [id] => {
                let feature = self.one(id).await?;
                Ok(if self.json {
                    json!(feature.notes).to_string()
                } else {
                    feature.notes.join("\n")
                })
            }
            _ => Err(failed("`bd comments ID`, or `bd comments add ID TEXT`")),
        }
    }

    pub(super) async fn comment(&self, id: &str, text: String) -> Done {
        self.is_own(id)?;
        let said = self
            .slot
            .say(&Say::Comment { text })
            .await
            .map_err(failed)?;
        Ok(format!("recorded at position {}", said.position))
    }
}
