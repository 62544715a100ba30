//! From a line of the trunk to the work that brought it and back, in a World whose fleet merged
//! something; and the verbs on wrong inputs, with the real binary.

use std::sync::Arc;

use events::lineage::Filter;
use events::log::EventLog;
use events::stream::Position;
use supercargo::adapters::git::{Gates, Secrets};
use supercargo::api::{LineShape, SessionLineage};
use supercargo::replay::{LineOf, Recorded};

use crate::newcomer::Newcomer;
use crate::world::{World, ZOO, scripted, story};

/// The type of the event at a position.
async fn kind(world: &World, position: u64) -> String {
    let found = world.log.read_all(Position(position - 1), 1).await;
    found.expect("a log")[0].kind.to_string()
}

struct Asked<'a> {
    world: &'a World,
    recorded: Recorded,
    gates: Gates,
    head: Position,
}

impl<'a> Asked<'a> {
    async fn of(world: &'a World) -> Self {
        let log: Arc<dyn EventLog> = world.log.clone();
        let folder = world.folder.path();
        Self {
            world,
            recorded: Recorded::of(log, Default::default()),
            gates: Gates::new(folder.join("gates"), Secrets::new(folder.join("secrets"))),
            head: world.log.head().await.expect("a head").position,
        }
    }

    async fn line(&self, path: &str, line: usize) -> Result<LineShape, String> {
        let of = LineOf {
            project: ZOO.parse().expect("a name"),
            path: path.to_owned(),
            line,
        };
        let found = self.recorded.line(&self.gates, &of, self.head).await;
        found.map_err(|refused| refused.to_string())
    }

    async fn sessions(&self, filter: &Filter) -> Vec<SessionLineage> {
        let found = self.recorded.sessions(None, filter, self.head).await;
        found.expect("read")
    }
}

#[test]
fn a_line_goes_back_to_the_session_that_wrote_it_and_the_session_to_its_line() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let work = "write lions fed\ncommit Feed\nsubmit";
        let opened = server.open_zoo(&world, 1, vec![scripted("lions", work, &[])]);
        opened.await.expect("opened");
        world.within("completed", server.completed()).await;
        let asked = Asked::of(&world).await;

        let found = asked.line("lions", 1).await.expect("a line");
        assert_eq!(found.text, "fed");
        let entry = found.entry.expect("an entry");
        let claim = found.claim.expect("a claim");
        let session = found.session.expect("a session");
        assert_eq!((entry.kind, entry.exit), ("feature", Some(0)));
        assert_eq!(entry.feature.as_deref(), Some(claim.feature.as_str()));
        assert_eq!(
            (claim.fate, claim.merged.as_ref()),
            ("merged", found.brought.as_ref())
        );
        assert_eq!(claim.verdicts[0].judgement, "pass");
        assert_eq!((session.role, session.epoch), ("coder", Some(claim.epoch)));
        assert!(session.transcript.is_some(), "{session:?}");

        for (position, expected) in [
            (entry.queued, "trunk.queued"),
            (entry.verified.expect("verified"), "trunk.verified"),
            (entry.advanced, "trunk.advanced"),
            (claim.claimed, "feature.claimed"),
            (claim.submitted.expect("handed in"), "feature.submitted"),
            (claim.verdicts[0].position, "feature.review_passed"),
            (claim.position, "feature.closed"),
            (session.assigned, "container.assigned"),
            (session.ended.expect("ended"), "container.session_ended"),
        ] {
            assert_eq!(kind(asked.world, position).await, expected, "{position}");
        }

        // And back.
        let id = session.session.parse().expect("an id");
        let back = asked.sessions(&Filter::Session(id)).await;
        let own = back[0].claim.as_ref().expect("its claim");
        assert_eq!(
            (back.len(), own.fate, &own.merged),
            (1, "merged", &found.brought)
        );
        let agent = session.agent.expect("an agent").to_owned();
        let all = asked.sessions(&Filter::Agent(agent)).await;
        assert!(
            all.iter().any(|one| one.session == session.session),
            "{all:?}"
        );
        assert!(all.iter().any(|one| one.role == "reviewer"), "{all:?}");

        // What was there before is somebody else's.
        let before = asked.line("README", 1).await.expect("a line");
        assert!(
            before.entry.is_none() && before.claim.is_none(),
            "{before:?}"
        );
        for (path, line, said) in [
            ("bears", 1, "there is no file bears"),
            ("lions", 2, "lions has 1 lines"),
            ("lions", 0, "lions has 1 lines"),
        ] {
            let refused = asked.line(path, line).await.expect_err("refused");
            assert!(refused.contains(said), "{refused}");
        }
        world.end(server).await;
    });
}

#[test]
fn what_did_not_get_upstream_is_told_as_well() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        // The first claim comes to nothing, the second one brings it.
        let work = "@1 exit 1\n@2+ write walls stone\n@2+ commit Walls\n@2+ submit";
        let opened = server.open_zoo(&world, 1, vec![scripted("walls", work, &[])]);
        opened.await.expect("opened");
        world.within("completed", server.completed()).await;
        let asked = Asked::of(&world).await;

        let all = asked.sessions(&Filter::Agent("script".into())).await;
        let coders = all.iter().filter(|one| one.role == "coder");
        let fates: Vec<_> = coders
            .map(|one| {
                let claim = one.claim.as_ref().expect("its claim");
                (claim.epoch, claim.fate, claim.merged.is_some())
            })
            .collect();
        assert_eq!(fates, [(1, "released", false), (2, "merged", true)]);

        let line = asked.line("walls", 1).await.expect("a line");
        let (claim, session) = (line.claim.expect("a claim"), line.session.expect("one"));
        assert_eq!((claim.epoch, session.epoch), (2, Some(2)));
        assert_eq!(claim.title.as_deref(), Some("walls"));

        // As it was before anything was merged, the line was not there.
        let merged = claim.position;
        let early = Asked {
            head: Position(line.entry.expect("an entry").advanced - 1),
            ..Asked::of(&world).await
        };
        let refused = early.line("walls", 1).await.expect_err("not there");
        assert!(refused.contains("there is no file walls"), "{refused}");
        let then = early.sessions(&Filter::Agent("script".into())).await;
        let fates = then.iter().filter_map(|one| one.claim.as_ref());
        assert!(
            fates.clone().all(|claim| claim.position < merged),
            "{then:?}"
        );
        assert!(
            fates.clone().all(|claim| claim.fate != "merged"),
            "{then:?}"
        );
        world.end(server).await;
    });
}

#[test]
fn what_has_no_lineage_is_said() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    server.stop();

    let none = me.ok(&["lineage", "agent", "claude", "--project", "zoo"]);
    assert_eq!(none.trim(), "no session is known of it");
    let other = me.ok(&["lineage", "line", "zoo", "README:1"]);
    assert!(
        other.contains("no event names it: somebody else brought it"),
        "{other}"
    );
    let table: &[(&[&str], &str)] = &[
        (&["line", "zoo", "none:1"], "there is no file none"),
        (&["line", "zoo", "README:999"], "README has"),
        (&["line", "zoo", "README"], "name a file and a line"),
        (&["line", "zoo", "README:x"], "line x"),
        (&["line", "ark", "README:1"], "there is no project ark"),
        (
            &["line", "zoo", "README:1", "--at", "0"],
            "there is no project zoo",
        ),
        (
            &["line", "zoo", "README:1", "--at", "9999"],
            "beyond the head",
        ),
        (
            &["model", "opus", "--project", "ark"],
            "there is no project ark",
        ),
        (&["session", "nobody"], "invalid value"),
    ];
    for (args, said) in table {
        me.refused(&[&["lineage"], *args].concat(), said);
    }
}
