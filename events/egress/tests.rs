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

/// Every range from both sides: its first and last address, and those right beside it.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_ranges_end_where_their_registries_say() {
    let ranges = [
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        (
            "100.63.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "100.128.0.0",
        ),
        (
            "126.255.255.255",
            "127.0.0.0",
            "127.255.255.255",
            "128.0.0.0",
        ),
        (
            "169.253.255.255",
            "169.254.0.0",
            "169.254.255.255",
            "169.255.0.0",
        ),
        (
            "172.15.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "172.32.0.0",
        ),
        ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
        ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
        (
            "192.167.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "192.169.0.0",
        ),
        (
            "198.17.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.20.0.0",
        ),
        (
            "198.51.99.255",
            "198.51.100.0",
            "198.51.100.255",
            "198.51.101.0",
        ),
        (
            "203.0.112.255",
            "203.0.113.0",
            "203.0.113.255",
            "203.0.114.0",
        ),
        (
            "2001:db7:ffff::1",
            "2001:db8::",
            "2001:db8:ffff::1",
            "2001:db9::",
        ),
        (
            "2001:0:1::",
            "2001:db8:1::",
            "2001:db8:2::",
            "2002:0808:0808::",
        ),
        ("fbff::1", "fc00::", "fdff::1", "fe00::"),
        ("fe7f::1", "fe80::", "febf::1", "fec0::"),
        ("3ffe:db8::", "::1", "::", "2000::1"),
    ];
    for (before, first, last, after) in ranges {
        let private = |text: &str| is_private(text.parse().expect("an address"));
        let found = [before, first, last, after].map(private);
        assert_eq!(found, [false, true, true, false], "{first} to {last}");
    }
    // The first and the last range have one neighbour.
    for (text, wanted) in [
        ("0.255.255.255", true),
        ("1.0.0.0", false),
        ("223.255.255.255", false),
        ("224.0.0.0", true),
        ("239.255.255.255", true),
        ("241.0.0.0", true),
        ("8.64.0.1", false),
        ("8.18.0.1", false),
        ("192.1.0.1", false),
    ] {
        assert_eq!(
            is_private(text.parse().expect("an address")),
            wanted,
            "{text}"
        );
    }
}

#[test]
fn names_are_letters_digits_and_hyphens_within_their_bounds() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(longest.len(), HOST_MAX);

    for (host, wanted) in [
        ("a-b.example.org".to_owned(), true),
        ("_dmarc.example.org".to_owned(), true),
        ("xn--e1afmkfd.org".to_owned(), true),
        ("1.example.org".to_owned(), true),
        ("a.1x".to_owned(), true),
        (format!("{label}.org"), true),
        (format!("a{label}.org"), false),
        (longest.clone(), true),
        (format!("{longest}b"), false),
        ("a-.org".to_owned(), false),
        ("a.-b.org".to_owned(), false),
        ("a!.org".to_owned(), false),
        ("a.1".to_owned(), false),
        ("a.0x1".to_owned(), false),
    ] {
        let target = Target::parse(&format!("{host}:443"));
        assert_eq!(target.is_some(), wanted, "{host}");
        assert_eq!(rule(&host, 443).check().is_ok(), wanted, "{host}");
    }
}

#[test]
fn a_target_is_shown_as_it_is_asked_for() {
    for (text, is_address) in [
        ("example.org:443", false),
        ("10.0.0.7:80", true),
        ("[::1]:9", true),
    ] {
        let target = Target::parse(text).expect("a target");
        assert_eq!(target.to_string(), text);
        assert_eq!(target.is_address(), is_address, "{text}");
    }
    assert_eq!(https(), 443, "what a rule without a port says");
}

#[test]
fn a_rule_with_a_method_or_a_path_opens_no_tunnel() {
    let open = rule("example.org", 80);
    let with_methods = EgressRule {
        methods: vec!["GET".into(), "HEAD".into()],
        ..open.clone()
    };
    let with_path = EgressRule {
        path_prefix: Some("/pool".into()),
        ..open.clone()
    };
    let target = Target::parse("example.org:80").expect("a target");

    for (rule, way, wanted) in [
        (&open, Way::Tunnel, true),
        (&open, Way::Plain("DELETE", "/x"), true),
        (&with_methods, Way::Tunnel, false),
        (&with_methods, Way::Plain("HEAD", "/x"), true),
        (&with_methods, Way::Plain("head", "/x"), false),
        (&with_methods, Way::Plain("POST", "/x"), false),
        (&with_path, Way::Tunnel, false),
        (&with_path, Way::Plain("POST", "/pool/a"), true),
        (&with_path, Way::Plain("POST", "/x"), false),
    ] {
        assert_eq!(rule.allows(&target, way), wanted, "{rule:?} {way:?}");
    }
}

/// A name of an address is not below a name, whatever the pattern ends with.
#[test]
fn a_pattern_covers_names_below_it_and_no_address() {
    let all = rule("*.0.0.7", 80);
    let below = rule("*.example.org", 80);
    for (rule, target, wanted) in [
        (&all, "10.0.0.7:80", false),
        (&below, "a.example.org:80", true),
        (&below, "a.b.example.org:80", true),
        (&below, "example.org:80", false),
        (&below, "a.example.org:81", false),
    ] {
        let target = Target::parse(target).expect("a target");
        assert_eq!(rule.allows(&target, Way::Tunnel), wanted, "{target}");
    }
    let bare = Target {
        host: ".example.org".into(),
        port: 80,
    };
    assert!(!below.allows(&bare, Way::Tunnel), "nothing before the dot");
}

#[test]
fn a_rule_is_held_to_its_bounds() {
    let with = |methods: &[&str], path: Option<String>| EgressRule {
        methods: methods.iter().map(|m| (*m).to_owned()).collect(),
        path_prefix: path,
        ..rule("example.org", 80)
    };
    let path = |length: usize| Some(format!("/{}", "a".repeat(length - 1)));
    let word = "A".repeat(20);

    for (what, rule, wanted) in [
        ("methods", with(&["GET", "PROPFIND"], None), true),
        ("a long one", with(&[&word], None), true),
        ("a longer one", with(&[&format!("{word}A")], None), false),
        ("an empty one", with(&["GET", ""], None), false),
        ("one with a digit", with(&["GET2"], None), false),
        ("a long path", with(&[], path(1024)), true),
        ("a longer path", with(&[], path(1025)), false),
        ("no path", with(&[], Some(String::new())), false),
        ("an address", rule("10.0.0.7", 80), true),
        ("below an address", rule("*.10.0.0.7", 80), false),
        ("the whole of a name", rule("localhost", 80), true),
    ] {
        assert_eq!(rule.check().is_ok(), wanted, "{what}");
    }
}
