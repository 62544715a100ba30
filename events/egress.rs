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

        if !is_name(&host) {
            return None;
        }
        Some(Self { host, port })
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
        if !self.covers(target) {
            return false;
        }

        match way {
            Way::Tunnel => self.methods.is_empty() && self.path_prefix.is_none(),
            Way::Plain(method, path) => {
                let is_below = match &self.path_prefix {
                    Some(prefix) => within(path, prefix),
                    None => true,
                };
                is_below && (self.methods.is_empty() || self.methods.iter().any(|m| m == method))
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

    if climbs || hides || decoded.contains(odd) {
        return None;
    }
    Some(decoded.into_owned())
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
        std::net::IpAddr::V4(a) => is_private_v4(a),
        std::net::IpAddr::V6(a) => is_private_v6(a),
    }
}

fn is_private_v4(a: std::net::Ipv4Addr) -> bool {
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

fn is_private_v6(a: std::net::Ipv6Addr) -> bool {
    let [first, second, ..] = a.segments();
    // Addresses that carry another one are as private as that one.
    if let [0, 0, 0, 0, 0, 0xffff | 0, high, low]
    | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
    | [0x2002, high, low, ..] = a.segments()
    {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        if is_private_v4(std::net::Ipv4Addr::new(a, b, c, d)) {
            return true;
        }
    }

    a.is_loopback()
        || a.is_unspecified()
        || a.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        || (first == 0x2001 && second == 0xdb8)
}

#[cfg(test)]
mod tests;
