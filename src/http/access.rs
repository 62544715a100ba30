//! Who gets in over TCP: exact hosts, no foreign origin, JSON only, and the token. Pure, with a
//! table of tests.

use actix_web::http::{Method, StatusCode};
use events::id::Timestamp;

use super::problem::{ApiProblem, NO_PASSWORD};
use super::routes::{LIVE_PROTOCOL, SIGN_IN, is_of_interface};
use super::signin::{SignIn, cookie, cookie_name};
use crate::token::Token;

/// Name of whoever holds the token and says no other.
const OPERATOR: &str = "operator";

/// Name of whoever says that an upstream moved.
const FORGE: &str = "forge";

/// What guards a port.
#[derive(Debug, Clone)]
pub struct Access {
    hosts: Vec<String>,
    token: Token,
    signin: SignIn,
    /// The name of the cookie of a browser that is signed in.
    cookie: String,
}

/// What is known of a request before it is let in.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestHead<'a> {
    /// The path.
    pub path: &'a str,
    /// The host of a target in absolute form.
    pub target: Option<&'a str>,
    /// The `Host` header.
    pub host: Option<&'a str>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Sec-WebSocket-Protocol` header.
    pub protocols: Option<&'a str>,
    /// The `Cookie` header.
    pub cookie: Option<&'a str>,
    /// The time at which it came.
    pub now: Timestamp,
}

fn refused(status: StatusCode, code: &str, detail: String) -> ApiProblem {
    ApiProblem {
        status,
        code: code.to_owned(),
        detail,
    }
}

/// Name and token of a header: a token alone is the operator's; git gives both as a password.
fn authorized(header: &str, is_git: bool) -> Option<(String, String)> {
    let (scheme, given) = header.split_once(' ')?;
    let given = given.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some((OPERATOR.to_owned(), given.to_owned()));
    }
    if !is_git || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }

    let pair = data_encoding::BASE64.decode(given.as_bytes()).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (user, password) = pair.split_once(':')?;
    let user = if user.is_empty() { OPERATOR } else { user };
    Some((user.to_owned(), password.to_owned()))
}

/// The token that a page offers as a protocol of its connection, beside ours: it can set no header.
fn offered(protocols: &str) -> Option<String> {
    let offered: Vec<&str> = protocols.split(',').map(str::trim).collect();
    let mut tokens = offered.iter().filter_map(|one| one.strip_prefix("bearer."));
    let token = tokens.next()?;

    match offered.contains(&LIVE_PROTOCOL) {
        true => Some(token.to_owned()),
        false => None,
    }
}

impl Access {
    /// Lets in whoever names one of these hosts on this port and holds the token, or is signed in.
    pub fn new(names: &[&str], port: u16, token: Token, signin: SignIn) -> Self {
        Self {
            hosts: names.iter().map(|name| format!("{name}:{port}")).collect(),
            token,
            signin,
            cookie: cookie_name(port),
        }
    }

    /// Whether a request may go on, and in whose name.
    pub fn admit(&self, method: &Method, head: &RequestHead<'_>) -> Result<String, ApiProblem> {
        // A target in absolute form names the host as well: both have to be ours.
        let hosts = [Some(head.host.unwrap_or_default()), head.target];
        let other = hosts.into_iter().flatten().find(|host| !self.is_ours(host));
        if let Some(host) = other {
            let ours = self.hosts.join(", ");
            let detail = format!("this server is not {host:?}: it is {ours}");
            let status = StatusCode::MISDIRECTED_REQUEST;
            return Err(refused(status, "host_not_allowed", detail));
        }

        let at_home = |origin: &str| {
            self.hosts
                .iter()
                .any(|known| origin.eq_ignore_ascii_case(&format!("http://{known}")))
        };
        if let Some(origin) = head.origin.filter(|origin| !at_home(origin)) {
            return Err(refused(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                format!("{origin} may not speak to this server"),
            ));
        }

        let is_git = head.path.starts_with("/git/");
        let by = self.named(method, is_git, head)?;
        let essence = head
            .content_type
            .and_then(|kind| kind.split(';').next())
            .unwrap_or_default()
            .trim();

        let carries = *method == Method::POST || *method == Method::PUT || *method == Method::PATCH;
        if carries && !is_git && !essence.eq_ignore_ascii_case("application/json") {
            let detail = format!("the content type has to be application/json, not {essence:?}");
            return Err(refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                detail,
            ));
        }

        Ok(by)
    }

    fn is_ours(&self, host: &str) -> bool {
        let mut hosts = self.hosts.iter();
        hosts.any(|known| known.eq_ignore_ascii_case(host))
    }

    /// In whose name a request comes, if anybody may ask that or the token is there.
    fn named(
        &self,
        method: &Method,
        is_git: bool,
        head: &RequestHead<'_>,
    ) -> Result<String, ApiProblem> {
        // The caller's signature proves that it knows the project's own secret.
        if *method == Method::POST && head.path.starts_with("/hooks/") {
            return Ok(FORGE.to_owned());
        }

        // A browser that is not signed in yet: what it brings proves who sent it.
        if *method == Method::POST && head.path == SIGN_IN {
            return Ok(OPERATOR.to_owned());
        }

        let is_open = is_of_interface(head.path);
        let reads = *method == Method::GET || *method == Method::HEAD;
        if is_open && reads {
            return Ok(OPERATOR.to_owned());
        }

        let by = self.holder(is_git, head);
        by.or_else(|| self.signed_in(reads, head)).ok_or_else(|| {
            let (code, how) = match is_git {
                true => (
                    NO_PASSWORD,
                    "the holder as user name, the token in the data folder as password",
                ),
                false => (
                    "no_token",
                    "the token in the data folder, as Authorization: Bearer TOKEN, or a browser \
                     that is signed in (`supercargo sign-in`)",
                ),
            };
            refused(StatusCode::UNAUTHORIZED, code, format!("this needs {how}"))
        })
    }

    /// In whose name a browser speaks that is signed in. What writes says where it comes from: a
    /// cookie goes along with whatever a browser is made to ask.
    fn signed_in(&self, reads: bool, head: &RequestHead<'_>) -> Option<String> {
        let cookie = cookie(head.cookie?, &self.cookie)?;
        let may = reads || head.origin.is_some();
        self.signin.reads(cookie, head.now).filter(|_| may)
    }

    /// In whose name somebody speaks who shows the token, or the pass that stands for it.
    fn holder(&self, is_git: bool, head: &RequestHead<'_>) -> Option<String> {
        let (name, token) = match head.authorization {
            Some(value) if value.contains(' ') => authorized(value, is_git)?,
            Some(_) | None => (OPERATOR.to_owned(), offered(head.protocols?)?),
        };

        let is_known = self.token.is(&token) || self.signin.passes(&token, head.now);
        is_known.then_some(name)
    }
}
