//! Time from the start of a project with ten agents to ten sessions at work in containers, against
//! ten bare `docker run` of the same image in the same run, taken in turns.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use events::backlog::{Batch, BatchItem};
use events::container::SlotState;
use events::feature::Content;
use events::id::ProjectName;
use events::project::ProjectKind;
use events::settings::{AgentSpec, ContainerLimits, Dialect};
use supercargo::api::{NewProject, ProjectChange};
use supercargo::app::{App, DataFolder, Ownership, on_system};
use supercargo::engine::choice::{EngineArgs, EngineChoice};
use supercargo::engine::docker::image::IMAGE;
use supercargo::operator::{RequestContext, Wanted};

use crate::record::{self, Better};

const AGENTS: u16 = 10;
/// Agents of the crowd.
const CROWD: u16 = 50;
const ROUNDS: usize = 5;
/// Ten sessions are at work within this time, or something is wrong.
const AT_WORK_WITHIN: Duration = Duration::from_secs(120);

pub(crate) fn run() -> anyhow::Result<()> {
    let answers = Command::new("docker")
        .args(["image", "inspect", IMAGE])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !answers.is_ok_and(|status| status.success()) {
        println!("start: skipped, no Docker engine with {IMAGE} answers");
        return Ok(());
    }

    let (mut ours, mut bare) = (Vec::new(), Vec::new());

    for _ in 0..ROUNDS {
        bare.push(ten_bare()?);
        let folder = tempfile::tempdir()?;
        ours.push(on_system(sessions(folder.path(), AGENTS, || ()))?.0);
    }

    let (ours, bare) = (crate::sorted(ours), crate::sorted(bare));
    let (ours, bare) = (crate::percentile(&ours, 0.5), crate::percentile(&bare, 0.5));

    record::figure(
        "start.docker",
        ours / bare,
        "as many bare docker run",
        Better::Lower,
    )?;
    println!(
        "start: {AGENTS} sessions at work {ours:.2} s after the project's start; {AGENTS} bare \
         `docker run` {bare:.2} s; {:.2} × ({ROUNDS} rounds)",
        ours / bare
    );

    Ok(())
}

/// Fifty scripted agents in containers at once: what the server and the runners take of the memory.
pub(crate) fn crowd() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (took, runners) = on_system(sessions(folder.path(), CROWD, runners))?;
    let (all, own): (Vec<f64>, Vec<f64>) = runners.into_iter().unzip();
    let (all, own) = (crate::sorted(all), crate::sorted(own));

    record::figure(
        "crowd.runner",
        crate::percentile(&all, 0.5),
        "one MiB resident",
        Better::Lower,
    )?;
    println!(
        "crowd: {CROWD} sessions at work {took:.1} s after the project's start; server {:.1} MiB \
         resident; {} runners with {:.1} MiB (p50), \
         of which {:.1} MiB their own",
        resident("/proc/self/status", "VmRSS:"),
        all.len(),
        crate::percentile(&all, 0.5),
        crate::percentile(&own, 0.5),
    );

    Ok(())
}

/// MiB of a line of a process's status.
fn resident(status: &str, field: &str) -> f64 {
    let text = fs_err::read_to_string(status).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.split_whitespace().next());
    line.and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or(f64::NAN)
        / 1024.0
}

/// Resident MiB of every runner on this machine: all of it, and what no file backs.
fn runners() -> Vec<(f64, f64)> {
    let processes = fs_err::read_dir("/proc").into_iter().flatten().flatten();
    let is_runner = |path: &Path| {
        let line = fs_err::read(path.join("cmdline")).unwrap_or_default();
        line.starts_with(b"/door/supercargo\0runner")
    };
    let found = processes
        .map(|process| process.path())
        .filter(|path| is_runner(path))
        .map(|path| path.join("status"));
    let found = found.filter_map(|status| status.to_str().map(str::to_owned));

    found
        .map(|status| (resident(&status, "VmRSS:"), resident(&status, "RssAnon:")))
        .collect()
}

/// Seconds until ten containers of the image run, started at once.
fn ten_bare() -> anyhow::Result<f64> {
    let began = crate::now();
    let children: Vec<_> = (0..AGENTS)
        .map(|_| {
            let mut command = Command::new("docker");
            command.args([
                "run",
                "--detach",
                "--network",
                "none",
                "--label",
                "supercargo-bench=1",
                IMAGE,
                "sleep",
                "60",
            ]);
            command.stdout(Stdio::piped()).spawn()
        })
        .collect::<Result<_, _>>()?;
    let mut ids = Vec::new();

    for child in children {
        let output = child.wait_with_output()?;
        ids.push(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }

    let took = began.elapsed().as_secs_f64();

    let removed = Command::new("docker")
        .args(["rm", "--force"])
        .args(&ids)
        .stdout(Stdio::null())
        .status()?;
    if removed.success() {
        Ok(took)
    } else {
        bail!("the bare containers could not be removed")
    }
}

/// Seconds until so many sessions are at work, and what was looked at then.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind; to be split by concept"
)]
async fn sessions<T>(
    folder: &Path,
    agents: u16,
    look: impl FnOnce() -> T,
) -> anyhow::Result<(f64, T)> {
    let upstream = folder.join("upstream.git");
    crate::claims::seed(&upstream)?;
    let mut app = App::open(DataFolder::make(&folder.join("data"))?, Ownership::Respect).await?;
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
    let container = Some(ContainerLimits {
        memory_mib: 256,
        work_mib: 64,
        cpu_milli: 500,
        ..ContainerLimits::default()
    });
    let change = ProjectChange {
        target: Some(agents),
        agent: Some(AgentSpec::of(Dialect::Script)),
        target_max: Some(agents),
        container,
        ..ProjectChange::default()
    };
    operator
        .change_project(&context(), "bench", &change)
        .await?;
    let description = "```supercargo-script\nhang\n```".to_owned();
    let content = |n| Content {
        description: description.clone(),
        ..Content::titled(&format!("F{n}"))
    };
    let items = (0..agents).map(|n| BatchItem::of(content(n))).collect();

    operator
        .add_features(
            &context(),
            "bench",
            &Batch {
                prefix: "f".into(),
                items,
            },
        )
        .await?;
    app.begin(&EngineArgs {
        engine: EngineChoice::Docker,
        image: Some(IMAGE.to_owned()),
        ..EngineArgs::default()
    })
    .await?;
    let project: ProjectName = "bench".parse().map_err(|e| anyhow::anyhow!("{e}"))?;
    let began = crate::now();
    operator.intend(&context(), "bench", Wanted::Start).await?;
    let at_work = operator.core.projector.wait_until(|projections| {
        let slots = projections.projects.get(&project)?.enlisted();
        let working = slots
            .filter(|(_, slot, _)| matches!(slot.state, SlotState::Running { begun: true, .. }))
            .count();
        (working == usize::from(agents)).then_some(())
    });
    tokio::time::timeout(AT_WORK_WITHIN, at_work)
        .await
        .context("not all sessions were at work in time")?;
    let took = began.elapsed().as_secs_f64();
    let looked = look();
    operator.intend(&context(), "bench", Wanted::Stop).await?;
    let gone = operator.core.projector.wait_until(|projections| {
        let mut slots = projections.projects.get(&project)?.enlisted();
        slots.all(|(_, slot, _)| slot.job().is_none()).then_some(())
    });
    tokio::time::timeout(AT_WORK_WITHIN, gone)
        .await
        .context("the sessions did not end")?;
    app.stop().await;

    Ok((took, looked))
}
