//! What upstreams ask of whoever comes, and what was pinned of their hosts: kept beside the log.

use events::id::ProjectName;

use crate::ports::PortError;

/// What upstream asks of whoever comes. Never in the log, in an argument or in a URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// For https.
    Token {
        /// The user it belongs to; many hosts take any.
        user: String,
        /// The token or password.
        token: String,
    },
    /// For ssh: a private key, as text.
    SshKey(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token { .. } => "Token(…)",
            Self::SshKey(_) => "SshKey(…)",
        })
    }
}

/// The credentials of all projects.
pub trait Credentials: Send + Sync {
    /// Keeps what a project's upstream asks for; none forgets it.
    fn keep_credential(
        &self,
        project: &ProjectName,
        credential: Option<&Credential>,
    ) -> Result<(), PortError>;
    /// Removes all that was kept for a project that never came to be.
    fn forget_project(&self, project: &ProjectName) -> Result<(), PortError>;
    /// Keys of upstream's host that were pinned when they were seen first, as `host type
    /// fingerprint`.
    fn host_keys(&self, project: &ProjectName) -> Result<Vec<String>, PortError>;
    /// Forgets them: the next connection pins what it sees.
    fn forget_host_keys(&self, project: &ProjectName) -> Result<(), PortError>;
}
