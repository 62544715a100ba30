//! `retain`: which transcripts are beyond their time. The log keeps what happened for ever; what
//! agents printed is kept for a while.

use crate::id::{ProjectName, SessionId, SlotNo, Timestamp};
use crate::view::{Projections, Transcript};

/// Bounds of the transcripts of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Milliseconds after the end of the session.
    pub age_ms: u64,
    /// Bytes of all of them; the oldest go first.
    pub bytes: u64,
}

impl Default for Retention {
    /// Ninety days and 20 GiB: long enough to look into what happened last month, small enough for
    /// a disk that is shared.
    fn default() -> Self {
        Self {
            age_ms: 90 * 24 * 3_600 * 1_000,
            bytes: 20 * 1024 * 1024 * 1024,
        }
    }
}

/// A transcript that is beyond its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The project that the slot belongs to.
    pub project: ProjectName,
    /// The number of the slot.
    pub n: SlotNo,
    /// The session that this is about.
    pub session: SessionId,
}

/// What is beyond its time now, oldest first; and when the next will be.
pub fn overdue(
    projections: &Projections,
    retention: Retention,
    now: Timestamp,
) -> (Vec<Overdue>, Option<Timestamp>) {
    let mut kept = kept(projections);
    kept.sort_by(|a, b| (a.ended, &a.transcript.session).cmp(&(b.ended, &b.transcript.session)));

    let all: u64 = kept.iter().map(|one| one.bytes).sum();
    let mut surplus = all.saturating_sub(retention.bytes);
    let mut over = Vec::new();

    for one in kept {
        let until = one.ended.plus_ms(retention.age_ms);
        if surplus == 0 && now < until {
            return (over, Some(until));
        }
        surplus = surplus.saturating_sub(one.bytes);
        over.push(one.transcript);
    }

    (over, None)
}

/// A transcript that is there, of a session that is over.
struct Kept {
    ended: Timestamp,
    bytes: u64,
    transcript: Overdue,
}

/// All transcripts of ended sessions.
fn kept(projections: &Projections) -> Vec<Kept> {
    let mut kept = Vec::new();

    for (project, view) in &projections.projects {
        for (session, record) in view.sessions.iter() {
            let (Some(Transcript::Kept(bytes)), Some((ended, _))) =
                (record.transcript, record.ended)
            else {
                continue;
            };
            let transcript = Overdue {
                project: project.clone(),
                n: record.n,
                session: session.clone(),
            };
            kept.push(Kept {
                ended,
                bytes,
                transcript,
            });
        }
    }

    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event;
    use crate::holder::Role;
    use crate::id::Digest;
    use crate::outcome::Outcome;
    use crate::view::ProjectView;

    /// Sessions that ended one second apart, with transcripts of these sizes.
    fn projections(sizes: &[u64]) -> Projections {
        let mut view = ProjectView::new("zoo".parse().expect("name"));

        for (bytes, n) in sizes.iter().zip(1_u8..) {
            keep(&mut view, n, n, *bytes);
        }

        all(view)
    }

    fn all(view: ProjectView) -> Projections {
        let mut projections = Projections::default();
        projections.projects.insert(view.name.clone(), view);

        projections
    }

    /// The transcript of session `n`, which ended at this second.
    fn keep(view: &mut ProjectView, n: u8, second: u8, bytes: u64) {
        let session = SessionId::from_bytes([n; 10]);
        let digest = Digest::of(b"p");
        let assignment = crate::scene::job(&session, Role::Coder, None);
        let ended = event::SessionEnded {
            session: session.clone(),
            outcome: Outcome::Completed,
            exit_code: None,
            evidence: None,
            detail: String::new(),
        };
        let kept = event::TranscriptKept {
            session,
            chunks: 1,
            bytes,
            digest,
        };

        let facts: [event::Event; 3] = [
            event::Assigned { assignment }.into(),
            ended.into(),
            kept.into(),
        ];
        let at = Timestamp(i64::from(second) * 1_000_000);
        for fact in facts {
            view.sessions.apply(SlotNo(1), &fact, at);
        }
    }

    #[test]
    fn those_that_ended_first_go_first_whatever_their_names() {
        let mut view = ProjectView::new("zoo".parse().expect("name"));
        for (n, second) in [(1, 3), (2, 1), (3, 2)] {
            keep(&mut view, n, second, 10);
        }
        let retention = Retention {
            age_ms: 10_000,
            bytes: 15,
        };
        let (over, next) = overdue(&all(view), retention, Timestamp(5_000_000));
        let gone: Vec<_> = over.into_iter().map(|one| one.session).collect();
        assert_eq!(gone, [2, 3].map(|n| SessionId::from_bytes([n; 10])));
        assert_eq!(next, Some(Timestamp(13_000_000)));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn the_oldest_go_by_age_and_by_size() {
        type Case<'a> = (&'a [u64], Retention, i64, usize, Option<i64>);

        let cases: [Case<'_>; 6] = [
            (
                &[],
                Retention {
                    age_ms: 10_000,
                    bytes: 100,
                },
                5,
                0,
                None,
            ),
            (
                &[10, 10, 10],
                Retention {
                    age_ms: 10_000,
                    bytes: 100,
                },
                5,
                0,
                Some(11),
            ),
            (
                &[10, 10, 10],
                Retention {
                    age_ms: 10_000,
                    bytes: 100,
                },
                12,
                2,
                Some(13),
            ),
            (
                &[10, 10, 10],
                Retention {
                    age_ms: 10_000,
                    bytes: 29,
                },
                5,
                1,
                Some(12),
            ),
            (
                &[10, 10, 10],
                Retention {
                    age_ms: 10_000,
                    bytes: 0,
                },
                5,
                3,
                None,
            ),
            (
                &[500, 10, 10],
                Retention {
                    age_ms: 10_000,
                    bytes: 100,
                },
                5,
                1,
                Some(12),
            ),
        ];
        for (sizes, retention, now, expected, next) in cases {
            let (over, until) = overdue(&projections(sizes), retention, Timestamp(now * 1_000_000));
            let first: Vec<_> = (1_u8..)
                .take(expected)
                .map(|n| SessionId::from_bytes([n; 10]))
                .collect();
            assert_eq!(
                over.into_iter().map(|one| one.session).collect::<Vec<_>>(),
                first,
                "{sizes:?} {retention:?} {now}"
            );
            assert_eq!(
                until,
                next.map(|s| Timestamp(s * 1_000_000)),
                "{sizes:?} {retention:?} {now}"
            );
        }
    }
}
