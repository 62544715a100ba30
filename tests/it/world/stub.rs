//! The runner and the agent of a stub container in one task: real commits in a real clone, and the
//! same requests a runner makes, repeated until they are answered.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actors::rejection::Rejection;
use actors::sessions::Sessions;
use actors::sessions::wire::{Ending, NeverRan, Say, SessionBrief, Verification};
use events::backlog::{Batch, BatchItem};
use events::feature::Content;
use events::holder::Role;
use events::id::{Digest, SessionId};
use events::verdict::{Checked, Finding, Judgement, Ran, Report, Verdict};
use supercargo::script::{Line, REVIEW_FENCE, SCRIPT_FENCE, fenced, parse};
use tokio::sync::watch;

use super::temper::{Act, Temper};

/// Between two signs of life: five seconds of the World.
const BEAT_EVERY: Duration = Duration::from_millis(100);

type Server = watch::Receiver<Option<Sessions>>;

/// Runs git in a folder.
pub(crate) fn git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = std::process::Command::new("git");

    for name in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{name}_NAME"), "A stub")
            .env(format!("GIT_{name}_EMAIL"), "stub@localhost");
    }

    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");

    let output = command
        .args(args)
        .current_dir(folder)
        .output()
        .map_err(|e| e.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Asks the server until it answers or turns it down; while it is away, waits for the next one.
async fn ask<T, F: Future<Output = Result<T, Rejection>>>(
    server: &Server,
    mut request: impl FnMut(Sessions) -> F,
) -> Result<T, String> {
    let mut server = server.clone();

    loop {
        let sessions = server
            .wait_for(Option::is_some)
            .await
            .map_err(|e| e.to_string())?
            .clone();
        let Some(sessions) = sessions else { continue };
        // A crash cuts the connection: the request is repeated to the next server.
        let answer = tokio::select! {
            answer = request(sessions) => answer,
            _ = server.changed() => continue,
        };
        match answer {
            Ok(answer) => return Ok(answer),
            Err(later) if later.is_passing() => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(refused) => return Err(format!("{}: {}", refused.code, refused.message)),
        }
    }
}

/// One session, from hello to end; answers the exit code.
pub(crate) async fn run(
    session: SessionId,
    server: Server,
    tree: PathBuf,
    gate: PathBuf,
    temper: Option<Arc<Temper>>,
) -> i32 {
    let Ok(brief) = ask(&server, |s| {
        let id = session.clone();
        async move { s.hello(&id).await }
    })
    .await
    else {
        return 1;
    };
    let stub = Stub {
        session,
        server,
        tree,
        gate,
        brief,
        temper,
        silent: AtomicBool::new(false),
    };

    let act = stub.act();
    if act == Act::Vanishes {
        return 1;
    }

    let said = ask(&stub.server, |s| {
        let (id, said) = (
            stub.session.clone(),
            format!("at work as {}\n", stub.brief.role.name()),
        );
        async move { s.output(&id, 1, said.as_bytes()).await }
    });
    if said.await.is_err() {
        return 1;
    }

    let acted = tokio::select! {
        acted = stub.acts(act) => acted,
        never = stub.beats(act) => match never {},
    };
    let ending = match acted {
        Ok(ending) => ending,
        Err(_) => ending(Some(1)),
    };
    let ended = ask(&stub.server, |s| {
        let (id, ending) = (stub.session.clone(), ending.clone());
        async move { s.end(&id, &ending).await }
    });

    i32::from(ended.await.is_err())
}

fn ending(exit_code: Option<i32>) -> Ending {
    Ending {
        exit_code,
        ..Ending::default()
    }
}

fn never_ran(why: NeverRan) -> Ending {
    Ending {
        trouble: Some("it cannot be run".to_owned()),
        never_ran: Some(why),
        ..Ending::default()
    }
}

fn finding(why: String) -> Finding {
    Finding {
        path: None,
        line: None,
        why,
    }
}

struct Stub {
    session: SessionId,
    server: Server,
    tree: PathBuf,
    gate: PathBuf,
    brief: SessionBrief,
    temper: Option<Arc<Temper>>,
    /// Whether it is silent from here on, as what hangs is.
    silent: AtomicBool,
}

impl Stub {
    async fn say(&self, say: Say) -> Result<(), String> {
        let said = ask(&self.server, |s| {
            let (id, say) = (self.session.clone(), say.clone());
            async move { s.say(&id, say).await }
        });
        said.await.map(|_| ())
    }

    async fn git(&self, args: &[&str]) -> Result<String, String> {
        let (tree, args): (PathBuf, Vec<String>) = (
            self.tree.clone(),
            args.iter().map(|a| (*a).to_owned()).collect(),
        );
        let ran = tokio::task::spawn_blocking(move || {
            git(&tree, &args.iter().map(String::as_str).collect::<Vec<_>>())
        });
        ran.await.map_err(|e| e.to_string())?
    }

    /// What this session does: in a storm, what its temper says.
    fn act(&self) -> Act {
        match &self.temper {
            Some(temper) => temper.act(self.brief.role, self.brief.feature.as_ref()),
            None => Act::AsTold,
        }
    }

    /// Signs of life until the work is done, as a runner gives them: a slow machine is no silent
    /// agent, although the World's clock runs on meanwhile. What hangs is silent as well.
    async fn beats(&self, act: Act) -> std::convert::Infallible {
        if act == Act::Hangs {
            std::future::pending::<()>().await;
        }
        let mut server = self.server.clone();
        loop {
            if let Some(sessions) = server.borrow_and_update().clone()
                && !self.silent.load(Ordering::SeqCst)
            {
                let _over = sessions.beat(&self.session);
            }
            tokio::time::sleep(BEAT_EVERY).await;
        }
    }

    async fn acts(&self, act: Act) -> Result<Ending, String> {
        match act {
            Act::Idles => return Ok(ending(Some(0))),
            Act::Fails | Act::Vanishes => return Ok(ending(Some(1))),
            Act::Full => {
                return Ok(Ending {
                    context_full: true,
                    ..ending(None)
                });
            }
            Act::NoSetup => return Ok(never_ran(NeverRan::Setup)),
            Act::NoTool => return Ok(never_ran(NeverRan::Tool)),
            Act::Hangs => {
                if let Some(temper) = &self.temper {
                    temper.calmed().await;
                }
            }
            Act::AsTold
            | Act::Well
            | Act::Collides
            | Act::HandsInAndFails
            | Act::Asks
            | Act::GivesBack
            | Act::TurnsDown
            | Act::NoCommand => {}
        }

        self.check_out().await?;
        match self.brief.role {
            Role::Coder if act == Act::AsTold => self.code().await,
            Role::Coder => self.code_by_itself(act).await,
            Role::Reviewer => self.review(act).await,
            Role::Overseer => self.oversee(act).await,
            Role::Verifier => self.verify(act).await,
            Role::Initializer => self.initialize().await,
        }
    }

    async fn check_out(&self) -> Result<(), String> {
        fs_err::create_dir_all(&self.tree).map_err(|e| e.to_string())?;
        if !self.tree.join(".git").exists() {
            self.git(&[
                "clone",
                "--quiet",
                "--no-checkout",
                self.gate.to_str().expect("path"),
                ".",
            ])
            .await?;
        }

        if let Some(reference) = &self.brief.fetch {
            self.git(&["fetch", "--quiet", "origin", reference]).await?;
        }

        let sha = self
            .brief
            .sha
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        self.git(&["checkout", "--quiet", "--force", "-B", "work", &sha])
            .await?;

        Ok(())
    }

    /// A feature without a script: a file of its own, or one that all others change as well.
    async fn code_by_itself(&self, act: Act) -> Result<Ending, String> {
        let feature = self.brief.feature.as_ref().map(ToString::to_string);
        let epoch = self.brief.epoch.map_or(0, |e| e.0);
        let text = format!("{feature:?} {epoch}\n");
        let path = match act {
            Act::Collides => {
                let first = self.git(&["rev-list", "--max-parents=0", "HEAD"]).await?;
                self.git(&["reset", "--quiet", "--hard", first.trim()])
                    .await?;
                "README".to_owned()
            }
            _ => format!("{}.txt", feature.unwrap_or_default()),
        };
        fs_err::write(self.tree.join(path), text).map_err(|e| e.to_string())?;
        self.git(&["add", "--all"]).await?;
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "Work"])
            .await?;
        match act {
            Act::Asks => {
                let question = "Which?".to_owned();
                self.say(Say::Ask { question }).await?;
            }
            Act::GivesBack => {
                let reason = "It cannot be done".to_owned();
                self.say(Say::Release { reason }).await?;
            }
            Act::HandsInAndFails => {
                self.submit().await?;
                return Ok(ending(Some(1)));
            }
            _ => self.submit().await?,
        }

        Ok(ending(Some(0)))
    }

    async fn oversee(&self, act: Act) -> Result<Ending, String> {
        let checked = vec![Checked {
            requirement: "it is there".into(),
            evidence: self.tree.display().to_string(),
        }];
        let findings = match act {
            Act::TurnsDown => vec![finding("Something is missing".to_owned())],
            _ => vec![],
        };
        let report = Report { checked, findings };
        self.say(Say::Report { report }).await?;
        Ok(ending(Some(0)))
    }

    async fn initialize(&self) -> Result<Ending, String> {
        let items = ["One", "Another"].map(|title| BatchItem::of(Content::titled(title)));
        let batch = Batch {
            prefix: "feat".into(),
            items: items.to_vec(),
        };
        self.say(Say::Backlog { batch }).await?;
        Ok(ending(Some(0)))
    }

    async fn code(&self) -> Result<Ending, String> {
        let lines = fenced(&self.brief.prompt, SCRIPT_FENCE).ok_or("no script")?;
        for line in parse(&lines, self.brief.epoch.map_or(0, |e| e.0))? {
            match line {
                Line::Write { path, text } => {
                    fs_err::write(self.tree.join(path), text).map_err(|e| e.to_string())?
                }
                Line::Commit(message) => {
                    self.git(&["add", "--all"]).await?;
                    self.git(&["commit", "--quiet", "--allow-empty", "-m", &message])
                        .await?;
                }
                Line::Submit => self.submit().await?,
                Line::Exit(code) => return Ok(ending(Some(code))),
                Line::Hang => {
                    self.silent.store(true, Ordering::SeqCst);
                    std::future::pending().await
                }
                Line::Ask(question) => self.say(Say::Ask { question }).await?,
                Line::Root => {
                    let first = self.git(&["rev-list", "--max-parents=0", "HEAD"]).await?;
                    self.git(&["reset", "--quiet", "--hard", first.trim()])
                        .await?;
                }
                other => return Err(format!("a stub does not {other:?}")),
            }
        }

        Ok(ending(Some(0)))
    }

    async fn submit(&self) -> Result<(), String> {
        let branch = self.brief.branch.clone().unwrap_or_default();
        let reference = format!("refs/heads/{branch}");

        ask(&self.server, |s| {
            let (id, reference) = (self.session.clone(), reference.clone());
            async move { s.may_push(&id, &reference) }
        })
        .await?;
        self.git(&[
            "push",
            "--quiet",
            "--force",
            "origin",
            &format!("HEAD:{reference}"),
        ])
        .await?;
        let sha = self
            .git(&["rev-parse", "HEAD"])
            .await?
            .trim()
            .parse()
            .map_err(|e| format!("{e}"))?;

        self.say(Say::Submit { sha }).await
    }

    async fn review(&self, act: Act) -> Result<Ending, String> {
        let lines = fenced(&self.brief.prompt, REVIEW_FENCE).unwrap_or_default();
        let script = parse(&lines, self.brief.epoch.map_or(0, |e| e.0))?;
        let mut findings: Vec<Finding> = script
            .into_iter()
            .filter_map(|line| match line {
                Line::Reject(why) => Some(finding(why)),
                _ => None,
            })
            .collect();

        if act == Act::TurnsDown {
            findings.push(finding("It is not what was asked for".to_owned()));
        }

        let judgement = if findings.is_empty() {
            Judgement::Pass
        } else {
            Judgement::Reject
        };

        let ran = vec![Ran {
            command: "git show".into(),
            exit: 0,
        }];

        self.say(Say::Verdict {
            verdict: Verdict {
                judgement,
                findings,
                ran,
            },
        })
        .await
        .map(|()| ending(Some(0)))
    }

    async fn verify(&self, act: Act) -> Result<Ending, String> {
        let tree = self
            .git(&["rev-parse", "HEAD^{tree}"])
            .await?
            .trim()
            .parse()
            .map_err(|e| format!("{e}"))?;
        let folder = self.tree.clone();
        let line = match act {
            Act::TurnsDown => "exit 1".to_owned(),
            Act::NoCommand => "exit 127".to_owned(),
            _ => self.brief.prompt.clone(),
        };
        let run = tokio::task::spawn_blocking(move || {
            std::process::Command::new("sh")
                .arg("-c")
                .arg(line)
                .current_dir(folder)
                .status()
        });
        let exit = run
            .await
            .map_err(|e| e.to_string())?
            .map_err(|e| e.to_string())?
            .code()
            .unwrap_or(-1);
        let verification = Verification {
            tree,
            exit,
            log: Digest::of(b"log"),
            tail: format!("exit {exit}"),
        };

        Ok(Ending {
            verification: Some(verification),
            ..ending(Some(exit))
        })
    }
}
