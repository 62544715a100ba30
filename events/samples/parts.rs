//! What samples are put together from.

use crate::container::event as c;
use crate::egress::EgressRule;
use crate::feature;
use crate::feature::Content;
use crate::holder::SlotSession;
use crate::id::{Digest, FeatureId, SessionId, Sha, SlotNo};
use crate::settings::{AgentSpec, ContainerLimits, Dialect, RoleAgents, Settings};
use crate::usage::Usage;
use crate::verdict::{Finding, Judgement, Ran, Verdict};

pub(super) fn text(word: &str) -> String {
    word.to_owned()
}

pub(super) fn id(word: &str) -> FeatureId {
    word.parse().expect("feature id")
}

pub(super) fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("sha")
}

pub(super) fn session() -> SessionId {
    SessionId::from_bytes([7; 10])
}

pub(super) fn slot_session() -> SlotSession {
    SlotSession {
        n: SlotNo(3),
        session: session(),
    }
}

pub(super) fn digest() -> Digest {
    Digest::of(b"sample")
}

pub(super) fn content() -> Content {
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

pub(super) fn verdict(judgement: Judgement) -> Verdict {
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

pub(super) fn settings() -> Settings {
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

pub(super) fn used() -> c::ModelUsage {
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

pub(super) fn denied() -> c::DeniedTarget {
    c::DeniedTarget {
        target: text("example.org:443"),
        count: 2,
    }
}
