//! Plays a script in the slot it runs in.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use actors::sessions::wire::Say;
use events::verdict::{Checked, Finding, Judgement, Ran, Report, Verdict};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use super::{BACKLOG_FENCE, Line, REVIEW_FENCE, SCRIPT_FENCE, fenced, parse};
use crate::agent::verbs::{Slot, VerbError};
use crate::named;

/// Plays the role this slot has and answers the exit code.
pub async fn run() -> i32 {
    match play().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

async fn play() -> Result<i32, VerbError> {
    let slot = Slot::from_environment()?;
    let prompt = std::env::var("SUPERCARGO_PROMPT")
        .map_err(|_| VerbError("SUPERCARGO_PROMPT is not set".to_owned()))?;
    let prompt =
        fs_err::read_to_string(&prompt).map_err(|e| VerbError(format!("{prompt}: {e}")))?;
    println!("{} at work", slot.role);

    match slot.role.as_str() {
        "initializer" => initialize(&slot, &prompt).await,
        "coder" => code(&slot, &prompt).await,
        "reviewer" => review(&slot, &prompt).await,
        "overseer" => oversee(&slot).await,
        other => Err(VerbError(format!("no script for the role {other}"))),
    }
}

async fn initialize(slot: &Slot, prompt: &str) -> Result<i32, VerbError> {
    let lines = fenced(prompt, BACKLOG_FENCE)
        .ok_or_else(|| VerbError("the spec holds no backlog to hand in".to_owned()))?;
    let batch = serde_json::from_str(&lines.join("\n"))
        .map_err(|e| VerbError(format!("the backlog in the spec: {e}")))?;
    let said = slot.say(&Say::Backlog { batch }).await?;
    println!("handed in {} features", said.ids.len());
    Ok(0)
}

async fn code(slot: &Slot, prompt: &str) -> Result<i32, VerbError> {
    let lines = fenced(prompt, SCRIPT_FENCE)
        .ok_or_else(|| VerbError("the feature holds no script".to_owned()))?;
    let script = parse(&lines, slot.claim).map_err(VerbError)?;
    for line in script {
        println!("{line:?}");
        if let Some(code) = step(slot, line).await? {
            return Ok(code);
        }
    }
    Ok(0)
}

/// One line; `Some` ends the agent.
async fn step(slot: &Slot, line: Line) -> Result<Option<i32>, VerbError> {
    match line {
        Line::Write { path, text } => write(&path, &format!("{text}\n"), false)?,
        Line::Append { path, text } => write(&path, &format!("{text}\n"), true)?,
        Line::Commit(message) => {
            slot.git(&["add", "--all"]).await?;
            slot.git(&["commit", "--quiet", "--allow-empty", "-m", &message])
                .await?;
        }
        Line::Submit => {
            let said = slot.submit().await?;
            println!("submitted, recorded at position {}", said.position);
        }
        Line::Comment(text) => drop(slot.say(&Say::Comment { text }).await?),
        Line::Sleep(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Line::Root => {
            let first = slot.git(&["rev-list", "--max-parents=0", "HEAD"]).await?;
            let first = first.lines().last().unwrap_or("HEAD").to_owned();
            slot.git(&["reset", "--quiet", "--hard", &first]).await?;
        }
        Line::Ask(question) => {
            slot.say(&Say::Ask { question }).await?;
            return Ok(Some(0));
        }
        Line::Release(reason) => {
            slot.say(&Say::Release { reason }).await?;
            return Ok(Some(0));
        }
        Line::Exit(code) => return Ok(Some(code)),
        Line::Crash => kill(Pid::this(), Signal::SIGKILL).map_err(|e| VerbError(e.to_string()))?,
        Line::Hang => std::future::pending().await,
        Line::Flood(kib) => flood(kib)?,
        Line::Deaf => drop(signal(SignalKind::terminate()).map_err(|e| VerbError(e.to_string()))?),
        Line::Say(text) => println!("{text}"),
        Line::Reject(_) | Line::Run(_) | Line::Pass => {
            return Err(VerbError("a coder judges nothing".to_owned()));
        }
    }

    Ok(None)
}

fn write(path: &str, text: &str, append: bool) -> Result<(), VerbError> {
    let failed = |e: std::io::Error| VerbError(format!("{path}: {e}"));

    if let Some(folder) = Path::new(path).parent() {
        fs_err::create_dir_all(folder).map_err(failed)?;
    }

    let mut options = fs_err::OpenOptions::new();

    options
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}

fn flood(kib: usize) -> Result<(), VerbError> {
    let block = [b'~'; 1024];
    let mut out = std::io::stdout().lock();
    for _ in 0..kib {
        out.write_all(&block)
            .map_err(|e| VerbError(e.to_string()))?;
    }
    Ok(())
}

async fn shell(line: &str) -> Result<i32, VerbError> {
    let failed = |e| VerbError(format!("{line}: {e}"));
    let mut command = tokio::process::Command::new("sh");
    let mut child = named::spawn(command.arg("-c").arg(line)).map_err(failed)?;
    let status = child.wait().await.map_err(failed)?;
    Ok(status.code().unwrap_or(-1))
}

/// Judges by its script, or by looking: is there a change, and does the verification pass on it?
async fn review(slot: &Slot, prompt: &str) -> Result<i32, VerbError> {
    let lines = fenced(prompt, REVIEW_FENCE).unwrap_or_default();
    let script = parse(&lines, slot.claim).map_err(VerbError)?;
    let mut verdict = Verdict {
        judgement: Judgement::Pass,
        findings: vec![],
        ran: vec![],
    };
    let look = "git show --stat --format= HEAD";
    let mut commands = vec![look.to_owned()];
    if !slot.verify.is_empty() {
        commands.push(slot.verify.clone());
    }
    let mut reject = |why: String| {
        verdict.findings.push(Finding {
            path: None,
            line: None,
            why,
        })
    };

    for line in script {
        match line {
            Line::Reject(why) => reject(why),
            Line::Run(command) => commands.push(command),
            Line::Pass => {}
            Line::Exit(code) => return Ok(code),
            Line::Crash => {
                kill(Pid::this(), Signal::SIGKILL).map_err(|e| VerbError(e.to_string()))?
            }
            Line::Hang => std::future::pending().await,
            other => return Err(VerbError(format!("a reviewer does not {other:?}"))),
        }
    }

    for command in commands {
        let exit = shell(&command).await?;
        if exit != 0 {
            reject(format!("`{command}` ended with exit code {exit}"));
        }
        verdict.ran.push(Ran { command, exit });
    }

    if !verdict.findings.is_empty() {
        verdict.judgement = Judgement::Reject;
    }

    println!("{verdict:?}");
    slot.say(&Say::Verdict { verdict }).await?;

    Ok(0)
}

/// Runs the verification on the published tree, and says what it saw.
async fn oversee(slot: &Slot) -> Result<i32, VerbError> {
    let mut report = Report {
        checked: vec![],
        findings: vec![],
    };
    let files = slot.git(&["ls-files"]).await?;
    let evidence = format!("{} files at {}", files.lines().count(), slot.sha);

    report.checked.push(Checked {
        requirement: "the published tree is there".to_owned(),
        evidence,
    });
    if !slot.verify.is_empty() {
        let exit = shell(&slot.verify).await?;
        let requirement = "the verification passes on the published tree".to_owned();
        report.checked.push(Checked {
            requirement,
            evidence: format!("`{}` ended with exit code {exit}", slot.verify),
        });
        if exit != 0 {
            let why = format!(
                "the verification fails on the published tree {}: exit code {exit}",
                slot.sha
            );
            report.findings.push(Finding {
                path: None,
                line: None,
                why,
            });
        }
    }

    println!("{report:?}");
    slot.say(&Say::Report { report }).await?;

    Ok(0)
}
