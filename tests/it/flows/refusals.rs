//! Bad input: each a clear refusal that says what to do, and nothing in the log.

use actors::rejection::Rejection;
use actors::sessions::wire::Say;
use events::backlog::{Batch, BatchItem};
use events::feature::Content;
use events::id::SessionId;
use events::log::EventLog;
use events::project::ProjectKind;
use events::verdict::{Judgement, Ran, Verdict};
use supercargo::api::NewProject;

use crate::world::{Server, World, ZOO, context, scripted, story};

async fn head(world: &World) -> u64 {
    world.log.head().await.expect("head").position.0
}

/// What was refused: its code and its words; the log must not have moved.
macro_rules! refused {
    ($world:expr, $request:expr, $code:literal, $words:literal) => {{
        let before = head($world).await;
        let problem = $request.await.expect_err($code);
        assert_eq!(problem.code, $code, "{problem}");
        assert!(problem.message.contains($words), "{problem}");
        assert_eq!(head($world).await, before, "{}: nothing is recorded", $code);
    }};
}

fn project(world: &World, name: &str) -> NewProject {
    NewProject {
        name: name.into(),
        git_url: world.upstream().display().to_string(),
        kind: ProjectKind::Existing,
        spec: None,
        credential: None,
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn projects() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let operator = &server.operator;
        refused!(
            &world,
            operator.add_project(&context(), project(&world, "My Zoo")),
            "invalid",
            "try \"my-zoo\""
        );
        let gone = NewProject {
            git_url: "/nowhere/at/all.git".into(),
            ..project(&world, "gone")
        };
        refused!(
            &world,
            operator.add_project(&context(), gone),
            "upstream_unreachable",
            "does not answer as a git repository"
        );
        let left = world.folder.path().join("secrets/gone");
        assert!(
            !left.exists(),
            "nothing is kept of a project that never was"
        );
        let open = NewProject {
            git_url: "http://zoo.example/x.git".into(),
            ..project(&world, "open")
        };
        refused!(
            &world,
            operator.add_project(&context(), open),
            "invalid",
            "use https or ssh"
        );
        let helper = NewProject {
            git_url: "ext::sh -c true".into(),
            ..project(&world, "helper")
        };
        refused!(
            &world,
            operator.add_project(&context(), helper),
            "invalid",
            "not started here"
        );
        operator
            .add_project(&context(), project(&world, "cats"))
            .await
            .expect("added");
        refused!(
            &world,
            operator.add_project(&context(), project(&world, "cats")),
            "exists",
            "never used again"
        );
        refused!(
            &world,
            operator.intend(&context(), "dogs", supercargo::operator::Wanted::Start),
            "unknown_project",
            "project add"
        );
        refused!(
            &world,
            operator.intend(&context(), "cats", supercargo::operator::Wanted::Start),
            "nothing_to_do",
            "feature add"
        );
        // What is so already is a success that records nothing.
        let before = world.count("project.drain_requested").await;
        operator
            .intend(&context(), "cats", supercargo::operator::Wanted::Drain)
            .await
            .expect("nothing runs that could be drained");
        assert_eq!(world.count("project.drain_requested").await, before);
        refused!(
            &world,
            async { operator.project("dogs") },
            "unknown_project",
            "project list"
        );
        let wide = supercargo::api::ProjectChange {
            target: Some(99),
            ..Default::default()
        };
        let before = world.count("project.target_set").await;
        operator
            .change_project(&context(), "cats", &wide)
            .await
            .expect_err("above the limit");
        assert_eq!(world.count("project.target_set").await, before);
        world.end(server).await;
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn batches() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .operator
            .add_project(&context(), project(&world, ZOO))
            .await
            .expect("added");
        let add = |items: Vec<BatchItem>| {
            let operator = server.operator.clone();
            async move {
                operator
                    .add_features(
                        &context(),
                        ZOO,
                        &Batch {
                            prefix: "feat".into(),
                            items,
                        },
                    )
                    .await
            }
        };
        refused!(&world, add(vec![]), "invalid", "0 features");
        let circle = vec![scripted("a", "", &["b"]), scripted("b", "", &["a"])];
        refused!(&world, add(circle), "cycle", "close a circle");
        refused!(
            &world,
            add(vec![scripted("a", "", &["nowhere"])]),
            "invalid",
            "nowhere"
        );
        refused!(
            &world,
            add(vec![scripted("a", "", &[]), scripted("a", "", &[])]),
            "invalid",
            "used twice"
        );
        let long = BatchItem::of(Content::titled(&"x".repeat(201)));
        refused!(&world, add(vec![long]), "invalid", "201 characters");
        // I1 and I3: the same request again is answered as the first time, with another body it is
        // refused.
        let key = || supercargo::operator::RequestContext::keyed("ann", "one");
        let one = Batch {
            prefix: "feat".into(),
            items: vec![scripted("a", "", &[])],
        };
        let first = server
            .operator
            .add_features(&key(), ZOO, &one)
            .await
            .expect("added");
        let again = server
            .operator
            .add_features(&key(), ZOO, &one)
            .await
            .expect("answered");
        assert_eq!((first.position, &first.ids), (again.position, &again.ids));
        let first_id = first.ids[0].parse().expect("id");
        // What the batch brought about has to be over before "nothing is recorded" can be said.
        server
            .until(|view| view.feature(&first_id).map(|_| ()))
            .await;
        let other = Batch {
            prefix: "feat".into(),
            items: vec![scripted("b", "", &[])],
        };
        refused!(
            &world,
            server.operator.add_features(&key(), ZOO, &other),
            "id_reused",
            "another body"
        );
        world.end(server).await;
    });
}

fn code(rejection: Rejection) -> String {
    rejection.code.into_owned()
}

async fn coder(world: &World, server: &Server) -> SessionId {
    server
        .open_zoo(world, 1, vec![scripted("lions", "hang", &[])])
        .await
        .expect("opened");
    let begun = server.until(|view| {
        let (_, slot, _) = view.enlisted().next()?;
        matches!(
            slot.state,
            events::container::SlotState::Running { begun: true, .. }
        )
        .then(|| slot.job().map(|j| j.session.clone()))?
    });
    let session = world.within("at work", begun).await;

    // Its agent is silent, and what follows takes as long as this machine needs for it.
    world.clock.stop();
    session
}

/// What a session may not do: push elsewhere, judge, oversee, submit what it did not push, speak
/// after its end.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn sessions() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let session = coder(&world, &server).await;
        let sessions = &server.core.sessions;
        let id = server
            .zoo(|view| view.features.keys().next().cloned())
            .expect("the feature");
        let own = format!("refs/heads/work/{id}/1");
        assert_eq!(sessions.may_push(&session, &own), Ok(()));
        for (reference, why) in [
            ("refs/heads/main".to_owned(), "foreign_ref"),
            ("refs/heads/work/other/1".to_owned(), "foreign_ref"),
            (format!("refs/heads/work/{id}/0"), "stale_epoch"),
            (format!("refs/heads/work/{id}/2"), "stale_epoch"),
            ("refs/supercargo/submitted/x/1".to_owned(), "foreign_ref"),
        ] {
            assert_eq!(
                sessions.may_push(&session, &reference).map_err(code),
                Err(why.to_owned()),
                "{reference}"
            );
        }
        let before = head(&world).await;
        let pass = Verdict {
            judgement: Judgement::Pass,
            findings: vec![],
            ran: vec![Ran {
                command: "x".into(),
                exit: 0,
            }],
        };
        let sha = "a".repeat(40).parse().expect("sha");
        for (say, why) in [
            (Say::Verdict { verdict: pass }, "verdict_not_open"),
            (Say::Submit { sha }, "not_possible"),
            (
                Say::Backlog {
                    batch: Batch {
                        prefix: "x".into(),
                        items: vec![scripted("a", "", &[])],
                    },
                },
                "not_underway",
            ),
            (
                Say::Report {
                    report: serde_json::from_str(
                        r#"{"checked":[{"requirement":"a","evidence":"b"}]}"#,
                    )
                    .expect("report"),
                },
                "not_underway",
            ),
            (
                Say::Report {
                    report: serde_json::from_str(r#"{"checked":[]}"#).expect("report"),
                },
                "invalid",
            ),
            (
                Say::Ask {
                    question: " ".into(),
                },
                "invalid",
            ),
        ] {
            let refused = sessions.say(&session, say.clone()).await.map_err(code);
            assert_eq!(refused.map(|_| ()), Err(why.to_owned()), "{say:?}");
        }
        // Asking an empty question looked into the gate first, and that the work is safe is worth
        // recording.
        let secured = world.count("feature.work_secured").await as u64;
        assert_eq!(
            head(&world).await,
            before + secured,
            "nothing else is recorded"
        );
        let create = |n: usize| Say::Create {
            content: events::feature::Content::titled(&format!("Found {n}")),
            depends_on: vec![],
        };
        for n in 0..30 {
            sessions.say(&session, create(n)).await.expect("brought");
        }
        assert_eq!(
            sessions
                .say(&session, create(30))
                .await
                .map_err(code)
                .map(|_| ()),
            Err("too_many".into())
        );
        sessions
            .say(&session, create(7))
            .await
            .expect("what it said before is answered as before");
        let stranger = SessionId::from_bytes([9; 10]);
        assert_eq!(
            sessions.beat(&stranger).map_err(code),
            Err("session_over".into())
        );
        assert_eq!(
            sessions.output(&session, 7, b"x").await.map_err(code),
            Err("not_possible".into()),
            "X1: no gap"
        );
        let release = || Say::Release {
            reason: "too hard".into(),
        };
        let released = sessions.say(&session, release()).await.expect("released");
        let again = sessions.say(&session, release()).await;
        assert_eq!(
            again.map(|said| said.position),
            Ok(released.position),
            "an answer that was lost is given again"
        );
        assert_eq!(
            sessions.may_push(&session, &own).map_err(code),
            Err("no_claim".into()),
            "C2: a claim that ended pushes nothing"
        );
        server
            .operator
            .intend(&context(), ZOO, supercargo::operator::Wanted::Stop)
            .await
            .expect("stopped");
        world.end(server).await;
    });
}
