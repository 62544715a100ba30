//! Starts that lead to no session for an equal reason → trouble of the engine; the first session
//! that begins → its end.
//!
//! The state is the project's own, though an engine serves all: image and limits are the project's,
//! two failures are evidence enough, and another project finds out by itself at that price. Nobody
//! waits for what only a neighbour saw.

use std::collections::BTreeSet;

use crate::container::{Class, Slot, Unstarted};
use crate::id::{SlotNo, Timestamp};
use crate::policy::{Agenda, Teller};
use crate::project::{self, Registered, Thing, Trouble};
use crate::stream::Position;
use crate::view::projections::ProjectView;

/// Equal failures in a row that are the engine's where only one slot saw them: fewer than put the
/// slot out of service, and more than one hiccup and its repetition.
pub(super) const OF_ONE_SLOT: usize = 3;

/// Equal failures with no session begun between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Evidence<'a> {
    /// The newest.
    pub(super) newest: &'a Unstarted,
    /// The slots that saw one.
    pub(super) slots: BTreeSet<SlotNo>,
}

/// Whether the newest failures to start are the engine's.
///
/// They are when two slots failed for an equal reason and no session began in between: slots share
/// nothing but the engine, the image and the host. Of one slot alone it takes more, and a session
/// that began elsewhere in between says that the slot or the task is to blame: the slot is taken
/// out of service after five, and the task is given back before. An equal class is an equal reason:
/// what people read names the slot's own container.
///
/// A container that was asked for before this server was `up_since` and ended early says nothing:
/// it may have ended with the host, or by an upgrade.
pub(super) fn evidence(view: &ProjectView, up_since: Timestamp) -> Option<Evidence<'_>> {
    let begun = last_begun(view);
    let failures = view.enlisted().flat_map(|(n, slot, _)| {
        let since = move |failed: &&Unstarted| {
            let is_of_this_run = failed.class != Class::EndedEarly || failed.asked >= up_since;
            failed.at > begun && is_of_this_run
        };
        slot.unstarted
            .iter()
            .filter(since)
            .map(move |failed| (n, failed))
    });
    let mut failures: Vec<_> = failures.collect();
    failures.sort_by_key(|(_, failed)| failed.at);
    let (_, newest) = *failures.last()?;

    let equal = failures.iter().rev();
    let equal: Vec<_> = equal
        .take_while(|(_, failed)| failed.class == newest.class)
        .collect();
    let slots: BTreeSet<_> = equal.iter().map(|(n, _)| *n).collect();
    let enough = slots.len() > 1 || equal.len() >= OF_ONE_SLOT;
    enough.then_some(Evidence { newest, slots })
}

/// How a job without a container stands while starts fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Its start is asked for.
    Start,
    /// What was seen is to be recorded first.
    Wait,
    /// The engine is in trouble and this is no probe: the work goes back, at nobody's cost.
    GiveBack,
}

/// What becomes of the job that this slot holds.
pub(super) fn outlook(
    view: &ProjectView,
    registered: &Registered,
    up_since: Timestamp,
    slot: &Slot,
) -> Outlook {
    match registered.trouble_of(&Thing::Engine) {
        Some(trouble) if slot.assigned_at <= trouble.seen => Outlook::GiveBack,
        Some(trouble) if failed_probe(slot, trouble).is_some() => Outlook::Wait,
        None if evidence(view, up_since).is_some() => Outlook::Wait,
        Some(_) | None => Outlook::Start,
    }
}

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    up_since: Timestamp,
    agenda: &mut Agenda,
) {
    let command = match registered.trouble_of(&Thing::Engine) {
        None => evidence(view, up_since).map(|found| report(&found, Timestamp::default())),
        Some(trouble) if last_begun(view) > trouble.seen => {
            let why = "a session began".to_owned();
            let thing = Thing::Engine;
            Some(project::Command::EndTrouble { thing, why })
        }
        Some(trouble) => view.enlisted().find_map(|(n, slot, _)| {
            let newest = failed_probe(slot, trouble)?;
            let slots = [n].into();
            Some(report(&Evidence { newest, slots }, trouble.at))
        }),
    };
    let teller = Teller::of("engine", view);

    if let Some(command) = command {
        agenda.tell(teller.project(view, "engine", command));
    }
}

/// The failure of the job that was given to this slot after the trouble was seen last.
fn failed_probe<'a>(slot: &'a Slot, trouble: &Trouble) -> Option<&'a Unstarted> {
    let newest = slot.unstarted.last()?;
    let begun_since = slot.assigned_at > trouble.seen && newest.at > slot.assigned_at;
    begun_since.then_some(newest)
}

/// Where in the log a session of the project began last.
fn last_begun(view: &ProjectView) -> Position {
    let slots = view.enlisted();
    let begun = slots.map(|(_, slot, _)| slot.begun_at).max();
    begun.unwrap_or_default()
}

/// The report of what was seen, by a job that was given out at `since`.
fn report(found: &Evidence<'_>, since: Timestamp) -> project::Command {
    let slots: Vec<_> = found.slots.iter().map(ToString::to_string).collect();
    let Unstarted { class, detail, .. } = found.newest;

    project::Command::ReportTrouble {
        thing: Thing::Engine,
        detail: format!(
            "slot {}, {class}: {detail}; {}",
            slots.join(", "),
            class.remedy()
        ),
        retry_at: None,
        session: found.newest.session.clone(),
        feature: None,
        since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event::{self, Assignment};
    use crate::container::{self, Event};
    use crate::holder::Role;
    use crate::id::{Digest, Generation, SessionId};
    use crate::scene::Scene;

    /// What happened to a slot.
    enum Seen {
        Failed(u16, &'static str),
        /// Its container ran, and no session began.
        Flashed(u16),
        Began(u16),
    }
    use Seen::{Began, Failed, Flashed};

    fn add(scene: &mut Scene, n: u16, event: impl Into<Event>) {
        scene.add::<Event>(&format!("container-z/{n}"), event);
    }

    fn assign(scene: &mut Scene, n: u16) {
        let assignment = Assignment {
            session: SessionId::from_bytes([7; 10]),
            role: Role::Coder,
            feature: None,
            epoch: None,
            sha: None,
            agent: None,
            prompt_digest: Digest::of(b"p"),
        };
        add(scene, n, event::Assigned { assignment });
    }

    fn happened(seen: &[Seen]) -> Scene {
        let mut scene = Scene::running(3);
        (1..=3).for_each(|n| assign(&mut scene, n));
        for seen in seen {
            let generation = Generation(1);
            match seen {
                Failed(n, class) => add(
                    &mut scene,
                    *n,
                    event::StartFailed {
                        generation,
                        class: (*class).to_owned().into(),
                        detail: format!("{class} of {n}"),
                    },
                ),
                Flashed(n) => flash(&mut scene, *n, generation),
                Began(n) => begin(&mut scene, *n, generation),
            }
        }

        scene
    }

    fn start(scene: &mut Scene, n: u16, generation: Generation) {
        let engine_id = "e".to_owned();
        let started = event::Started {
            generation,
            engine_id,
        };
        add(scene, n, started);
    }

    fn begin(scene: &mut Scene, n: u16, generation: Generation) {
        start(scene, n, generation);
        let session = SessionId::from_bytes([7; 10]);
        add(scene, n, event::SessionStarted { session });
    }

    fn flash(scene: &mut Scene, n: u16, generation: Generation) {
        start(scene, n, generation);
        let exit = container::Exit::with_code(Some(1));
        add(scene, n, event::Exited { generation, exit });
    }

    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    #[test]
    fn equal_failures_in_a_row_are_the_engines() {
        let table: [(&str, &[Seen], &[u16]); 14] = [
            ("nothing", &[], &[]),
            ("one", &[Failed(1, "image")], &[]),
            (
                "two slots",
                &[Failed(1, "image"), Failed(2, "image")],
                &[1, 2],
            ),
            (
                "two slots for other reasons",
                &[Failed(1, "image"), Failed(2, "folder")],
                &[],
            ),
            (
                "a session between",
                &[Failed(1, "image"), Began(3), Failed(2, "image")],
                &[],
            ),
            ("one that ended early", &[Flashed(1)], &[]),
            (
                "two slots whose containers end early",
                &[Flashed(1), Flashed(2)],
                &[1, 2],
            ),
            (
                "one slot whose containers end early",
                &[Flashed(1), Flashed(1), Flashed(1)],
                &[1],
            ),
            (
                "containers that end early while others begin",
                &[Flashed(1), Flashed(1), Began(2), Flashed(1), Flashed(1)],
                &[],
            ),
            (
                "a container that ends early is no start",
                &[Failed(1, "image"), Flashed(3), Failed(1, "image")],
                &[],
            ),
            (
                "a hiccup of one slot and its repetition",
                &[Failed(1, "spawn"), Failed(1, "spawn")],
                &[],
            ),
            (
                "one slot again and again",
                &[Failed(1, "spawn"), Failed(1, "spawn"), Failed(1, "spawn")],
                &[1],
            ),
            (
                "one slot while others start",
                &[
                    Failed(1, "spawn"),
                    Failed(1, "spawn"),
                    Began(2),
                    Failed(1, "spawn"),
                    Failed(1, "spawn"),
                ],
                &[],
            ),
            (
                "another reason first",
                &[Failed(3, "folder"), Failed(1, "image"), Failed(2, "image")],
                &[1, 2],
            ),
        ];

        for (name, seen, expected) in table {
            let scene = happened(seen);
            let found = evidence(scene.view(), Timestamp(0));
            let slots = found.map(|found| found.slots).unwrap_or_default();
            let expected: BTreeSet<_> = expected.iter().map(|n| SlotNo(*n)).collect();
            assert_eq!(slots, expected, "{name}");
        }
    }

    #[test]
    fn what_an_earlier_run_asked_for_and_ended_early_is_not_the_engines() {
        let mut scene = happened(&[]);
        for n in [1, 2] {
            let generation = Generation(1);
            add(&mut scene, n, event::StartRequested { generation });
            flash(&mut scene, n, generation);
        }
        let found = |up_since| evidence(scene.view(), up_since).is_some();
        assert!(found(Timestamp(0)));
        assert!(!found(Timestamp(i64::MAX)));
    }

    fn slot(scene: &Scene, n: u16) -> &Slot {
        let slot = scene.view().slot(SlotNo(n));
        slot.expect("a slot in service")
    }

    fn outlooks(scene: &Scene) -> [Outlook; 3] {
        let registered = scene.view().registered().expect("registered");
        [1, 2, 3].map(|n| outlook(scene.view(), registered, Timestamp(0), slot(scene, n)))
    }

    fn told(scene: &Scene) -> Option<project::Command> {
        let registered = scene.view().registered().expect("registered");
        let mut agenda = Agenda::default();
        owed(scene.view(), registered, Timestamp(0), &mut agenda);
        let owed = agenda.owed.pop()?.0;
        let crate::policy::Owed::Tell(tell) = owed else {
            return None;
        };
        match tell.command {
            crate::policy::AnyCommand::Project(command) => Some(command),
            _ => None,
        }
    }

    /// Records what the policy owes.
    fn record(scene: &mut Scene) {
        use crate::aggregate::Aggregate;
        let command = told(scene).expect("owed");
        let project = &scene.view().project.state;
        let events = project.decide(&command, Timestamp(0)).expect("accepted");
        assert_eq!(events.len(), 1, "{command:?}");
        for event in events {
            scene.add::<project::Event>("project-z", event);
        }
    }

    #[test]
    fn trouble_of_the_engine_gives_work_back_and_goes_on_with_a_probe() {
        use Outlook::{GiveBack, Start, Wait};
        let scene = happened(&[Failed(1, "image")]);
        assert_eq!(
            (outlooks(&scene), told(&scene).is_some()),
            ([Start, Start, Start], false)
        );

        // Two slots: it is recorded before anything else, then all work goes back.
        let mut scene = happened(&[Failed(1, "image"), Failed(2, "image")]);
        assert_eq!(outlooks(&scene), [Wait, Wait, Wait]);
        record(&mut scene);
        assert_eq!(
            (outlooks(&scene), told(&scene).is_some()),
            ([GiveBack, GiveBack, GiveBack], false)
        );

        // A slot that gave its work back begins anew.
        let over = event::SessionEnded {
            session: SessionId::from_bytes([7; 10]),
            outcome: crate::outcome::Outcome::EngineRefused,
            exit_code: None,
            evidence: None,
            detail: String::new(),
        };
        for n in [1, 2] {
            add(&mut scene, n, over.clone());
            add(&mut scene, n, event::Idle {});
        }
        assert_eq!((slot(&scene, 1).failures, slot(&scene, 2).failures), (0, 0));

        // A probe that fails is recorded and gives its work back as well.
        assign(&mut scene, 1);
        assert_eq!(outlooks(&scene), [Start, GiveBack, GiveBack]);
        let generation = Generation(2);
        let failed = event::StartFailed {
            generation,
            class: Class::Image,
            detail: "still".into(),
        };
        add(&mut scene, 1, failed);
        assert_eq!(outlooks(&scene)[0], Wait);
        record(&mut scene);
        assert_eq!(outlooks(&scene)[0], GiveBack);
        let trouble = |scene: &Scene| {
            let registered = scene.view().registered().expect("registered");
            registered.trouble_of(&Thing::Engine).cloned()
        };
        let seen = trouble(&scene).expect("it lasts");
        assert_eq!(seen.probes, 1);
        assert!(
            seen.told().contains("slot 1, image: still"),
            "{}",
            seen.told()
        );

        // One whose session begins ends it, and one that only starts does not.
        add(&mut scene, 1, over);
        add(&mut scene, 1, event::Idle {});
        assign(&mut scene, 1);
        start(&mut scene, 1, generation);
        assert!(told(&scene).is_none());
        let session = SessionId::from_bytes([7; 10]);
        add(&mut scene, 1, event::SessionStarted { session });
        record(&mut scene);
        assert_eq!(trouble(&scene), None);
        assert!(told(&scene).is_none());
    }

    /// What lies between the start and the session is a failure like those before the start.
    #[test]
    fn a_probe_that_ends_early_is_recorded_and_gives_its_work_back() {
        let mut scene = happened(&[Flashed(1), Flashed(2)]);
        record(&mut scene);
        let over = event::SessionEnded {
            session: SessionId::from_bytes([7; 10]),
            outcome: crate::outcome::Outcome::EngineRefused,
            exit_code: None,
            evidence: None,
            detail: String::new(),
        };
        add(&mut scene, 1, over);
        add(&mut scene, 1, event::Idle {});
        assign(&mut scene, 1);
        assert_eq!(outlooks(&scene)[0], Outlook::Start);

        flash(&mut scene, 1, Generation(2));
        assert_eq!(outlooks(&scene)[0], Outlook::Wait);
        record(&mut scene);
        assert_eq!(outlooks(&scene)[0], Outlook::GiveBack);
        let registered = scene.view().registered().expect("registered");
        let said = registered.trouble_of(&Thing::Engine).expect("it lasts");
        let said = said.told();
        for part in ["ended_early", "exit code 1", "`project set --image`"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
