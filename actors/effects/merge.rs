//! Acts of merging: a candidate is built, work under way is tried against a new head, a verified
//! candidate is published.

use super::*;
use crate::chores::Chore;

impl Effects {
    pub(super) async fn build(&self, project: &ProjectName, entry: u64) -> Outcome {
        let now = self.directory.kernel().clock.now();
        let wished = self.book(project, |book| {
            Some((wish(book, entry, now)?, book.trunk.version))
        })?;
        let ((wish, url, branch), version) = wished;
        let (base, asked) = (wish.base.clone(), wish.on == Base::Upstream);
        let built = self.repo.build(project, &url, &branch, &wish).await;
        let command = match (wish.on == Base::Candidate, built) {
            (true, built) => self.book(project, |book| stacked(book, entry, built))?,
            (false, Ok(Built::Candidate(candidate, changes))) => trunk::Command::RecordCandidate {
                entry,
                candidate,
                changes,
                asked,
            },
            (false, Ok(Built::Conflict { paths, why })) => trunk::Command::RecordConflict {
                entry,
                base,
                paths,
                why,
            },
            (false, Ok(Built::Nothing)) => trunk::Command::RecordNothing { entry, base },
            (false, Ok(Built::Moved(looked))) => moved(entry, base, looked),
            (false, Err(error)) => halt("building a candidate", &error),
        };
        let key = build_key(&wish, version);
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        self.record(
            StreamId::Trunk(project.clone()),
            AnyCommand::Trunk(command),
            &key,
        )
        .await
    }

    pub(super) async fn probe(&self, project: &ProjectName, base: Sha) -> Outcome {
        let looked = self.book(project, |book| {
            Some((foresee::overtaken(book), book.trunk.version))
        });
        let (works, version) = looked?;
        let collisions = self.repo.collisions(project, &base, &works).await?;
        let command = trunk::Command::RecordProbe {
            base: base.clone(),
            collisions,
        };
        self.record(
            StreamId::Trunk(project.clone()),
            AnyCommand::Trunk(command),
            &["probe", base.as_str(), &version.to_string()],
        )
        .await
    }

    pub(super) async fn publish(&self, project: &ProjectName, entry: u64) -> Outcome {
        let version = self.book(project, |book| Some(book.trunk.version))?;
        let Publication {
            front,
            candidate,
            url,
            branch,
            claims,
        } = self.book(project, |book| publication(book, entry))?;
        let (command, advanced) = match self.repo.publish(project, &url, &branch, &candidate).await
        {
            Ok(Published::Advanced) => (trunk::Command::RecordAdvanced { entry }, true),
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
                StreamId::Trunk(project.clone()),
                AnyCommand::Trunk(command),
                &key,
            )
            .await?;
        for (feature, epoch) in claims.into_iter().filter(|_| advanced) {
            let tidied = self.repo.tidy(project, &feature, epoch).await;
            let tidied = tidied.map_err(|error| format!("{feature}: {error}"));
            let faults = &self.directory.kernel().faults;
            faults.went(Some(project), Chore::Tidy, tidied);
        }
        Ok(position)
    }
}
