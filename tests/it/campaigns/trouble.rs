//! Trouble outside for as long as it takes: twenty features and four slots under an expired key, a
//! provider that fails or limits, tools that are silent or missing, a trunk that is red and a
//! verification that cannot be run.
//!
//! Each trouble lasts `TROUBLE_MINUTES` (ten), is mended and found to be mended without a verb;
//! then it comes back, is mended, and the command under Needs you lets work go on at once. No
//! feature pays for any of it. `models::trouble` and `flows::red` are the short versions;
//! `TROUBLE_ENGINE` says where containers run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::binary::Serving;
use crate::models::endpoint::{Answer, Endpoint};
use crate::models::vendors::serving_with;
use crate::newcomer::{AGENT, Newcomer, agent_that};
use crate::world::stub::git;

/// Asks its model once, ends with an error when that is refused, and else does its role. The image
/// of the tests has no curl.
const ASKING: &str = agent_that!(
    r#"bash -eu <<'ASK'
at="${ANTHROPIC_BASE_URL#http://}"
host="${at%%/*}"
tool='{"name":"Bash","input_schema":{"properties":{"command":{"type":"string"}}}}'
body='{"model":"m","messages":[],"tools":['"$tool"']}'
exec 3<> "/dev/tcp/${host%:*}/${host#*:}"
printf 'POST /%s/v1/messages HTTP/1.1\r\nhost: %s\r\n' "${at#*/}" "$host" >&3
printf 'content-type: application/json\r\nconnection: close\r\n' >&3
printf 'content-length: %d\r\n\r\n%s' "${#body}" "$body" >&3
read -r status <&3
echo "$status"
case "$status" in *" 200 "*) ;; *) exit 1 ;; esac
ASK
test $? -eq 0 || exit 1
"#,
    r#"    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

const FEATURES: usize = 20;
/// Features that are added when the trouble comes back.
const MORE: usize = 4;
const SLOTS: &str = "4";
/// The longest pause between two probes, and what a session takes besides.
const PROBE_MAX: Duration = Duration::from_secs(17 * 60);
/// How long "at once" may take on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(60);

/// What is in trouble, and how that is brought about.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// The provider answers with this status.
    Provider(u16),
    /// The agent's program, which lies in the repository, says nothing.
    SilentTool,
    /// It is not there.
    NoTool,
    /// The verification fails on what is upstream.
    RedTrunk,
    /// The verification's program is not there.
    NoVerification,
}

const ALL: [Trouble; 7] = [
    Trouble::Provider(401),
    Trouble::Provider(500),
    Trouble::Provider(429),
    Trouble::SilentTool,
    Trouble::NoTool,
    Trouble::RedTrunk,
    Trouble::NoVerification,
];

struct Campaign {
    trouble: Trouble,
    me: Newcomer,
    answer: Arc<AtomicU16>,
    _endpoint: Endpoint,
    server: Option<Serving>,
}

impl Campaign {
    fn begin(trouble: Trouble) -> Self {
        let answer = Arc::new(AtomicU16::new(200));
        let told = answer.clone();
        let endpoint = Endpoint::start(Box::new(move |_| match told.load(Ordering::SeqCst) {
            200 => Answer::Run("true".to_owned()),
            failing => Answer::Fail(failing),
        }));
        let me = Newcomer::new();
        let mut serve = serving_with(&me, &endpoint);
        let engine = std::env::var("TROUBLE_ENGINE").unwrap_or_else(|_| "process".to_owned());
        serve.env("SUPERCARGO_ENGINE", engine);
        let server = Serving::start(serve);
        let campaign = Self {
            trouble,
            me,
            answer,
            _endpoint: endpoint,
            server: Some(server),
        };
        campaign.open();

        campaign
    }

    fn open(&self) {
        self.put("agent.sh", Some(AGENT));
        self.put("check.sh", Some("test -f README"));
        self.me.add_zoo();
        let agent = match self.trouble {
            Trouble::Provider(_) => ASKING,
            _ => "./agent.sh",
        };
        let mut set = vec!["project", "set", "zoo", "--target", SLOTS];
        set.extend(["--agent-command", agent, "--verify", "./check.sh"]);
        if matches!(self.trouble, Trouble::Provider(_)) {
            set.extend(["--provider", "anthropic"]);
        }

        self.me.ok(&set);
        for n in 0..FEATURES {
            let title = format!("Animal {n}");
            self.me.ok(&["feature", "add", "zoo", &title]);
        }

        self.me.ok(&["project", "start", "zoo"]);
        self.until("the first merge", AT_ONCE * 3, |log| {
            count(log, "feature.closed") > 0
        });
    }

    /// Puts a program into the repository, or takes it out, as somebody else would.
    fn put(&self, file: &str, script: Option<&str>) {
        use std::os::unix::fs::PermissionsExt;
        let tree = self.me.folder.path().join("tree");

        for _ in 0..20 {
            git(&tree, &["fetch", "--quiet", "origin", "main"]).expect("fetched");
            git(&tree, &["reset", "--quiet", "--hard", "FETCH_HEAD"]).expect("the newest");
            let path = tree.join(file);
            match script {
                Some(script) => {
                    fs_err::write(&path, format!("#!/bin/sh\n{script}\n")).expect("file");
                    let mode = std::fs::Permissions::from_mode(0o755);
                    fs_err::set_permissions(&path, mode).expect("a program");
                }
                None => fs_err::remove_file(&path).expect("removed"),
            }
            git(&tree, &["add", "--all"]).expect("added");
            git(&tree, &["commit", "--quiet", "-m", "Theirs"]).expect("committed");
            if git(&tree, &["push", "--quiet", "origin", "HEAD:main"]).is_ok() {
                return;
            }
        }

        panic!("the fleet is faster twenty times");
    }

    fn set_broken(&self, broken: bool) {
        match self.trouble {
            Trouble::Provider(status) => {
                let answer = if broken { status } else { 200 };
                self.answer.store(answer, Ordering::SeqCst);
            }
            Trouble::SilentTool if broken => self.put("agent.sh", Some("cat > /dev/null")),
            Trouble::NoTool if broken => self.put("agent.sh", None),
            Trouble::SilentTool | Trouble::NoTool => self.put("agent.sh", Some(AGENT)),
            Trouble::RedTrunk if broken => self.put("check.sh", Some("false")),
            Trouble::NoVerification if broken => self.put("check.sh", None),
            Trouble::RedTrunk | Trouble::NoVerification => {
                self.put("check.sh", Some("test -f README"));
            }
        }
    }

    /// Waits until the log is as wanted, looked at as a person would.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bound in the time of this machine"
    )]
    fn until(&self, what: &str, limit: Duration, is_so: impl Fn(&[Value]) -> bool) {
        let begun = std::time::Instant::now();
        while begun.elapsed() < limit {
            if is_so(&self.me.export()) {
                return;
            }
            std::thread::sleep(Duration::from_secs(2));
        }

        let tail = self.me.ok(&["log", "tail", "--lines", "40"]);
        let shown = self.me.ok(&["project", "show", "zoo"]);

        panic!(
            "{:?}: no {what} in {limit:?}\n{shown}\n{tail}",
            self.trouble
        );
    }

    /// Commands under Needs you, once there are any.
    fn named(&self) -> Vec<String> {
        let named = || {
            let shown = self.me.ok(&["project", "show", "zoo", "--json"]);
            let shown: Value = serde_json::from_str(&shown).expect("JSON");
            let needs = shown["needs"].as_array().cloned().unwrap_or_default();
            let commands = needs.iter().filter_map(|need| need["command"].as_str());
            commands.map(str::to_owned).collect::<Vec<_>>()
        };
        self.until("need", AT_ONCE * 3, |_| !named().is_empty());
        named()
    }

    fn merges(&self) -> usize {
        count(&self.me.export(), "feature.closed")
    }

    fn run(mut self) {
        let minutes = std::env::var("TROUBLE_MINUTES").ok();
        let minutes = minutes.and_then(|m| m.parse().ok()).unwrap_or(10);
        self.set_broken(true);
        let named = self.named();
        eprintln!("{:?}: named, with {named:?}", self.trouble);
        std::thread::sleep(Duration::from_secs(minutes * 60));

        // Mended without a word to the server.
        let before = self.merges();
        self.set_broken(false);
        self.until("merge without a verb", PROBE_MAX, |log| {
            count(log, "feature.closed") > before
        });
        eprintln!("{:?}: went on by itself", self.trouble);

        // Again, and ended by the command that is printed; there is more to do by then, whatever
        // was done meanwhile.
        self.set_broken(true);
        for n in 0..MORE {
            let title = format!("Plant {n}");
            self.me.ok(&["feature", "add", "zoo", &title]);
        }
        self.me.ok(&["project", "start", "zoo"]);
        let named = self.named();
        let before = self.merges();
        self.set_broken(false);
        for command in named {
            let words: Vec<&str> = command.split_whitespace().skip(1).collect();
            let _repeat = self.me.command(&words).output().expect("ran");
        }
        self.until("merge after the verb", AT_ONCE * 2, |log| {
            count(log, "feature.closed") > before
        });
        self.until("end", AT_ONCE * 10, |log| {
            count(log, "feature.closed") >= FEATURES + MORE && count(log, "project.completed") > 0
        });
        self.server.take().expect("a server").stop();
        let log = self.me.export();
        for never in ["feature.quarantined", "feature.merge_rejected"] {
            assert_eq!(count(&log, never), 0, "{:?}: {never}", self.trouble);
        }
        let sessions = count(&log, "container.assigned");
        eprintln!("{:?}: done, {sessions} sessions", self.trouble);
        assert!(self.me.ok(&["log", "audit"]).starts_with("clean"));
    }
}

fn count(log: &[Value], kind: &str) -> usize {
    log.iter().filter(|event| event["type"] == kind).count()
}

#[test]
#[ignore = "a campaign of half an hour: just trouble"]
fn nobody_pays_for_trouble_outside() {
    let all = ALL.map(|trouble| {
        let run = move || Campaign::begin(trouble).run();
        (trouble, std::thread::spawn(run))
    });
    let failed = all.map(|(trouble, run)| run.join().is_err().then_some(trouble));
    let failed: Vec<_> = failed.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{failed:?}");
}
