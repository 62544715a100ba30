//! What follows from a write at once, done before the write is answered: whoever reads next sees
//! it, whether a server runs or not. The same commands under the same ids as the policies send, so
//! that whoever is first does it and the other finds it done.

use std::collections::BTreeSet;

use actors::effects::Performed;
use events::id::{FeatureId, ProjectName};
use events::policy::{self, Effect, Observed, Owed};
use events::stream::StreamId;
use futures::StreamExt;

use super::{Done, Operator};

/// Features made at once: enough to share commits.
const AT_ONCE: usize = 64;

impl Operator {
    /// Makes the features of an admitted batch, and lets them wait for each other.
    pub(super) async fn settle(&self, name: &ProjectName, ids: &BTreeSet<FeatureId>) -> Done<()> {
        let effects = self.core.effects();
        let owed = self.read(name, |view| {
            let agenda = policy::owed(view, &Observed::default());
            let all = agenda.owed.into_iter().map(|(owed, _)| owed);
            Some(all.filter(|owed| is_about(owed, ids)).collect::<Vec<_>>())
        })?;

        let mut performed = futures::stream::iter(owed)
            .map(|owed| effects.perform(name, owed))
            .buffer_unordered(AT_ONCE);
        let mut last = None;
        while let Some(done) = performed.next().await {
            match done {
                Performed::Recorded(position) => last = last.max(Some(position)),
                // Somebody else was first, or it is not to be done any more.
                Performed::Nothing => {}
                // What was admitted stays admitted: a server goes on with it, and says under Needs
                // you what it cannot do.
                Performed::Refused(why) | Performed::Failed(why) => {
                    tracing::debug!(project = %name, %why, "an admitted feature is not made yet");
                }
            }
        }
        if let Some(position) = last {
            self.core.projector.wait_for(position).await;
        }
        Ok(())
    }
}

/// Whether this makes one of these features, or changes what one of them waits for.
fn is_about(owed: &Owed, ids: &BTreeSet<FeatureId>) -> bool {
    match owed {
        Owed::Do(Effect::Create { id, .. }) => ids.contains(id),
        Owed::Tell(tell) => match (&tell.stream, &tell.command) {
            (StreamId::Feature(_, id), policy::AnyCommand::Feature(command)) => {
                let waits = matches!(
                    command,
                    events::feature::Command::Block { .. }
                        | events::feature::Command::Unblock { .. }
                );
                waits && ids.contains(id)
            }
            _ => false,
        },
        Owed::Do(_) => false,
    }
}
