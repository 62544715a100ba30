//! The web interface: files that were built into the binary, and its one page under every address
//! that the page itself knows.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Bytes, ServiceConfig, get, resource};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{Embed, EmbeddedFile};

use super::Answer;
use crate::http::problem::{ApiProblem, no_such_route};

/// What the build made of `ui/`.
#[derive(Embed)]
#[folder = "$OUT_DIR/bridge"]
struct Files;

/// The page.
const PAGE: &str = "index.html";
/// Only what comes from this server runs, and it speaks to this server alone.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A name with a digest of its content in it is good for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What may be another one after an upgrade is asked for again.
const ASK_AGAIN: &str = "no-cache";
/// Forms in which a file is there beside itself, the smallest first.
const PACKED: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Whether an address is the interface's: it tells nothing by itself.
pub(in crate::http) fn is_of_interface(path: &str) -> bool {
    let others = ["/api", "/git", "/hooks"];
    let is_below = |other: &str| {
        let rest = path.strip_prefix(other);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !others.iter().any(|other| is_below(other))
}

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(resource("/").route(get().to(page)));
    for file in Files::iter() {
        let route = resource(format!("/{file}")).route(get().to(asset));
        config.service(route);
    }
}

async fn page(request: HttpRequest) -> Answer {
    sent(PAGE, request.headers())
}

async fn asset(request: HttpRequest) -> Answer {
    sent(request.path().trim_start_matches('/'), request.headers())
}

/// What is on no route: to a browser that opens an address of the page, the page; to everybody else
/// a problem.
pub(in crate::http) async fn elsewhere(request: HttpRequest) -> Answer {
    let reads = request.method() == actix_web::http::Method::GET;
    let accept = request.headers().get(ACCEPT);
    let wants_page = accept.is_some_and(|kinds| named(kinds.as_bytes(), "text/html"));
    if reads && wants_page && is_of_interface(request.path()) {
        return sent(PAGE, request.headers());
    }
    Err(no_such_route(&request))
}

fn sent(name: &str, asked: &HeaderMap) -> Answer {
    let missing = || ApiProblem::not_found("not_found", &format!("there is no file {name}"));
    let whole = Files::get(name).ok_or_else(missing)?;
    let (encoding, file) = packed(name, asked).unwrap_or(("identity", whole.clone()));
    let digest = data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash());
    let tag = format!("\"{}\"", &digest[..32]);

    let known = asked.get(IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| named(known.as_bytes(), &tag));
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    let keep = if name.starts_with("assets/") {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, keep))
        .insert_header((VARY, "accept-encoding"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CONTENT_TYPE, kind(&whole)));
    if encoding != "identity" {
        response.insert_header((CONTENT_ENCODING, encoding));
    }

    if is_known {
        return Ok(response.finish());
    }
    Ok(response.body(match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    }))
}

/// The kind of a file, with the encoding of what is text.
fn kind(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    match kind.starts_with("text/") {
        true => format!("{kind}; charset=utf-8"),
        false => kind.to_owned(),
    }
}

/// The smallest form of a file that is there and that the caller reads.
fn packed(name: &str, asked: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = asked.get(ACCEPT_ENCODING)?.as_bytes();
    let fitting = PACKED
        .iter()
        .filter(|(encoding, _)| named(accepted, encoding));
    let mut there = fitting
        .filter_map(|(encoding, end)| Some((*encoding, Files::get(&format!("{name}{end}"))?)));
    there.next()
}

/// Whether a list of a header names this, and does not turn it down.
fn named(list: &[u8], wanted: &str) -> bool {
    let list = String::from_utf8_lossy(list);
    list.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_it = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        is_it && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_it_takes() {
        for (list, wanted, is_it) in [
            ("gzip, deflate, br", "br", true),
            ("gzip;q=0.5, br;q=1.0", "gzip", true),
            ("br;q=0, gzip", "br", false),
            ("GZIP", "gzip", true),
            ("brotli", "br", false),
            ("", "br", false),
            ("text/html,application/xhtml+xml", "text/html", true),
            ("application/json", "text/html", false),
        ] {
            assert_eq!(named(list.as_bytes(), wanted), is_it, "{list} {wanted}");
        }
    }

    #[test]
    fn what_the_api_and_git_have_is_no_page() {
        for (path, is_page) in [
            ("/", true),
            ("/p/zoo/board", true),
            ("/apiary", true),
            ("/assets/a.js", true),
            ("/api", false),
            ("/api/v1/stats", false),
            ("/git/zoo.git/info/refs", false),
            ("/hooks/zoo", false),
        ] {
            assert_eq!(is_of_interface(path), is_page, "{path}");
        }
    }
}
