//! What a container may reach beside its project's own repository and model: an allow-list, and
//! nothing else. Pure: what a request asks for is parsed once into a [`Target`], and only that is
//! looked at.

use serde::{Deserialize, Serialize};

/// Most rules of a project.
pub const RULES_MAX: usize = 200;
/// Longest host name.
const HOST_MAX: usize = 253;

/// One thing that is allowed.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressRule {
    /// A host name or address, in lower case; `*.example.org` allows every name below it.
    pub host: String,
    /// The port.
    #[serde(default = "https")]
    pub port: u16,
    /// Methods that are allowed; none allows all. A rule with methods or a path cannot be kept
    /// inside TLS, so it allows plain http only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// What the path has to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// The name may stand for an address of this host or its own networks. An address written as
    /// such needs no such word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

fn https() -> u16 {
    443
}

/// What a request wants to reach.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// A name or an address, in lower case, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How it wants to reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way<'a> {
    /// A tunnel whose content nobody sees.
    Tunnel,
    /// A plain request with this method and path.
    Plain(&'a str, &'a str),
}

impl Target {
    /// Reads `host:port`. Anything that two readers could read in two ways is nothing: controls,
    /// user names, percent signs, spaces, numbers that some resolvers take for an address.
    pub fn parse(authority: &str) -> Option<Self> {
        let (host, port) = authority.rsplit_once(':')?;
        let port = port
            .parse()
            .ok()
            .filter(|_| port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0'))?;
        let host = host.to_ascii_lowercase();
        if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            let address: std::net::Ipv6Addr = inner.parse().ok()?;
            return Some(Self {
                host: address.to_string(),
                port,
            });
        }
        if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
            return Some(Self {
                host: address.to_string(),
                port,
            });
        }
        is_name(&host).then_some(Self { host, port })
    }

    /// Whether the host is written as an address.
    pub fn is_address(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_ok()
    }
}

/// Whether this is a host name and nothing that could be taken for an address. Source: RFC 1123,
/// section 2.1.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    host.len() <= HOST_MAX && host.split('.').all(label) && !number
}

impl EgressRule {
    /// Says what is wrong with it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let name = self.host.strip_prefix("*.").unwrap_or(&self.host);
        let address = self
            .host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_string() == self.host);
        if !address && !(is_name(name) && (name == self.host || name.contains('.'))) {
            return Err(format!(
                "egress host \"{}\" is no host name in lower case, no address and no *.name.tld",
                self.host
            ));
        }
        if self.port == 0 {
            return Err(format!("egress to {} needs a port", self.host));
        }
        if self
            .methods
            .iter()
            .any(|m| m.is_empty() || m.len() > 20 || !m.bytes().all(|b| b.is_ascii_uppercase()))
        {
            return Err(format!(
                "egress to {}: methods are words in capitals",
                self.host
            ));
        }
        match &self.path_prefix {
            Some(path) if path.len() > 1024 || segments(path).is_none() => Err(format!(
                "egress to {}: a path begins with / and can be read in one way only",
                self.host
            )),
            _ => Ok(()),
        }
    }

    fn covers(&self, target: &Target) -> bool {
        let host = match self.host.strip_prefix('*') {
            // The dot stays: `*.example.org` is neither `example.org` nor `badexample.org`.
            Some(tail) => {
                target.host.len() > tail.len()
                    && target.host.ends_with(tail)
                    && !target.is_address()
            }
            None => target.host == self.host,
        };
        host && target.port == self.port
    }

    /// Whether it allows this.
    pub fn allows(&self, target: &Target, way: Way<'_>) -> bool {
        self.covers(target)
            && match way {
                Way::Tunnel => self.methods.is_empty() && self.path_prefix.is_none(),
                Way::Plain(method, path) => {
                    let method =
                        self.methods.is_empty() || self.methods.iter().any(|m| m == method);
                    method
                        && self
                            .path_prefix
                            .as_ref()
                            .is_none_or(|prefix| within(path, prefix))
                }
            }
    }
}

/// What some readers take for a dot, a slash, a semicolon or a percent sign, because they map it to
/// the nearest in ASCII.
const LOOK_ALIKE: &[char] = &[
    '\u{2024}', '\u{2025}', '\u{ff0e}', '\u{2044}', '\u{2215}', '\u{29f8}', '\u{ff0f}', '\u{ff3c}',
    '\u{ff1b}', '\u{ff05}',
];

/// A path as its segments, decoded once. A path that two readers could resolve in two ways is none:
/// dot segments, with parameters behind them or not; escapes of separators, of controls and of
/// escapes; what is not UTF-8.
fn segments(path: &str) -> Option<Vec<String>> {
    let plain = path.split(['?', '#']).next().unwrap_or_default();
    plain.strip_prefix('/')?.split('/').map(segment).collect()
}

fn segment(written: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(written)
        .decode_utf8()
        .ok()?;
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%') || LOOK_ALIKE.contains(&c);
    let name = decoded.split(';').next().unwrap_or_default();
    let climbs = !name.is_empty() && name.trim_matches(['.', ' ']).is_empty();
    let hides = name.is_empty() && !decoded.is_empty();

    (!climbs && !hides && !decoded.contains(odd)).then(|| decoded.into_owned())
}

/// Whether a path is below a prefix. Both are read in the same way, and segment is compared with
/// segment.
fn within(path: &str, prefix: &str) -> bool {
    let (Some(path), Some(mut prefix)) = (segments(path), segments(prefix)) else {
        return false;
    };
    // `/pool/` covers what is below it, `/pool` also itself.
    let below = prefix.last().is_some_and(String::is_empty);
    if below {
        prefix.pop();
    }
    path.starts_with(&prefix) && (!below || path.len() > prefix.len())
}

/// The rule that allows this, if one does.
pub fn allowed<'a>(
    rules: &'a [EgressRule],
    target: &Target,
    way: Way<'_>,
) -> Option<&'a EgressRule> {
    rules.iter().find(|rule| rule.allows(target, way))
}

/// Whether an address belongs to this host, its networks, or nobody: a name of the outside has no
/// business there. Sources: RFC 6890 and the IANA registries of special-purpose addresses.
pub fn is_private(address: std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(a) => {
            let [first, second, third, _] = a.octets();
            a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || a.is_broadcast()
                || a.is_documentation()
                || a.is_multicast()
                || first == 0
                || first >= 240
                || (first == 100 && (64..128).contains(&second))
                || (first == 192 && second == 0 && third == 0)
                || (first == 198 && (18..20).contains(&second))
        }
        std::net::IpAddr::V6(a) => {
            let [first, second, ..] = a.segments();
            // Addresses that carry another one are as private as that one.
            let carried = match a.segments() {
                [0, 0, 0, 0, 0, 0xffff | 0, high, low]
                | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
                | [0x2002, high, low, ..] => {
                    let [a, b] = high.to_be_bytes();
                    let [c, d] = low.to_be_bytes();
                    Some(std::net::Ipv4Addr::new(a, b, c, d))
                }
                _ => None,
            };
            a.is_loopback()
                || a.is_unspecified()
                || a.is_multicast()
                || (first & 0xfe00) == 0xfc00
                || (first & 0xffc0) == 0xfe80
                || (first == 0x2001 && second == 0xdb8)
                || carried.is_some_and(|v4| is_private(v4.into()))
        }
    }
}

#[cfg(test)]
mod tests {
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
}
