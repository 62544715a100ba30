//! What is allowed to leave a container, as tables: targets as they are asked for, rules, and what
//! comes of them.

use super::*;

fn rule(host: &str, port: u16) -> EgressRule {
    EgressRule {
        host: host.into(),
        port,
        methods: vec![],
        path_prefix: None,
        private: false,
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_no_target() {
    let good = [
        ("example.org:443", "example.org", 443),
        ("EXAMPLE.org:80", "example.org", 80),
        ("127.0.0.1:9", "127.0.0.1", 9),
        ("[::1]:443", "::1", 443),
        ("[0:0::1]:443", "::1", 443),
    ];
    for (text, host, port) in good {
        assert_eq!(
            Target::parse(text),
            Some(Target {
                host: host.into(),
                port
            }),
            "{text}"
        );
    }

    let bad = [
        "example.org",
        ":443",
        "example.org:",
        "example.org:0",
        "example.org:065",
        "example.org:99999",
        "example.org:+80",
        "user@example.org:443",
        "example.org\0.evil.net:443",
        "example.org%00:443",
        "exa mple.org:443",
        "2130706433:80",
        "0x7f000001:80",
        "127.1:80",
        "0177.0.0.1:80",
        "127.0.0.1.:80",
        "example.org.:443",
        "[::1%lo]:80",
        "[::1:80",
        "::1:80",
        "ex\u{430}mple.org:443",
        "-a.org:443",
        "a..b:1",
        "example.org:443/x",
        "example.org#@x:443",
        "[127.0.0.1]:80",
        "a\n.b:1",
    ];
    for text in bad {
        assert_eq!(Target::parse(text), None, "{text:?}");
    }
}

#[test]
fn only_what_a_rule_says_is_allowed() {
    let rules = vec![
        rule("example.org", 443),
        rule("*.cdn.example.org", 443),
        EgressRule {
            methods: vec!["GET".into()],
            path_prefix: Some("/pool".into()),
            ..rule("deb.example.org", 80)
        },
        rule("10.0.0.7", 5000),
    ];
    let table: &[(&str, Way<'_>, bool)] = &[
        ("example.org:443", Way::Tunnel, true),
        ("example.org:80", Way::Tunnel, false),
        ("badexample.org:443", Way::Tunnel, false),
        ("example.org.evil.net:443", Way::Tunnel, false),
        ("a.cdn.example.org:443", Way::Tunnel, true),
        ("cdn.example.org:443", Way::Tunnel, false),
        ("deb.example.org:80", Way::Tunnel, false),
        ("deb.example.org:80", Way::Plain("GET", "/pool/a.deb"), true),
        ("deb.example.org:80", Way::Plain("GET", "/pool"), true),
        ("deb.example.org:80", Way::Plain("GET", "/pool?x=1"), true),
        ("deb.example.org:80", Way::Plain("GET", "/poolx"), false),
        (
            "deb.example.org:80",
            Way::Plain("POST", "/pool/a.deb"),
            false,
        ),
        (
            "deb.example.org:80",
            Way::Plain("GET", "/pool/../etc"),
            false,
        ),
        (
            "deb.example.org:80",
            Way::Plain("GET", "/pool/%2E%2e/etc"),
            false,
        ),
        (
            "deb.example.org:80",
            Way::Plain("GET", "/pool/..%2fetc"),
            false,
        ),
        (
            "deb.example.org:80",
            Way::Plain("GET", "/pool/..\\etc"),
            false,
        ),
        ("10.0.0.7:5000", Way::Tunnel, true),
        ("10.0.0.8:5000", Way::Tunnel, false),
    ];
    for (target, way, expected) in table {
        let target = Target::parse(target).expect("a target");
        assert_eq!(
            allowed(&rules, &target, *way).is_some(),
            *expected,
            "{target} {way:?}"
        );
    }

    assert!(
        allowed(
            &[],
            &Target {
                host: "example.org".into(),
                port: 443
            },
            Way::Tunnel
        )
        .is_none(),
        "nothing by default"
    );
}

#[test]
fn a_path_is_below_a_prefix_only_where_every_reader_says_so() {
    for (path, prefix, wanted) in [
        ("/pub/x", "/pub", true),
        ("/pub/x", "/pub/", true),
        ("/pub", "/pub", true),
        ("/pub", "/pub/", false),
        ("/pub/", "/pub/", true),
        ("/pubx", "/pub", false),
        ("/%70ub/x", "/pub", true),
        ("/pub/a;v=1/x", "/pub", true),
        ("/pub/a%20b.tar.gz?x=/../y", "/pub", true),
        ("/pub/v1.2..3/x", "/pub", true),
        ("/anything", "/", true),
        ("/pub/../x", "/pub", false),
        ("/pub/..", "/pub", false),
        ("/pub/./x", "/pub", false),
        ("/pub/..;/x", "/pub", false),
        ("/pub/..;a=b/x", "/pub", false),
        ("/pub/.;/x", "/pub", false),
        ("/pub/;/../x", "/pub", false),
        ("/pub/;x/y", "/pub", false),
        ("/pub/..%3b/x", "/pub", false),
        ("/pub/%2e%2e/x", "/pub", false),
        ("/pub/%2E./x", "/pub", false),
        ("/pub/%252e%252e/x", "/pub", false),
        ("/pub/%25%32%65/x", "/pub", false),
        ("/pub/..%2fx", "/pub", false),
        ("/pub/..%5cx", "/pub", false),
        ("/pub/..\\x", "/pub", false),
        ("/pub/%00", "/pub", false),
        ("/pub/x%00.txt", "/pub", false),
        ("/pub/%0d%0ax", "/pub", false),
        ("/pub/..%20/x", "/pub", false),
        ("/pub/.../x", "/pub", false),
        ("/pub/%c0%ae%c0%ae/x", "/pub", false),
        ("/pub/%ff/x", "/pub", false),
        ("/pub/%ef%bc%8e%ef%bc%8e/x", "/pub", false),
        ("/pub/%zz/x", "/pub", false),
        ("/pub/100%/x", "/pub", false),
        ("//pub/x", "/pub", false),
        ("pub/x", "/pub", false),
        ("", "/", false),
        ("/PUB/x", "/pub", false),
    ] {
        assert_eq!(within(path, prefix), wanted, "{path} below {prefix}");
    }
}

#[test]
fn rules_that_mean_nothing_are_refused() {
    assert!(
        rule("example.org", 443).check().is_ok()
            && rule("*.example.org", 443).check().is_ok()
            && rule("::1", 1).check().is_ok()
    );
    for host in [
        "",
        "*",
        "*.",
        "*.org",
        "EXAMPLE.org",
        "a b",
        "https://example.org",
        "example.org:443",
        "*.*.org",
        "127.1",
        "[::1]",
    ] {
        assert!(rule(host, 443).check().is_err(), "{host:?}");
    }

    assert!(rule("example.org", 0).check().is_err());
    assert!(
        EgressRule {
            methods: vec!["get".into()],
            ..rule("example.org", 80)
        }
        .check()
        .is_err()
    );

    for prefix in ["pool", "/pool/../x", "/po%2fol", "/pool\\x"] {
        let path_prefix = Some(prefix.to_owned());
        let odd = EgressRule {
            path_prefix,
            ..rule("example.org", 80)
        };
        assert!(odd.check().is_err(), "{prefix}");
    }
}

#[test]
fn addresses_of_this_host_and_its_networks_are_private() {
    let private = [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "198.18.0.1",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "ff02::1",
        "::7f00:1",
    ];
    for text in private {
        assert!(is_private(text.parse().expect("address")), "{text}");
    }

    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "100.128.0.1",
        "2606:4700::1111",
        "::ffff:1.1.1.1",
    ] {
        assert!(!is_private(text.parse().expect("address")), "{text}");
    }
}
