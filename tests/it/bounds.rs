//! Inputs as large as they may be, and larger: what is accepted is recorded and goes on; what the
//! rules turn down for good is shown.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use events::backlog::Batch;
use events::envelope::PAYLOAD_MAX;
use events::feature::Content;
use events::log::{Append, AppendError, EventLog, NewEvent, Receipt};
use events::memory::MemoryLog;
use events::stream::StreamId;
use supercargo::api::ProjectChange;
use supercargo::operator::Holding;

use crate::world::below::reads_below;
use crate::world::stub::git;
use crate::world::{Server, World, ZOO, context, scripted, story};

/// Claims the only feature from outside and pushes these files under it; answers the feature and
/// the commit.
async fn pushed(world: &World, server: &Server, files: &[PathBuf]) -> (String, String) {
    let ready = server.until(|view| {
        let copied = view.merge_queue.state.head.is_some();
        (copied && view.ready().next().is_some()).then_some(())
    });
    world.within("ready", ready).await;
    let claim = server
        .operator
        .claim(&context(), ZOO, None, Some("ann"))
        .await;
    let claim = claim.expect("answered").expect("a claim");

    let gate = world.folder.path().join("gates").join(format!("{ZOO}.git"));
    let tree = world.folder.path().join("mine");
    let clone = ["clone", "--quiet", gate.to_str().expect("path"), "mine"];
    world.git(world.folder.path(), &clone);
    for file in files {
        let file = tree.join(file);
        fs_err::create_dir_all(file.parent().expect("a folder")).expect("folder");
        fs_err::write(file, "fed").expect("file");
    }
    world.git(&tree, &["add", "--all"]);
    world.git(&tree, &["commit", "--quiet", "-m", "Feed them"]);
    let target = format!("HEAD:refs/heads/{}", claim.branch);
    git(&tree, &["push", "--quiet", "origin", &target]).expect("pushed");
    let sha = world.git(&tree, &["rev-parse", "HEAD"]).trim().to_owned();
    (claim.feature, sha)
}

async fn handed_in(world: &World, server: &Server, files: &[PathBuf]) -> String {
    let (feature, sha) = pushed(world, server, files).await;
    let holding = Holding {
        project: ZOO,
        feature: &feature,
        epoch: 1,
        holder: Some("ann"),
    };
    let submitted = server.operator.submit(&context(), &holding, &sha).await;
    submitted.expect("handed in");
    let fleet = ProjectChange {
        target: Some(2),
        ..ProjectChange::default()
    };
    let wanted = server
        .operator
        .change_project(&context(), ZOO, &fleet)
        .await;
    wanted.expect("a fleet");

    feature
}

fn long_names(folder: &str, file: &str) -> Vec<PathBuf> {
    let name = |n: usize| format!("{folder}{n:03}-{}{file}", "n".repeat(230));
    (0..300).map(|n| name(n).into()).collect()
}

/// A submission whose list of files is larger than an event: it is merged, and the log holds what
/// fits with a count of the rest.
#[test]
fn three_hundred_long_file_names_do_not_stop_the_merge_queue() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        handed_in(&world, &server, &long_names("", "")).await;
        world.within("merged", server.completed()).await;

        let built = &world.facts("trunk.candidate_built").await[0]["changes"];
        let files = built["files"].as_array().expect("files").len() as u64;
        assert!(files > 50, "{files}");
        assert_eq!(built["more"], 300 - files);
        world.end(server).await;
    });
}

/// The same where each of them is protected: it is held with a list that fits, and an approval
/// holds for all of them.
#[test]
fn three_hundred_protected_paths_are_held_and_approved_as_one() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        handed_in(&world, &server, &long_names("a", "/Cargo.lock")).await;
        let held = server.until(|view| view.merge_queue.state.held.first().map(|e| e.number));
        let entry = world.within("held", held).await;

        let approved = server.operator.approve_change(&context(), ZOO, entry).await;
        approved.expect("approved");
        world.within("merged", server.completed()).await;
        assert_eq!(world.count("trunk.held").await, 1, "approved once, for all");
        world.end(server).await;
    });
}

/// Features at every bound, in every number of steps: each id that is answered becomes a feature.
#[test]
fn what_is_accepted_exists() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "hang", &[])]);
        opened.await.expect("opened");
        let mut accepted = BTreeSet::new();
        for steps in [1, 100, 500, 501, 5_000, 16_384] {
            let content = Content {
                title: "\u{1f980}".repeat(200),
                description: "d".repeat(32 * 1024),
                steps: vec!["s".repeat(16 * 1024 / steps); steps],
                category: "c".repeat(200),
                labels: vec!["l".repeat(200); 20],
                ..Content::default()
            };
            let batch = Batch::single(content, vec![]);
            match server.operator.add_features(&context(), ZOO, &batch).await {
                Ok(written) => accepted.extend(written.ids),
                Err(problem) => {
                    assert!(steps > 500, "{steps}: {problem}");
                    assert!(problem.message.contains("steps"), "{problem}");
                }
            }
        }
        assert_eq!(accepted.len(), 3);
        for id in accepted {
            let id = id.parse().expect("an id");
            let exists = server.until(|view| view.feature(&id).map(|_| ()));
            world.within("it exists", exists).await;
        }
        world.end(server).await;
    });
}

/// A log that turns one kind of event down when its payload has this word in it: as one that is
/// too large would be turned down.
struct Stubborn {
    inner: Arc<MemoryLog>,
    kind: &'static str,
    word: &'static str,
    /// Whose event it was.
    refused: OnceLock<StreamId>,
}

impl Stubborn {
    async fn appended(&self, append: Append) -> Result<Receipt, AppendError> {
        let has_it = |event: &NewEvent| {
            let mut words = event.payload.windows(self.word.len());
            event.kind.name == self.kind && words.any(|word| word == self.word.as_bytes())
        };
        if append.events.iter().any(has_it) {
            self.refused.get_or_init(|| append.stream.clone());
            let why = format!("a payload of 70000 bytes, at most {PAYLOAD_MAX} are allowed");
            return Err(AppendError::Invalid(why));
        }
        self.inner.append(append).await
    }
}

reads_below!(Stubborn);

/// What a policy owes and the rules turn down for good is named under Needs you, on every page, and
/// goes when it is owed no more.
#[test]
fn what_a_policy_cannot_get_done_is_shown() {
    story(|| async {
        let world = World::new();
        let stubborn = Stubborn {
            inner: world.log.clone(),
            kind: "feature.created",
            word: "lions",
            refused: OnceLock::new(),
        };
        let stubborn = Arc::new(stubborn);
        let server = world.start_on(stubborn.clone()).await.expect("started");
        let items = ["lions", "tigers"].map(|name| {
            let script = format!("write {name} fed\ncommit Feed\nsubmit");
            let on: &[&str] = if name == "tigers" { &["lions"] } else { &[] };
            scripted(name, &script, on)
        });
        let opened = server.open_zoo(&world, 1, items.into());
        opened.await.expect("opened");

        let shown = |server: &Server| {
            let project = server.operator.project(ZOO).expect("the zoo").needs;
            project.into_iter().find(|need| need.kind == "stuck")
        };
        let mut faults = server.core.faults.changes();
        let need = loop {
            if let Some(need) = shown(&server) {
                break need;
            }
            world.within("told", faults.changed()).await.expect("alive");
        };
        let Some(StreamId::Feature(_, id)) = stubborn.refused.get() else {
            panic!("no feature was turned down");
        };
        let id = id.to_string();
        let told = format!("creating the feature {id} was refused");
        assert!(
            need.text.contains(&told) && need.text.contains("70000 bytes"),
            "{need}"
        );
        let remedy = format!("supercargo feature withdraw {ZOO} {id}");
        assert_eq!(need.command, Some(remedy));
        let board = server.operator.board(ZOO).expect("the zoo").project.needs;
        assert!(board.iter().any(|told| told.command == need.command));

        // A person takes out what never came to exist; then nothing is owed.
        let withdrawn = server.operator.withdraw(&context(), ZOO, &id).await;
        withdrawn.expect("withdrawn");
        while shown(&server).is_some() {
            world.within("gone", faults.changed()).await.expect("alive");
        }
        // The rest of its batch is worked on: nothing is missing any more.
        world.within("completed", server.completed()).await;
        assert_eq!(world.count("feature.closed").await, 1);
        world.end(server).await;
    });
}
