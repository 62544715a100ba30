//! What a session reads with `bd`: issues, what they wait for, their labels, and their number.

use serde_json::{Value, json};

use super::args::{DepVerb, EpicVerb, Filter, LabelVerb};
use super::session::{Done, Session, failed};
use super::shown;
use crate::api::FeatureShape;

impl Session {
    pub(super) async fn found(
        &self,
        filter: &Filter,
        usual: usize,
        wanted: impl Fn(&FeatureShape) -> bool,
    ) -> Done {
        let mut all = self.all().await?;
        all.retain(|feature| wanted(feature) && filter.names(feature, false));
        let found = filter.limited(all, usual);
        Ok(shown::list(&found, self.json))
    }

    pub(super) async fn count(&self, filter: &Filter) -> Done {
        let all = self.all().await?;
        let count = all.iter().filter(|f| filter.names(f, true)).count();
        Ok(if self.json {
            json!({"count": count}).to_string()
        } else {
            count.to_string()
        })
    }

    pub(super) async fn show(&self, mut ids: Vec<String>, current: bool) -> Done {
        if current && !self.own.is_empty() {
            ids.push(self.own.clone());
        }
        if ids.is_empty() {
            return Err(failed("which issue? `bd show ID`, or `bd show --current`"));
        }

        let mut features = Vec::new();
        for id in &ids {
            features.push(self.one(id).await?);
        }
        if self.json {
            return Ok(shown::list(&features, true));
        }
        let texts: Vec<String> = features.iter().map(shown::whole).collect();
        Ok(texts.join("\n\n"))
    }

    pub(super) async fn dep(&self, verb: DepVerb) -> Done {
        match verb {
            DepVerb::List { id, .. } => {
                let feature = self.one(&id).await?;
                Ok(if self.json {
                    json!(feature.blockers).to_string()
                } else {
                    feature.blockers.join("\n")
                })
            }
            DepVerb::Cycles => Ok(if self.json { "[]" } else { "no circles" }.to_owned()),
            DepVerb::Add { id, on, .. } => Err(failed(format!(
                "what {id} waits for is not changed by a session ({on}): say it at its creation, \
                 `bd create --deps`"
            ))),
        }
    }

    pub(super) async fn label(&self, verb: LabelVerb) -> Done {
        let labels = match verb {
            LabelVerb::List { id } => self.one(&id).await?.content.labels,
            LabelVerb::ListAll => {
                let all = self.all().await?;
                let mut labels: Vec<_> = all.into_iter().flat_map(|f| f.content.labels).collect();
                labels.sort();
                labels.dedup();
                labels
            }
            LabelVerb::Add { words } => {
                return Err(failed(format!(
                    "labels are given at the creation of an issue, `bd create --labels`: {}",
                    words.join(" ")
                )));
            }
        };

        Ok(if self.json {
            json!(labels).to_string()
        } else {
            labels.join("\n")
        })
    }

    pub(super) async fn epic(&self, verb: &EpicVerb) -> Done {
        match verb {
            EpicVerb::Status { .. } => {
                let filter = Filter::default();
                self.found(&filter, 0, |feature| feature.status == "epic")
                    .await
            }
            EpicVerb::CloseEligible => Err(failed("only a person closes headings")),
        }
    }

    pub(super) async fn stats(&self) -> Done {
        let all = self.all().await?;
        let count = |word: &str| all.iter().filter(|f| shown::status(f) == word).count();
        let ready = all.iter().filter(|f| f.status == "open").count();
        let numbers = [
            ("total", all.len()),
            ("open", count("open")),
            ("in_progress", count("in_progress")),
            ("blocked", count("blocked")),
            ("closed", count("closed")),
            ("ready", ready),
        ];

        if self.json {
            let named = numbers.map(|(name, n)| (format!("{name}_issues"), Value::from(n)));
            return Ok(Value::Object(named.into_iter().collect()).to_string());
        }
        let [
            (_, total),
            (_, open),
            (_, doing),
            (_, blocked),
            (_, closed),
            (_, ready),
        ] = numbers;
        Ok(format!(
            "{total} issues: {open} open, {doing} in progress, {blocked} blocked, {closed} closed; \
             {ready} ready"
        ))
    }

    pub(super) fn info(&self) -> Done {
        let place = "the backlog of this project, at the session's door";
        Ok(if self.json {
            json!({"database_path": place, "current_issue": self.own, "mode": "supercargo"})
                .to_string()
        } else {
            format!("Issues: {place}\nCurrent issue: {}", self.own)
        })
    }
}
