//! What an upstream's URL may be: a path, `file://`, https, ssh or its scp form; plain http to this
//! machine alone.

/// How upstream is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A folder of this machine.
    Path,
    /// HTTP, with TLS or to this machine.
    Http,
    /// ssh.
    Ssh,
}

/// The transport of a URL, or why it is none.
pub fn transport(url: &str) -> Result<Transport, String> {
    match url.split_once("://") {
        Some(("file", _)) => Ok(Transport::Path),
        Some(("https", rest)) if !host(rest).is_empty() => Ok(Transport::Http),
        Some(("http", rest)) if matches!(host(rest), "127.0.0.1" | "localhost" | "[::1]") => {
            Ok(Transport::Http)
        }
        Some(("http", _)) => {
            Err("plain http shows everything to everybody on the way: use https or ssh".to_owned())
        }
        Some(("ssh", rest)) if !host(rest).is_empty() && !host(rest).starts_with('-') => {
            Ok(Transport::Ssh)
        }
        Some((scheme, _)) => Err(format!(
            "{scheme}:// is not spoken here: use https, ssh, file or a path"
        )),
        None if url.contains("::") => Err(
            "helpers of git's own are not started here: use https, ssh, file or a path".to_owned(),
        ),
        None => Ok(match url.split_once(':') {
            // The scp form: no slash before the first colon.
            Some((place, _)) if !place.contains('/') && !place.is_empty() => Transport::Ssh,
            _ => Transport::Path,
        }),
    }
}

/// The host of what follows `://`, without user and port.
fn host(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or_default();
    let place = match authority.rsplit_once('@') {
        Some((_, place)) => place,
        None => authority,
    };
    match place.rfind(']') {
        Some(end) => &place[..=end],
        None => place.split(':').next().unwrap_or_default(),
    }
}

/// One spelling for the URLs of one place on a host: forges show the same repository over https and
/// ssh, with and without a user and `.git`.
pub fn place(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("ssh", url));
    let (authority, path) = match url.contains("://") {
        true => rest.split_once('/').unwrap_or((rest, "")),
        false => rest.split_once(':').unwrap_or((rest, "")),
    };
    let (user, at) = authority.rsplit_once('@').unwrap_or(("", authority));
    let usual_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => ":22",
    };
    let at = at.strip_suffix(usual_port).unwrap_or(at).to_lowercase();
    // Over ssh a path may lie in the home of its user; forges have one user for everybody.
    let user = match (scheme, user) {
        ("ssh", user) if !user.is_empty() && user != "git" => format!("{user}@"),
        _ => String::new(),
    };
    let path = path.trim_matches('/');

    format!("{user}{at}/{}", path.strip_suffix(".git").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_what_they_are() {
        for (url, wanted) in [
            ("/srv/zoo.git", Some(Transport::Path)),
            ("../zoo.git", Some(Transport::Path)),
            ("./a:b/zoo.git", Some(Transport::Path)),
            ("file:///srv/zoo.git", Some(Transport::Path)),
            ("https://host/zoo.git", Some(Transport::Http)),
            ("https://", None),
            ("http://127.0.0.1:8080/zoo.git", Some(Transport::Http)),
            ("http://localhost/zoo.git", Some(Transport::Http)),
            ("http://[::1]:80/zoo.git", Some(Transport::Http)),
            ("http://host/zoo.git", None),
            ("http://127.0.0.1@evil.example/zoo.git", None),
            ("http://127.0.0.1.evil.example/zoo.git", None),
            ("ssh://git@host:2222/zoo.git", Some(Transport::Ssh)),
            ("ssh://-oProxyCommand=x/zoo.git", None),
            ("git@host:team/zoo.git", Some(Transport::Ssh)),
            ("host:zoo.git", Some(Transport::Ssh)),
            ("git://host/zoo.git", None),
            ("ftp://host/zoo.git", None),
            ("ext::sh -c true", None),
            ("fd::17", None),
        ] {
            assert_eq!(transport(url).ok(), wanted, "{url}: {:?}", transport(url));
        }
    }

    #[test]
    fn one_place_has_one_spelling() {
        let zoo = place("https://forge.example/team/zoo.git");

        for same in [
            "https://forge.example/team/zoo",
            "https://forge.example/team/zoo.git/",
            "https://me@Forge.Example:443/team/zoo.git",
            "ssh://git@forge.example/team/zoo.git",
            "ssh://git@forge.example:22/team/zoo",
            "git@forge.example:team/zoo.git",
            "forge.example:/team/zoo.git",
        ] {
            assert_eq!(place(same), zoo, "{same}");
        }

        for other in [
            "https://forge.example/team/zoos.git",
            "https://forge.example:8443/team/zoo.git",
            "https://other.example/team/zoo.git",
            "https://forge.example/Team/zoo.git",
            "alice@forge.example:team/zoo.git",
        ] {
            assert_ne!(place(other), zoo, "{other}");
        }
    }
}
