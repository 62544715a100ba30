//! Every bound of the settings, from both sides.

use super::*;

/// One change of settings that are right.
type Change = fn(&mut Settings, u64);

/// One agent of a role of its own.
type Choice = fn(&mut RoleAgents, AgentSpec);

fn is_right(change: impl FnOnce(&mut Settings)) -> bool {
    let mut settings = Settings::default();
    change(&mut settings);
    settings.check().is_ok()
}

#[test]
fn settings_that_nobody_changed_are_right_and_say_little() {
    let settings = Settings::default();
    assert_eq!(settings.check(), Ok(()));
    assert!(
        to_named(&settings).len() < 600,
        "what is usual is not written"
    );
    let read: Settings = serde_json::from_str("{}").expect("all of it is usual");
    assert_eq!(read, settings);
    assert!(serde_json::from_str::<Settings>(r#"{"nonsense": 1}"#).is_err());
}

#[test]
fn limits_of_time_are_at_least_a_second() {
    let times: [(&str, Change); 5] = [
        ("session_wall_ms", |s, ms| s.session_wall_ms = ms),
        ("lease_ms", |s, ms| s.lease_ms = ms),
        ("outside_lease_ms", |s, ms| s.outside_lease_ms = ms),
        ("rescue_ms", |s, ms| s.rescue_ms = ms),
        ("keep_work_ms", |s, ms| s.keep_work_ms = ms),
    ];
    for (name, change) in times {
        let mut settings = Settings::default();
        change(&mut settings, LIMIT_MS_MIN);
        assert_eq!(settings.check(), Ok(()), "{name}");
        change(&mut settings, LIMIT_MS_MIN - 1);
        let said = settings.check().expect_err(name);
        assert!(said.starts_with(&format!("{name} is 999")), "{said}");
    }
}

#[test]
fn limits_of_a_container_are_within_their_bounds() {
    // With room for all of the memory, so that no other bound is in the way.
    let limits: [(&str, Change, u64, u64); 5] = [
        (
            "memory_mib",
            |s, n| {
                s.container.memory_mib = u32::try_from(n).expect("small");
                s.container.work_mib = 64;
            },
            128,
            1024 * 1024,
        ),
        (
            "work_mib",
            |s, n| {
                s.container.work_mib = u32::try_from(n).expect("small");
                s.container.memory_mib = 1024 * 1024;
            },
            64,
            1024 * 1024,
        ),
        (
            "cpu_milli",
            |s, n| s.container.cpu_milli = u32::try_from(n).expect("small"),
            100,
            512_000,
        ),
        (
            "pids",
            |s, n| s.container.pids = u32::try_from(n).expect("small"),
            32,
            65_536,
        ),
        (
            "cache_mib",
            |s, n| s.container.cache_mib = u32::try_from(n).expect("small"),
            0,
            1024 * 1024,
        ),
    ];
    for (name, change, least, most) in limits {
        for value in [least, most] {
            assert!(is_right(|s| change(s, value)), "{name} is {value}");
        }
        let beyond = [least.checked_sub(1), Some(most + 1)];
        for value in beyond.into_iter().flatten() {
            let mut settings = Settings::default();
            change(&mut settings, value);
            let said = settings.check().expect_err(name);
            assert!(said.starts_with(&format!("container.{name} is ")), "{said}");
        }
    }

    for (work, right) in [(2048, true), (2049, false)] {
        let found = is_right(|s| {
            s.container.memory_mib = 2048;
            s.container.work_mib = work;
        });
        assert_eq!(found, right, "a work folder of {work}");
    }
}

#[test]
fn an_image_is_a_name_of_one() {
    let long = "i".repeat(255);
    for (image, right) in [
        ("agents", true),
        ("host.example.org:5000/a_b/agents-2:1.0@sha256", true),
        (&long, true),
        (&format!("{long}i"), false),
        ("", false),
        ("-it", false),
        ("agents latest", false),
        ("agents;true", false),
        ("ägents", false),
    ] {
        let found = is_right(|s| s.container.image = Some(image.to_owned()));
        assert_eq!(found, right, "{image}");
    }
}

#[test]
fn commands_say_something_and_fit() {
    let long = "c".repeat(COMMAND_MAX);
    for (line, right) in [
        ("make test", true),
        (long.as_str(), true),
        (&format!("{long}c"), false),
        ("", false),
        (" \t", false),
    ] {
        let of_setup = is_right(|s| s.setup = Some(line.to_owned()));
        let of_verify = is_right(|s| s.verify = Some(line.to_owned()));
        assert_eq!(
            (of_setup, of_verify),
            (right, right),
            "{} bytes",
            line.len()
        );
    }
}

#[test]
fn numbers_of_things_are_within_their_bounds() {
    for (batch_max, right) in [
        (0, false),
        (1, true),
        (BATCH_MAX, true),
        (BATCH_MAX + 1, false),
    ] {
        assert_eq!(is_right(|s| s.batch_max = batch_max), right, "{batch_max}");
    }

    let rule = EgressRule {
        host: "a.org".into(),
        port: 443,
        methods: vec![],
        path_prefix: None,
        private: false,
    };
    for (count, right) in [(RULES_MAX, true), (RULES_MAX + 1, false)] {
        assert_eq!(
            is_right(|s| s.egress = vec![rule.clone(); count]),
            right,
            "{count} rules"
        );
    }
    let odd = EgressRule { port: 0, ..rule };
    assert!(!is_right(|s| s.egress = vec![odd]));
    assert!(!is_right(|s| s.protected = vec!["*.lock".into()]));
    assert!(is_right(|s| s.protected = vec![]));
}

#[test]
fn all_together_they_fit_one_event() {
    let size = |length: usize| {
        let rule = EgressRule {
            host: "a.org".into(),
            port: 80,
            methods: vec![],
            path_prefix: Some(format!("/{}", "a".repeat(999))),
            private: false,
        };
        let mut settings = Settings {
            egress: vec![rule; 5],
            protected: vec!["p".repeat(200); 200],
            setup: Some("s".repeat(COMMAND_MAX)),
            ..Settings::default()
        };
        settings.verify = Some("v".repeat(length));
        (to_named(&settings).len(), settings.check())
    };
    // Beyond 255 bytes a byte of a text is a byte of the whole.
    let (whole, checked) = size(1_000);
    assert_eq!(checked, Ok(()));
    let room = SETTINGS_MAX - whole + 1_000;
    assert!(room < COMMAND_MAX, "no other bound is in the way");
    assert_eq!(size(room), (SETTINGS_MAX, Ok(())));
    let (more, refused) = size(room + 1);
    assert_eq!(more, SETTINGS_MAX + 1);
    assert!(refused.expect_err("too large").contains("bytes together"));
}

#[test]
fn each_role_has_its_agent_and_those_are_all() {
    let claude = |model: &str| AgentSpec {
        model: Some(model.to_owned()),
        ..AgentSpec::of(Dialect::Claude)
    };
    let mut settings = Settings {
        agent: claude("usual"),
        ..Settings::default()
    };
    settings.agents.reviewer = Some(claude("reviews"));
    settings.agents.overseer = Some(claude("oversees"));
    assert_eq!(settings.check(), Ok(()));

    for (role, model) in [
        (Role::Coder, "usual"),
        (Role::Verifier, "usual"),
        (Role::Initializer, "usual"),
        (Role::Reviewer, "reviews"),
        (Role::Overseer, "oversees"),
    ] {
        let found = settings.agent_of(role).model.as_deref();
        assert_eq!(found, Some(model), "{role:?}");
    }
    let all: Vec<_> = settings
        .all_agents()
        .flat_map(|agent| &agent.model)
        .collect();
    assert_eq!(all, ["usual", "reviews", "oversees"]);

    let roles: [(&str, Choice); 3] = [
        ("initializer", |agents, agent| {
            agents.initializer = Some(agent)
        }),
        ("reviewer", |agents, agent| agents.reviewer = Some(agent)),
        ("overseer", |agents, agent| agents.overseer = Some(agent)),
    ];
    for (role, set) in roles {
        let with = |agent: AgentSpec| {
            let mut settings = settings.clone();
            set(&mut settings.agents, agent);
            settings.check()
        };
        assert_eq!(with(AgentSpec::of(Dialect::Script)), Ok(()), "{role}");
        let unset = with(AgentSpec::of(Dialect::Unset)).expect_err(role);
        assert!(
            unset.starts_with(&format!("agents.{role}.dialect is unset")),
            "{unset}"
        );
        let wrong = with(AgentSpec::of(Dialect::Command)).expect_err(role);
        assert!(
            wrong.starts_with(&format!("agents.{role}.dialect")),
            "{wrong}"
        );
    }
    assert!(!RoleAgents::is_empty(&settings.agents));
    assert!(RoleAgents::default().is_empty());
}
