//! Resident memory of the server process while three agents build the demo.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::record::{self, Better};

/// How often the kernel is asked.
const EVERY: Duration = Duration::from_millis(50);

pub(crate) fn run() -> anyhow::Result<()> {
    for (agents, features) in [(3, 12), (8, 40)] {
        let (agents, features) = (agents.to_string(), features.to_string());
        let child = Command::new(env!("CARGO_BIN_EXE_supercargo"))
            .env("SUPERCARGO_ENGINE", "process")
            .args([
                "try",
                "--exit-when-done",
                "--agents",
                &agents,
                "--features",
                &features,
            ])
            .stdout(Stdio::null())
            .spawn()?;
        let began = crate::now();
        let (peak, last, ok) = watch(child)?;
        let wall = began.elapsed().as_secs_f64();
        record::figure(
            &format!("memory.{agents}"),
            mib(peak),
            "one MiB resident at the peak",
            Better::Lower,
        )?;
        println!(
            "memory: try --agents {agents} --features {features}: peak {:.1} MiB, last seen {:.1} \
             MiB resident; {wall:.1} s, completed: {ok}",
            mib(peak),
            mib(last)
        );
    }

    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// Peak and last resident KiB of a child, and whether it ended well.
fn watch(mut child: Child) -> anyhow::Result<(u64, u64, bool)> {
    let (mut peak, mut last) = (0, 0);

    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((peak, last, status.success()));
        }
        let status =
            fs_err::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find(|l| l.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        peak = field("VmHWM:").unwrap_or(peak);
        last = field("VmRSS:").unwrap_or(last);
        std::thread::sleep(EVERY);
    }
}
