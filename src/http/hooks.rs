//! What forges send when somebody pushed: signed with a secret of the project, as each of them does
//! it. Pure, with a table of tests.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Largest body that is read: lists of what was pushed.
pub const HOOK_MAX: usize = 5 * 1024 * 1024;

/// The headers that carry a proof of the sender.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proof<'a> {
    /// `X-Hub-Signature-256`: `sha256=` and the HMAC in hex. GitHub, Forgejo and Gitea.
    pub hub: Option<&'a str>,
    /// `X-Forgejo-Signature` or `X-Gitea-Signature`: the HMAC in hex.
    pub bare: Option<&'a str>,
    /// `X-Gitlab-Token`: the secret itself.
    pub token: Option<&'a str>,
}

/// Whether whoever sent this body knows the secret. Compared in constant time; with several proofs,
/// every one has to hold.
pub fn is_proved(secret: &str, proof: &Proof<'_>, body: &[u8]) -> bool {
    let signed = |hex: &str| {
        let Ok(given) = HEXLOWER.decode(hex.to_ascii_lowercase().as_bytes()) else {
            return false;
        };
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            return false;
        };
        mac.chain_update(body).verify_slice(&given).is_ok()
    };

    let found = [
        proof
            .hub
            .map(|value| value.strip_prefix("sha256=").is_some_and(signed)),
        proof.bare.map(signed),
        proof
            .token
            .map(|given| blake3::hash(given.as_bytes()) == blake3::hash(secret.as_bytes())),
    ];
    let mut found = found.into_iter().flatten().peekable();

    found.peek().is_some() && found.all(|holds| holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_forges_proof_is_taken_and_nothing_else() {
        // The example of GitHub's documentation: secret, body and signature.
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!".as_slice());
        let hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let (own, upper) = (format!("sha256={hex}"), hex.to_uppercase());
        let hub = |value| Proof {
            hub: Some(value),
            ..Proof::default()
        };
        let bare = |value| Proof {
            bare: Some(value),
            ..Proof::default()
        };
        let token = |value| Proof {
            token: Some(value),
            ..Proof::default()
        };

        for (proof, holds) in [
            (hub(&own), true),
            (bare(hex), true),
            (bare(&upper), true),
            (token(secret), true),
            (Proof::default(), false),
            (hub(hex), false),
            (hub("sha1=757107ea0eb2509fc211221cce984b8a37570b6d"), false),
            (hub("sha256="), false),
            (hub("sha256=zz"), false),
            (bare(&hex[..62]), false),
            (bare(""), false),
            (token("It's a secret to everybody"), false),
            (token(""), false),
            (
                Proof {
                    token: Some("wrong"),
                    ..hub(&own)
                },
                false,
            ),
        ] {
            assert_eq!(is_proved(secret, &proof, body), holds, "{proof:?}");
        }

        assert!(!is_proved(secret, &bare(hex), b"Hello, World?"));
    }
}
