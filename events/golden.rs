//! Golden bytes: one sample of every stored kind, compared with bytes that were written once and
//! are kept for ever.
//!
//! A new kind gets its file with `GOLDEN=write cargo test -p events golden`; a file that exists is
//! never written again. A payload that changed needs a new schema number, not a new file.

use std::collections::{BTreeMap, BTreeSet};

use crate::cause::{Cause, Principal};
use crate::codec::{EventCodec, Kind};
use crate::container::event as c;
use crate::egress::EgressRule;
use crate::envelope::{Envelope, genesis};
use crate::evidence::Evidence;
use crate::feature::Content;
use crate::feature::event as f;
use crate::holder::{Holder, Role, Seat};
use crate::id::{
    BerthNo, CommandId, Digest, Epoch, FeatureId, Generation, SessionId, Sha, Timestamp,
};
use crate::outcome::Outcome;
use crate::own_time::Gap;
use crate::project::event as p;
use crate::seal::Statement;
use crate::settings::{AgentSpec, ContainerLimits, Dialect, RoleAgents, Settings};
use crate::stream::{Position, Version};
use crate::trunk::event as t;
use crate::usage::Usage;
use crate::verdict::{Finding, Judgement, Ran, Verdict};
use crate::{backlog, container, feature, node, project, subscription, trunk};

fn text(word: &str) -> String {
    word.to_owned()
}
fn id(word: &str) -> FeatureId {
    word.parse().expect("feature id")
}
fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("sha")
}
fn session() -> SessionId {
    SessionId::from_bytes([7; 10])
}
fn seat() -> Seat {
    Seat {
        n: BerthNo(3),
        session: session(),
    }
}
fn digest() -> Digest {
    Digest::of(b"sample")
}

fn content() -> Content {
    Content {
        title: text("Sign in"),
        description: text("A form."),
        steps: vec![text("open it")],
        category: text("web"),
        labels: vec![text("auth")],
        priority: 1,
        rank: -4,
        kind: feature::FeatureType::Bug,
    }
}

fn verdict(judgement: Judgement) -> Verdict {
    let finding = Finding {
        path: Some(text("src/a")),
        line: Some(9),
        why: text("no test"),
    };
    Verdict {
        judgement,
        findings: vec![finding],
        ran: vec![Ran {
            command: text("make"),
            exit: 0,
        }],
    }
}

fn settings() -> Settings {
    let agent = AgentSpec {
        dialect: Dialect::Command,
        command: Some(text("agent -p")),
        model: Some(text("m-1")),
        provider: Some(text("local")),
    };
    let rule = EgressRule {
        host: text("*.example.org"),
        port: 80,
        methods: vec![text("GET")],
        path_prefix: Some(text("/pool")),
        private: true,
    };
    let agents = RoleAgents {
        reviewer: Some(AgentSpec::of(Dialect::Script)),
        ..RoleAgents::default()
    };
    let container = ContainerLimits {
        image: Some(text("agents:7")),
        ..ContainerLimits::default()
    };
    let egress = vec![rule];
    Settings {
        agent,
        agents,
        egress,
        container,
        setup: Some(text("npm ci")),
        verify: Some(text("npm test")),
        allow_unverified: true,
        ..Settings::default()
    }
}

fn used() -> c::ModelUsage {
    let usage = Usage {
        requests: 3,
        limited: 1,
        input: 1200,
        output: 80,
        cache_read: 7,
        cache_write: 5,
        micro_usd: 4900,
        unpriced: 0,
    };
    c::ModelUsage {
        provider: text("anthropic"),
        model: text("claude-x"),
        usage,
    }
}

fn denied() -> c::DeniedTarget {
    c::DeniedTarget {
        target: text("example.org:443"),
        count: 2,
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind; to be split by concept"
)]
pub(crate) fn projects() -> Vec<project::Event> {
    let by = || text("ann");
    vec![
        p::Registered {
            git_url: text("/srv/up.git"),
            kind: p::ProjectKind::New,
        }
        .into(),
        p::Cloned {
            branch: text("main"),
            head: Some(sha('a')),
        }
        .into(),
        p::CloneFailed {
            reason: text("gone"),
        }
        .into(),
        p::SpecWritten {
            digest: digest(),
            bytes: 120,
        }
        .into(),
        p::SettingsChanged {
            settings: Box::new(settings()),
        }
        .into(),
        p::TargetSet { count: 3 }.into(),
        p::Started { by: by() }.into(),
        p::Renewed { by: by() }.into(),
        p::DrainRequested { by: by() }.into(),
        p::Stopped { by: by() }.into(),
        p::EditOpened { by: by() }.into(),
        p::EditSaved { by: by() }.into(),
        p::EditDiscarded { by: by() }.into(),
        p::InitializationDue { spec: digest() }.into(),
        p::InitializationStarted { seat: seat() }.into(),
        p::InitializationLapsed {
            session: session(),
            outcome: Outcome::Lost,
        }
        .into(),
        p::BacklogProposed {
            session: session(),
            digest: digest(),
            count: 12,
        }
        .into(),
        p::Initialized { count: 12 }.into(),
        p::MilestoneDue {
            step: 30,
            as_of: Position(88),
            closed: 4,
            total: 12,
        }
        .into(),
        p::OversightStarted {
            seat: seat(),
            oversight: p::OversightKind::Milestone { step: 30 },
        }
        .into(),
        p::OversightLapsed {
            session: session(),
            outcome: Outcome::TimedOut,
        }
        .into(),
        p::MilestoneSettled {
            session: session(),
            covers: vec![10, 20, 30],
            report: digest(),
            findings: 1,
        }
        .into(),
        p::FinalVerificationDue {
            as_of: Position(99),
            trunk_head: Some(sha('b')),
            closed: 12,
        }
        .into(),
        p::Completed {
            as_of: Position(99),
            trunk_head: None,
        }
        .into(),
        p::Resumed {
            why: text("1 of 13 features are open again"),
        }
        .into(),
        p::Deleted { by: by() }.into(),
        p::TroubleReported {
            thing: project::Thing::Provider {
                name: text("anthropic"),
            },
            detail: text("it answered 429"),
            retry_at: Some(Timestamp(7)),
            session: session(),
            feature: Some(id("feat-a")),
            probe: true,
        }
        .into(),
        p::TroubleEnded {
            thing: project::Thing::Tool {
                name: text("claude"),
            },
            why: text("it worked"),
        }
        .into(),
        p::ProbeAsked { by: by() }.into(),
    ]
}

pub(crate) fn backlogs() -> Vec<backlog::Event> {
    let edge = || backlog::Edge {
        feature: id("feat-b"),
        on: id("feat-a"),
    };
    vec![
        backlog::event::Admitted {
            batch: digest(),
            ids: vec![id("feat-a"), id("feat-b")],
            edges: vec![edge()],
            more: false,
        }
        .into(),
        backlog::event::DependencyAdded { edge: edge() }.into(),
        backlog::event::DependencyRemoved { edge: edge() }.into(),
        backlog::event::Withdrawn { id: id("feat-a") }.into(),
    ]
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind; to be split by concept"
)]
pub(crate) fn features() -> Vec<feature::Event> {
    let epoch = Epoch(2);
    vec![
        f::Created {
            content: content(),
            batch: digest(),
            blockers: vec![id("feat-a")],
        }
        .into(),
        f::Edited { content: content() }.into(),
        f::Ranked {
            priority: 4,
            rank: 17,
        }
        .into(),
        f::Blocked { by: id("feat-a") }.into(),
        f::Unblocked { by: id("feat-a") }.into(),
        f::PushDenied {
            epoch: Epoch(2),
            by: text("ann"),
            why: text("claim 2 has ended"),
        }
        .into(),
        f::Commented {
            by: text("ann"),
            text: text("hm"),
        }
        .into(),
        f::Claimed {
            epoch,
            holder: Holder::Berth {
                n: BerthNo(3),
                session: session(),
            },
        }
        .into(),
        f::Released {
            epoch,
            outcome: Outcome::NoWork,
            detail: text("nothing committed"),
        }
        .into(),
        f::ClaimExpired {
            epoch,
            last_seen: 1_700_000_000_000_000,
            up_since: 1_699_999_999_000_000,
        }
        .into(),
        f::QuestionAsked {
            epoch,
            question: text("which?"),
        }
        .into(),
        f::QuestionAnswered { by: text("ann") }.into(),
        f::Submitted {
            epoch,
            sha: sha('a'),
            base: Some(sha('0')),
        }
        .into(),
        f::ReviewStarted { seat: seat() }.into(),
        f::ReviewLapsed {
            session: session(),
            outcome: Outcome::Failed,
        }
        .into(),
        f::ReviewPassed {
            session: session(),
            verdict: verdict(Judgement::Pass),
        }
        .into(),
        f::ReviewRejected {
            session: session(),
            verdict: verdict(Judgement::Reject),
        }
        .into(),
        f::MergeBegun {
            candidate: sha('c'),
        }
        .into(),
        f::MergeAborted {
            candidate: sha('c'),
            why: text("upstream moved"),
        }
        .into(),
        f::MergeRejected {
            epoch,
            fault: f::MergeFault::Conflict,
            paths: vec![text("a/b")],
            detail: text("merge it"),
        }
        .into(),
        f::Closed {
            closing: f::Closing::Merged { sha: sha('c') },
            by: text("trunk"),
        }
        .into(),
        f::Reopened {
            why: text("broken"),
            by: text("ann"),
        }
        .into(),
        f::Quarantined {
            why: text("3 failed tries, the bound is 3"),
        }
        .into(),
        f::Requeued { by: text("ann") }.into(),
        f::WorkSecured { epoch, sha: None }.into(),
        f::WorkLost {
            epoch,
            last_sha: Some(sha('a')),
            why: text("vanished"),
        }
        .into(),
        f::Withdrawn { by: text("ann") }.into(),
        f::SetAside {
            why: text("undone"),
        }
        .into(),
    ]
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind; to be split by concept"
)]
pub(crate) fn containers() -> Vec<container::Event> {
    let generation = Generation(5);
    let assignment = c::Assignment {
        session: session(),
        role: Role::Coder,
        feature: Some(id("feat-a")),
        epoch: Some(Epoch(2)),
        sha: Some(sha('0')),
        agent: Some(settings().agent),
        prompt_digest: digest(),
    };
    let ended = c::SessionEnded {
        session: session(),
        outcome: Outcome::Completed,
        exit_code: Some(0),
        evidence: Some(digest()),
        detail: text("completed"),
    };
    vec![
        c::Enlisted {}.into(),
        c::Assigned { assignment }.into(),
        c::StartRequested { generation }.into(),
        c::Started {
            generation,
            engine_id: text("4711@99"),
        }
        .into(),
        c::StartFailed {
            generation,
            class: text("image"),
            detail: text("missing"),
        }
        .into(),
        c::SessionStarted { session: session() }.into(),
        ended.into(),
        c::Exited {
            generation,
            exit: c::Exit {
                code: Some(137),
                oom: true,
                signal: Some(9),
            },
        }
        .into(),
        c::Lost {
            generation,
            reason: text("not listed"),
        }
        .into(),
        c::Removed { generation }.into(),
        c::Idle {}.into(),
        c::Quarantined {
            why: text("5 failures in a row"),
        }
        .into(),
        c::Withheld { by: text("ann") }.into(),
        c::InterruptRequested {
            session: session(),
            by: text("ann"),
        }
        .into(),
        c::Reinstated { by: text("ann") }.into(),
        c::Dismissed {}.into(),
        c::TranscriptKept {
            session: session(),
            chunks: 4,
            bytes: 4096,
            digest: digest(),
        }
        .into(),
        c::TranscriptDropped { session: session() }.into(),
        c::UsageMetered {
            session: session(),
            models: vec![used()],
        }
        .into(),
        c::EgressRecorded {
            session: session(),
            bytes: 9,
            denied: vec![denied()],
        }
        .into(),
    ]
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind; to be split by concept"
)]
pub(crate) fn trunks() -> Vec<trunk::Event> {
    let entry = 7;
    let candidate = t::Candidate {
        base: Some(sha('0')),
        sha: sha('c'),
        tree: sha('d'),
    };
    let kind = t::EntryKind::Feature {
        feature: id("feat-a"),
        epoch: Epoch(2),
        sha: sha('a'),
        title: text("Sign in"),
    };
    let ran = |exit| Evidence::Ran {
        tree: sha('d'),
        command: digest(),
        exit,
        log: digest(),
        session: session(),
        tail: text("ok"),
    };
    vec![
        t::Opened {
            branch: text("main"),
            head: None,
        }
        .into(),
        t::Queued {
            entry,
            kind,
            priority: 1,
        }
        .into(),
        t::CandidateBuilt {
            entry,
            candidate,
            changes: t::Changes {
                files: vec![text("a/b"), text("Cargo.lock")],
                more: 2,
                protected: vec![text("Cargo.lock")],
                detected: Some(text("cargo test")),
                suggests_anew: true,
                checks: vec![text("a/b")],
            },
        }
        .into(),
        t::Held { entry }.into(),
        t::ChangeApproved {
            entry,
            by: text("operator"),
        }
        .into(),
        t::ChangeRefused {
            entry,
            by: text("operator"),
            why: text("not this one"),
        }
        .into(),
        t::Dequeued {
            entry,
            base: Some(sha('0')),
            paths: vec![text("a/b")],
            why: text("it does not merge"),
        }
        .into(),
        t::FoundEmpty {
            entry,
            base: Some(sha('0')),
        }
        .into(),
        t::BatchClosed {
            entry,
            why: text("the next one does not merge with it"),
        }
        .into(),
        t::VerificationStarted {
            entry,
            seat: seat(),
            terms: Some(digest()),
        }
        .into(),
        t::VerificationLapsed {
            entry,
            session: session(),
            outcome: Outcome::Lost,
        }
        .into(),
        t::Verified {
            entry,
            evidence: ran(0),
        }
        .into(),
        t::VerificationFailed {
            entry,
            evidence: ran(2),
        }
        .into(),
        t::VerificationDoubted {
            entry,
            evidence: ran(2),
        }
        .into(),
        t::Parked {
            entry,
            evidence: ran(2),
        }
        .into(),
        t::HeadVerificationStarted {
            head: sha('0'),
            seat: seat(),
            terms: digest(),
        }
        .into(),
        t::HeadVerificationLapsed {
            session: session(),
            outcome: Outcome::Lost,
        }
        .into(),
        t::HeadVerified {
            head: sha('0'),
            evidence: ran(0),
        }
        .into(),
        t::HeadFailed {
            head: sha('0'),
            evidence: ran(127),
        }
        .into(),
        t::RedEnded {
            why: text("nothing is verified any more"),
        }
        .into(),
        t::PublishIntended {
            entry,
            from: Some(sha('0')),
            to: sha('c'),
        }
        .into(),
        t::Advanced {
            entry,
            from: Some(sha('0')),
            to: sha('c'),
        }
        .into(),
        t::UpstreamMoved {
            entry,
            seen: Some(sha('9')),
            files: vec![text("a/b")],
        }
        .into(),
        t::Probed {
            base: sha('b'),
            collisions: vec![t::Collision {
                feature: id("feat-a"),
                epoch: Epoch(2),
                paths: vec![text("a/b")],
            }],
        }
        .into(),
        t::Followed {
            from: Some(sha('a')),
            to: sha('b'),
            files: vec![text("a/b")],
            accepted: Some(text("operator")),
        }
        .into(),
        t::Halted {
            reason: text("unreachable"),
            fault: trunk::Fault::Rewritten {
                lost: sha('a'),
                seen: sha('b'),
            },
        }
        .into(),
        t::Unhalted {}.into(),
    ]
}

pub(crate) fn nodes() -> Vec<node::Event> {
    let statement = Statement {
        first: Position(1),
        last: Position(4096),
        root: digest(),
        digest: digest(),
    };
    vec![
        node::Started {
            epoch: 3,
            build: text("supercargo 0.1.0"),
            last: None,
        }
        .into(),
        node::Stopped { epoch: 3 }.into(),
        node::Sealed {
            statement,
            key: "ab".repeat(32),
            signature: "cd".repeat(64),
        }
        .into(),
        node::Diverged {
            at: Position(7),
            through: Position(99),
            kept: digest(),
            folded: Digest::of(b"other"),
        }
        .into(),
        node::StoodStill {
            epoch: 3,
            gap: Gap {
                before: Timestamp(5),
                after: Timestamp(90),
            },
        }
        .into(),
    ]
}

pub(crate) fn subscriptions() -> Vec<subscription::Event> {
    let filter = subscription::Filter {
        project: "zoo".parse().ok(),
        kinds: vec![text("feature.closed")],
    };
    vec![
        subscription::Created {
            filter,
            after: Position(5),
        }
        .into(),
        subscription::Acknowledged {
            position: Position(9),
        }
        .into(),
        subscription::Parked {
            position: Position(8),
            why: text("exit 1"),
        }
        .into(),
        subscription::Replayed {
            position: Position(8),
        }
        .into(),
        subscription::Deleted {}.into(),
    ]
}

/// A log of every kind of event, in streams of their own.
pub(crate) fn told() -> Vec<Envelope> {
    fn of<E: EventCodec>(stream: &str, events: Vec<E>, told: &mut Vec<Envelope>) {
        for (event, version) in events.into_iter().zip(1..) {
            let before = told
                .last()
                .map_or(genesis("test"), |last: &Envelope| last.digest);
            let command = CommandId::derived(&[stream, &version.to_string()]);
            let mut envelope = Envelope {
                position: Position(told.len() as u64 + 1),
                stream: stream.parse().expect("stream"),
                version: Version(version),
                kind: event.kind().name.into(),
                schema: event.kind().schema,
                at: Timestamp(0),
                cause: Cause::first(Principal::Operator("ann".into()), command),
                command,
                trace: None,
                payload: event.encode(),
                digest: Digest::default(),
            };
            envelope.digest = envelope.chained(before);
            told.push(envelope);
        }
    }
    let mut told = Vec::new();
    of("project-p", projects(), &mut told);
    of("backlog-p", backlogs(), &mut told);
    of("feature-p/feat-a", features(), &mut told);
    of("container-p/3", containers(), &mut told);
    of("trunk-p", trunks(), &mut told);
    of("node-n", nodes(), &mut told);
    of("subscription-s", subscriptions(), &mut told);
    told
}

fn path(kind: Kind) -> String {
    format!(
        "{}/golden/{}.{}.hex",
        env!("CARGO_MANIFEST_DIR"),
        kind.name,
        kind.schema
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes a golden file once"
)]
fn write_once(kind: Kind, bytes: &[u8]) {
    if std::env::var_os("GOLDEN").is_some_and(|v| v == "write")
        && !std::path::Path::new(&path(kind)).exists()
    {
        std::fs::write(path(kind), data_encoding::HEXLOWER.encode(bytes))
            .expect("events/golden is writable");
    }
}

/// Every kind has a sample, the sample has its golden bytes, and the golden bytes decode to the
/// sample.
fn hold<E: EventCodec>(samples: &[E], seen: &mut BTreeMap<String, u16>) {
    let sampled: BTreeSet<Kind> = samples.iter().map(E::kind).collect();
    let declared: BTreeSet<Kind> = E::KINDS.iter().copied().collect();
    assert_eq!(sampled, declared, "every kind needs a sample");
    for sample in samples {
        let kind = sample.kind();
        assert_eq!(
            seen.insert(format!("{}.{}", kind.name, kind.schema), kind.schema),
            None,
            "{} is declared twice",
            kind.name
        );
        write_once(kind, &sample.encode());
        let golden =
            std::fs::read_to_string(path(kind)).unwrap_or_else(|e| panic!("{}: {e}", path(kind)));
        let golden = data_encoding::HEXLOWER
            .decode(golden.trim().as_bytes())
            .expect("hex");
        assert_eq!(
            data_encoding::HEXLOWER.encode(&sample.encode()),
            data_encoding::HEXLOWER.encode(&golden),
            "{} changed",
            kind.name
        );
        assert_eq!(
            E::decode(kind.name, kind.schema, &golden).as_ref(),
            Ok(sample),
            "{} is read back differently",
            kind.name
        );
        let longer = [golden.as_slice(), &[0]].concat();
        assert!(
            E::decode(kind.name, kind.schema, &longer).is_err(),
            "{} takes trailing bytes",
            kind.name
        );
        // Bytes of an earlier schema are committed as well, and decode for ever.
        for earlier in E::EARLIER
            .iter()
            .filter(|earlier| earlier.name == kind.name)
        {
            assert_eq!(
                seen.insert(
                    format!("{}.{}", earlier.name, earlier.schema),
                    earlier.schema
                ),
                None
            );
            let golden = std::fs::read_to_string(path(*earlier))
                .unwrap_or_else(|e| panic!("{}: {e}", path(*earlier)));
            let golden = data_encoding::HEXLOWER
                .decode(golden.trim().as_bytes())
                .expect("hex");
            assert!(
                E::decode(earlier.name, earlier.schema, &golden).is_ok(),
                "{} {} is not read",
                earlier.name,
                earlier.schema
            );
        }
        assert!(
            E::decode(kind.name, kind.schema + 1, &golden).is_err(),
            "{} takes a schema it does not know",
            kind.name
        );
    }
}

#[test]
fn golden_bytes_hold_for_every_kind() {
    let mut seen = BTreeMap::new();
    hold(&projects(), &mut seen);
    hold(&backlogs(), &mut seen);
    hold(&features(), &mut seen);
    hold(&containers(), &mut seen);
    hold(&trunks(), &mut seen);
    hold(&nodes(), &mut seen);
    hold(&subscriptions(), &mut seen);
    let files = std::fs::read_dir(format!("{}/golden", env!("CARGO_MANIFEST_DIR")))
        .expect("golden folder")
        .count();
    assert_eq!(
        files,
        seen.len(),
        "a golden file without its kind: names are for ever"
    );
}
