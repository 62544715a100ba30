//! Why upstream cannot be used: what a person is told, and what has to be mended before the trunk
//! goes on.

use serde::{Deserialize, Serialize};

use crate::id::Sha;

/// What is wrong with upstream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// It does not answer.
    Unreachable,
    /// It does not take our credential, or asks for one that we do not have.
    Credential,
    /// Its host shows another key than the one that was pinned.
    HostKey,
    /// There is no repository at its address.
    Missing,
    /// Its branch is not there any more.
    BranchGone,
    /// Its branch does not hold any more what it held.
    Rewritten {
        /// The commit that it held.
        lost: Sha,
        /// The commit where upstream was seen.
        seen: Sha,
    },
    /// It turns our push down.
    Refused,
    /// Something else; the reason says what.
    #[default]
    Other,
}

/// What git says in its own words, in the C locale. They choose what a person is told; whatever
/// they say, the queue waits and tries again.
const WORDS: &[(Fault, &[&str])] = &[
    (
        Fault::HostKey,
        &[
            "Host key verification failed",
            "REMOTE HOST IDENTIFICATION HAS CHANGED",
        ],
    ),
    (
        Fault::Credential,
        &[
            "Permission denied",
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "returned error: 401",
            "returned error: 403",
            "terminal prompts disabled",
        ],
    ),
    (
        Fault::Missing,
        &[
            "does not appear to be a git repository",
            "Repository not found",
            "returned error: 404",
            "does not exist",
        ],
    ),
    (
        Fault::Refused,
        &[
            "[remote rejected]",
            "pre-receive hook declined",
            "protected branch",
        ],
    ),
    (
        Fault::Unreachable,
        &[
            "Could not resolve host",
            "Connection refused",
            "Connection timed out",
            "Connection reset",
            "Connection closed",
            "Failed to connect",
            "No route to host",
            "Network is unreachable",
            "took longer than",
            "early EOF",
            "returned error: 5",
        ],
    ),
];

impl Fault {
    /// What a failed command's words are about.
    pub fn said(words: &str) -> Self {
        let found = WORDS
            .iter()
            .find(|(_, known)| known.iter().any(|known| words.contains(known)));
        match found {
            Some((fault, _)) => fault.clone(),
            None => Self::Other,
        }
    }

    /// What a person is told, and what to do.
    pub fn advice(&self) -> String {
        let what = match self {
            Self::Unreachable => "upstream does not answer",
            Self::Credential => {
                "upstream does not take the credential: give one with `project set --token-file` \
                 or `--ssh-key`"
            }
            Self::HostKey => {
                "upstream's host shows another key than the pinned one: if it was exchanged on \
                 purpose, forget the old one with `project upstream forget-host-keys`"
            }
            Self::Missing => "there is no repository at upstream's address: it has to be put back",
            Self::BranchGone => {
                "upstream's branch is not there any more: put it back, or say what it is called \
                 now with `project upstream follow`"
            }
            Self::Refused => {
                "upstream turned the push down: its rules have to allow the server's account"
            }
            Self::Other => "upstream cannot be used",
            Self::Rewritten { lost, seen } => {
                return format!(
                    "upstream's branch was rewritten: it is at {seen} and does not hold {lost} \
                     any more; put that back, or take it as it is with `project upstream accept`"
                );
            }
        };

        format!("{what}; it is tried again by itself")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let table = [
            (
                "git ls-remote: ssh: connect to host h port 22: Connection refused",
                Fault::Unreachable,
            ),
            (
                "fatal: unable to access 'https://h/': Could not resolve host: h",
                Fault::Unreachable,
            ),
            (
                "fatal: unable to access 'https://h/': The requested URL returned error: 503",
                Fault::Unreachable,
            ),
            ("git ls-remote took longer than 120 s", Fault::Unreachable),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote \
                 repository.",
                Fault::Credential,
            ),
            (
                "fatal: Authentication failed for 'https://h/x.git/'",
                Fault::Credential,
            ),
            (
                "fatal: could not read Username for 'https://h': terminal prompts disabled",
                Fault::Credential,
            ),
            (
                "No ED25519 host key is known for h and you have requested strict checking.\nHost \
                 key verification failed.",
                Fault::HostKey,
            ),
            (
                "fatal: '/srv/x.git' does not appear to be a git repository",
                Fault::Missing,
            ),
            (
                "fatal: repository 'https://h/x.git/' not found\nThe requested URL returned error: \
                 404",
                Fault::Missing,
            ),
            (
                "! [remote rejected] main -> main (protected branch hook declined)",
                Fault::Refused,
            ),
            ("something nobody has seen before", Fault::Other),
        ];

        for (words, fault) in table {
            assert_eq!(Fault::said(words), fault, "{words}");
        }
    }
}
