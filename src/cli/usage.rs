//! `supercargo project usage`.

use events::id::ProjectName;

use super::client::ask;
use super::{DataArgs, OutputArgs};
use crate::api::ProjectUsage;
use crate::terminal::{self, say};

/// The arguments of `project usage`.
#[derive(Debug, clap::Args)]
pub(super) struct UsageArgs {
    /// Its name
    name: ProjectName,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: &UsageArgs) -> anyhow::Result<()> {
    let usage: ProjectUsage = ask(
        &args.data,
        "GET",
        &format!("/api/v1/projects/{}/usage", args.name),
        &(),
    )
    .await?;

    if args.output.json {
        return Ok(terminal::json(&usage)?);
    }

    for line in lines(&usage) {
        say!("{line}")?;
    }

    Ok(())
}

fn lines(usage: &ProjectUsage) -> Vec<String> {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1024 * 1024));
    let containers = usage.containers.iter().map(|container| {
        let (now, most) = (mib(container.memory_bytes), mib(container.memory_max_bytes));
        let seconds = container.cpu_ms as f64 / 1000.0;
        format!(
            "{:>3}  {:<11} {now} of {most}, {} processes, {seconds:.1} s of processor",
            container.n, container.role, container.processes
        )
    });
    let models = &usage.models;
    let read = models.input + models.cache_read + models.cache_write;
    let money = models.micro_usd as f64 / 1_000_000.0;
    let unpriced = if models.unpriced > 0 {
        format!(", and {} requests without a price", models.unpriced)
    } else {
        String::new()
    };

    let (disk, noise) = (&usage.disk, &usage.noise);
    let denied = usage.egress_denied;
    let rest = [
        format!(
            "models   {} requests, {read} tokens read, {} written, {money:.2} USD{unpriced}",
            models.requests, models.output
        ),
        format!(
            "way out  {} moved, {denied} denied",
            mib(usage.egress_bytes)
        ),
        format!(
            "outside  {} hooks, {} repeated, {} refused, {} pushes to refs of nobody",
            noise.hooks, noise.hooks_repeated, noise.hooks_refused, noise.pushes_refused
        ),
        format!(
            "disk     gate {}, caches {}, transcripts {}",
            mib(disk.gate_bytes),
            mib(disk.cache_bytes),
            mib(disk.transcript_bytes)
        ),
    ];
    let none = usage
        .containers
        .is_empty()
        .then(|| "no container runs".to_owned());
    let trouble = usage
        .engine_trouble
        .iter()
        .map(|why| format!("the engine could not be asked: {why}"));

    none.into_iter()
        .chain(containers)
        .chain(trouble)
        .chain(rest)
        .collect()
}
