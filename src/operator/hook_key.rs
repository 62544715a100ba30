//! The secrets of projects' hooks: derived from the operator's token, and stored nowhere.

use data_encoding::BASE32_NOPAD;
use events::id::ProjectName;

/// Where secrets of hooks are derived from the token for; another purpose gives other secrets.
const PURPOSE: &str = "supercargo 2026-11 secret of a project's upstream hook";

/// What the secrets of hooks are made of. They change with the operator's token.
#[derive(Clone)]
pub struct HookKey([u8; blake3::KEY_LEN]);

impl HookKey {
    /// Derived from the operator's token.
    pub fn of(token: &str) -> Self {
        Self(blake3::derive_key(PURPOSE, token.as_bytes()))
    }

    /// The secret of a project: what its forge is given.
    pub fn secret(&self, project: &ProjectName) -> String {
        let derived = blake3::keyed_hash(&self.0, project.as_str().as_bytes());
        BASE32_NOPAD.encode(derived.as_bytes()).to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_belongs_to_a_token_and_a_project() {
        let name = |name: &str| name.parse::<ProjectName>().expect("name");
        let secrets = [("a", "zoo"), ("a", "shop"), ("b", "zoo")]
            .map(|(token, of)| HookKey::of(token).secret(&name(of)));
        assert!(secrets[0] != secrets[1] && secrets[0] != secrets[2] && secrets[0].len() == 52);
        assert_eq!(HookKey::of("a").secret(&name("zoo")), secrets[0]);
    }
}
