//! Acts of merging: a candidate is built, work under way is tried against a new head, a verified
//! candidate is published.

use super::*;
use crate::chores::Chore;

impl Effects {
    pub(super) async fn build(&self, project: &ProjectName, entry: u64) -> Outcome {
        let now = self.directory.kernel().clock.now();
        let wanted = self.view(project, |view| {
            Some((spec(view, entry, now)?, view.merge_queue.version))
        })?;
        let ((spec, url, branch), version) = wanted;
        let built = self.merges.build(project, &url, &branch, &spec).await;
        let command = self.view(project, |view| answered(view, &spec, built))?;
        let key = build_key(&spec, version);
        let key: Vec<&str> = key.iter().map(String::as_str).collect();

        self.record(
            StreamId::MergeQueue(project.clone()),
            AnyCommand::MergeQueue(command),
            &key,
        )
        .await
    }

    pub(super) async fn probe(&self, project: &ProjectName, base: Sha) -> Outcome {
        let looked = self.view(project, |view| {
            Some((foresee::overtaken(view), view.merge_queue.version))
        });
        let (works, version) = looked?;
        let collisions = self.merges.collisions(project, &base, &works).await?;
        let command = merge_queue::Command::RecordProbe {
            base: base.clone(),
            collisions,
        };

        self.record(
            StreamId::MergeQueue(project.clone()),
            AnyCommand::MergeQueue(command),
            &["probe", base.as_str(), &version.to_string()],
        )
        .await
    }

    pub(super) async fn publish(&self, project: &ProjectName, entry: u64) -> Outcome {
        let version = self.view(project, |view| Some(view.merge_queue.version))?;
        let Publication {
            front,
            candidate,
            url,
            branch,
            claims,
        } = self.view(project, |view| publication(view, entry))?;
        let (command, advanced) = match self
            .upstream
            .publish(project, &url, &branch, &candidate)
            .await
        {
            Ok(Published::Advanced) => (merge_queue::Command::RecordAdvanced { entry }, true),
            Ok(Published::Moved(looked)) => (moved(front, candidate.base.clone(), looked), false),
            Err(error) => (
                halt(&format!("publishing {}", candidate.sha), &error),
                false,
            ),
        };
        let key = publish_key(version, &candidate);
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        let position = self
            .record(
                StreamId::MergeQueue(project.clone()),
                AnyCommand::MergeQueue(command),
                &key,
            )
            .await?;

        for (feature, epoch) in claims.into_iter().filter(|_| advanced) {
            let tidied = self.work.tidy(project, &feature, epoch).await;
            let tidied = tidied.map_err(|error| format!("{feature}: {error}"));
            let faults = &self.directory.kernel().faults;
            faults.went(Some(project), Chore::Tidy, tidied);
        }

        Ok(position)
    }
}
