//! Credentials that are embedded in a URL: they leave it before anything else happens, for a URL is
//! recorded and shown.

use actors::ports::repo::Credential;

/// A URL without the credentials in it, and those.
pub(crate) fn split_credentials(url: &str) -> (String, Option<Credential>) {
    let Some((scheme @ ("https" | "http"), rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };

    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (rest, None),
    };
    let Some((given, place)) = authority.rsplit_once('@') else {
        return (url.to_owned(), None);
    };

    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let (user, token) = match given.split_once(':') {
        Some((user, token)) => (plain(user), plain(token)),
        // A lone user name is a token, as hosts give them out.
        None => ("x-access-token".to_owned(), plain(given)),
    };
    let path = path.map(|path| format!("/{path}")).unwrap_or_default();

    (
        format!("{scheme}://{place}{path}"),
        Some(Credential::Token { user, token }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_url() {
        let token = |user: &str, token: &str| {
            Some(Credential::Token {
                user: user.into(),
                token: token.into(),
            })
        };

        for (url, clean, found) in [
            (
                "https://ann:s%40crit@host:8443/a/b.git",
                "https://host:8443/a/b.git",
                token("ann", "s@crit"),
            ),
            (
                "https://ghp_abc@host/b.git",
                "https://host/b.git",
                token("x-access-token", "ghp_abc"),
            ),
            ("https://host/a@b.git", "https://host/a@b.git", None),
            ("ssh://git@host/b.git", "ssh://git@host/b.git", None),
            ("git@host:b.git", "git@host:b.git", None),
            ("/srv/b.git", "/srv/b.git", None),
        ] {
            assert_eq!(split_credentials(url), (clean.to_owned(), found), "{url}");
        }
    }
}
