//! What comes from outside and leads to nothing: hooks whose proof is wrong, hooks that came
//! before, pushes to refs of nobody. Counted for each project and shown with what it uses; nothing
//! of it is recorded, because whoever makes noise can make any amount of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use events::id::ProjectName;

use crate::api::Noise;

/// Deliveries that are known again. Forges repeat one within minutes, when they had no answer.
const DELIVERIES_MAX: usize = 64;

#[derive(Debug, Default)]
struct Heard {
    noise: Noise,
    deliveries: VecDeque<[u8; 32]>,
}

/// The noise around all projects.
#[derive(Debug, Default)]
pub struct Noises(Mutex<BTreeMap<ProjectName, Heard>>);

impl Noises {
    fn with<T>(&self, project: &ProjectName, f: impl FnOnce(&mut Heard) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f(all.entry(project.clone()).or_default())
    }

    /// Counts a hook whose proof holds; answers whether it is a new one.
    pub fn hook(&self, project: &ProjectName, body: &[u8]) -> bool {
        let digest = *blake3::hash(body).as_bytes();

        self.with(project, |heard| {
            if heard.deliveries.contains(&digest) {
                heard.noise.hooks_repeated += 1;
                return false;
            }
            heard.noise.hooks += 1;
            heard.deliveries.push_back(digest);
            while heard.deliveries.len() > DELIVERIES_MAX {
                heard.deliveries.pop_front();
            }
            true
        })
    }

    /// Counts a hook without a proof. The first one of a project is told, and each tenfold.
    pub fn refused_hook(&self, project: &ProjectName) {
        let count = self.with(project, |heard| {
            heard.noise.hooks_refused += 1;
            heard.noise.hooks_refused
        });
        if is_told(count) {
            tracing::warn!(%project, count, "a hook was refused: its proof is not one of this \
                                             project's secret");
        }
    }

    /// Counts a push to a ref of nobody.
    pub fn refused_push(&self, project: &ProjectName) {
        self.with(project, |heard| heard.noise.pushes_refused += 1);
    }

    /// What there was around a project.
    pub fn of(&self, project: &ProjectName) -> Noise {
        self.with(project, |heard| heard.noise)
    }
}

fn is_told(count: u64) -> bool {
    count > 0 && 10_u64.pow(count.ilog10()) == count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_counts_once_and_what_is_kept_is_bounded() {
        let (noises, zoo) = (Noises::default(), "zoo".parse().expect("a name"));
        assert!(noises.hook(&zoo, b"one"));
        for _ in 0..1000 {
            assert!(!noises.hook(&zoo, b"one"));
            noises.refused_hook(&zoo);
        }

        for n in 0..1000_u32 {
            assert!(noises.hook(&zoo, &n.to_le_bytes()));
        }

        assert!(noises.hook(&zoo, b"one"), "long ago");
        noises.refused_push(&zoo);
        let wanted = Noise {
            hooks: 1002,
            hooks_repeated: 1000,
            hooks_refused: 1000,
            pushes_refused: 1,
        };
        assert_eq!(noises.of(&zoo), wanted);
        assert_eq!(
            noises.with(&zoo, |heard| heard.deliveries.len()),
            DELIVERIES_MAX
        );
    }
}
