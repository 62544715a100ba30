//! A hundred claims at once, through the claim queue, on the real log: on forty ready features, so
//! that most of them get nothing, and on thousands.

use std::path::Path;
use std::time::Duration;

use actors::claims::queue::Asking;
use anyhow::{Context, bail};
use events::backlog::{Batch, BatchItem};
use events::cause::{Cause, Principal};
use events::feature::{self, Content};
use events::holder::Holder;
use events::id::{CommandId, ProjectName};
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::project::ProjectKind;
use events::settings::{AgentSpec, Dialect};
use events::stream::StreamId;
use supercargo::api::{NewProject, ProjectChange};
use supercargo::app::{App, DataFolder, Ownership, on_system};
use supercargo::engine::choice::{EngineArgs, EngineChoice};
use supercargo::operator::{Operator, RequestContext, Wanted};

use crate::record::{self, Better};

const READY: usize = 40;
/// Ready features of a large backlog: a claim costs the same there.
const MANY: usize = 5_000;
/// Features of one batch.
const BATCH: usize = 500;
const CLAIMS: usize = 100;
/// Durable appends of the disk alone, between two rounds.
const PROBES: usize = 20;
/// The features are ready within this time, or something is wrong.
const READY_WITHIN: Duration = Duration::from_secs(300);

pub(crate) fn run() -> anyhow::Result<()> {
    let many = crate::count(MANY, 2 * BATCH);
    for (name, ready) in [("claims.p99", READY), ("claims.many.p99", many)] {
        let folder = tempfile::tempdir()?;
        on_system(measure(folder.path(), name, ready))?;
    }
    Ok(())
}

struct Scene {
    app: App,
    operator: Operator,
    project: ProjectName,
    /// Features that are ready before each round.
    ready: usize,
}

async fn measure(folder: &Path, name: &str, ready: usize) -> anyhow::Result<()> {
    let scene = Scene::set(folder, ready).await?;
    let (mut latencies, mut bursts, mut disk) = (Vec::new(), Vec::new(), Vec::new());

    let rounds = crate::count(30, 2);
    for round in 0..rounds {
        disk.extend(crate::disk::durable_appends(folder, PROBES)?);
        let (took, burst) = scene.round(round).await?;
        latencies.extend(took);
        bursts.push(burst);
    }

    let (latencies, bursts, disk) = (
        crate::sorted(latencies),
        crate::sorted(bursts),
        crate::sorted(disk),
    );
    let (p50, p99) = (
        crate::percentile(&latencies, 0.5),
        crate::percentile(&latencies, 0.99),
    );
    let f = crate::percentile(&disk, 0.5);
    record::figure(name, p99 / f, "a durable append", Better::Lower)?;
    println!(
        "claims: {CLAIMS} at once on {ready} ready features, {rounds} rounds: p50 {p50:.2} ms, p99 \
         {p99:.2} ms, whole burst p50 {:.2} ms; \
         one durable append p50 {f:.2} ms, p99 {:.2} ms; p99 is {:.1} × a durable append",
        crate::percentile(&bursts, 0.5),
        crate::percentile(&disk, 0.99),
        p99 / f
    );
    scene.app.stop().await;

    Ok(())
}

/// An upstream with one empty commit.
pub(crate) fn seed(path: &Path) -> anyhow::Result<()> {
    let mut options = git2::RepositoryInitOptions::new();
    let repo = git2::Repository::init_opts(path, options.bare(true).initial_head("main"))?;
    let tree = repo.find_tree(repo.treebuilder(None)?.write()?)?;
    let who = git2::Signature::new("bench", "bench@localhost", &git2::Time::new(0, 0))?;
    repo.commit(Some("refs/heads/main"), &who, &who, "Begin", &tree, &[])?;
    Ok(())
}

impl Scene {
    async fn set(folder: &Path, ready: usize) -> anyhow::Result<Self> {
        let data = DataFolder::make(&folder.join("data"))?;
        let upstream = folder.join("upstream.git");
        seed(&upstream)?;
        let mut app = App::open(data, Ownership::Respect).await?;
        let operator = app.served(None).operator;
        let context = || RequestContext::fresh("bench");
        let git_url = upstream.display().to_string();
        let new = NewProject {
            name: "bench".into(),
            git_url,
            kind: ProjectKind::Existing,
            spec: None,
            credential: None,
        };
        operator.add_project(&context(), new).await?;
        let change = ProjectChange {
            target: Some(0),
            agent: Some(AgentSpec::of(Dialect::Script)),
            ..ProjectChange::default()
        };
        operator
            .change_project(&context(), "bench", &change)
            .await?;

        let numbers: Vec<usize> = (0..ready).collect();
        for part in numbers.chunks(BATCH) {
            let item = |n: &usize| BatchItem::of(Content::titled(&format!("F{n}")));
            let batch = Batch {
                prefix: "f".into(),
                items: part.iter().map(item).collect(),
            };
            operator.add_features(&context(), "bench", &batch).await?;
        }

        operator.intend(&context(), "bench", Wanted::Start).await?;
        app.begin(&EngineArgs {
            engine: EngineChoice::Process,
            ..EngineArgs::default()
        })
        .await?;

        Ok(Self {
            app,
            operator,
            ready,
            project: "bench".parse().map_err(|e| anyhow::anyhow!("{e}"))?,
        })
    }

    async fn all_ready(&self) -> anyhow::Result<()> {
        let ready = self.operator.core.projector.wait_until(|projections| {
            let view = projections.projects.get(&self.project)?;
            (view.ready().count() == self.ready && view.merge_queue.state.head.is_some())
                .then_some(())
        });
        tokio::time::timeout(READY_WITHIN, ready)
            .await
            .context("the features were never ready")
    }

    /// Milliseconds of each claim and of the whole burst; what was claimed is given back.
    async fn round(&self, round: usize) -> anyhow::Result<(Vec<f64>, f64)> {
        self.all_ready().await?;
        let began = crate::now();
        let claims = (0..CLAIMS).map(|n| async move {
            let began = crate::now();
            let id = CommandId::derived(&["bench", &round.to_string(), &n.to_string()]);
            let principal = format!("c{n}");
            let asking = Asking {
                project: self.project.clone(),
                feature: None,
                holder: Holder::Outside {
                    principal: principal.clone(),
                },
                id,
                cause: Cause::first(Principal::Operator(principal.into()), id),
                preconditions: vec![],
            };
            let granted = self.operator.core.claim_queue.claim(asking).await?;
            Ok::<_, actors::host::ExecuteError>((granted, began.elapsed().as_secs_f64() * 1e3))
        });
        let answers = futures::future::try_join_all(claims).await?;
        let burst = began.elapsed().as_secs_f64() * 1e3;
        let granted: Vec<_> = answers
            .iter()
            .filter_map(|(granted, _)| granted.clone())
            .collect();

        let due = CLAIMS.min(self.ready);
        if granted.len() != due {
            bail!("{} of {due} were granted", granted.len());
        }

        for grant in granted {
            let id = RequestContext::fresh("bench").id;
            let release = feature::Command::Release {
                epoch: grant.epoch,
                outcome: Outcome::Stopped,
                detail: "bench".into(),
            };
            let stream = StreamId::Feature(self.project.clone(), grant.feature);
            let cause = Cause::first(Principal::Operator("bench".into()), id);
            self.operator
                .core
                .directory
                .execute(&stream, AnyCommand::Feature(release), id, cause, vec![])
                .await?;
        }

        Ok((answers.into_iter().map(|(_, took)| took).collect(), burst))
    }
}
