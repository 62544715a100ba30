//! The key that signs seals: made once, kept in the data folder for the server's user alone.

use std::path::Path;

use anyhow::{Context, bail};
use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use events::node::Sealed;
use events::seal::Statement;

use crate::private::{self, Kept};

/// A private key.
#[derive(Clone)]
pub struct SealKey(SigningKey);

impl SealKey {
    /// The key in this file, made when there is none.
    pub fn read_or_make(path: &Path) -> anyhow::Result<Self> {
        if let Some(text) = private::read(path, Kept::Secret)? {
            return Self::parse(text.trim())
                .with_context(|| format!("the key in {}", path.display()));
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
        private::write(path, format!("{}\n", HEXLOWER.encode(&secret)).as_bytes())?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).context("it is not hex")?;
        let secret: [u8; 32] = bytes
            .try_into()
            .map_err(|_| anyhow::anyhow!("it is not 32 bytes"))?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    /// Signs a statement about the log with this id.
    pub fn seal(&self, statement: Statement, log_id: &str) -> Sealed {
        let signature = self.0.sign(&statement.signed_bytes(log_id));
        let key = HEXLOWER.encode(self.0.verifying_key().as_bytes());
        Sealed {
            statement,
            key,
            signature: HEXLOWER.encode(&signature.to_bytes()),
        }
    }
}

/// A public key as it is typed: 64 hex digits, which are a point of the curve.
///
/// # Errors
/// What it has to be.
pub fn public_key(typed: &str) -> Result<String, String> {
    let decoded = HEXLOWER.decode(typed.as_bytes());
    let bytes: Option<[u8; 32]> = decoded.ok().and_then(|bytes| bytes.try_into().ok());
    let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    match key {
        Some(_) => Ok(typed.to_owned()),
        None => Err("a public key is 64 hex digits, as each seal names it".to_owned()),
    }
}

/// Whether a seal carries the signature of the key it names.
pub fn check_signature(seal: &Sealed, log_id: &str) -> anyhow::Result<()> {
    let key: [u8; 32] = HEXLOWER
        .decode(seal.key.as_bytes())?
        .try_into()
        .map_err(|_| anyhow::anyhow!("the key is not 32 bytes"))?;
    let signature = HEXLOWER.decode(seal.signature.as_bytes())?;
    let signature = Signature::from_slice(&signature).context("the signature is not 64 bytes")?;

    let key = VerifyingKey::from_bytes(&key).context("the key is none")?;
    if key
        .verify_strict(&seal.statement.signed_bytes(log_id), &signature)
        .is_err()
    {
        bail!("the signature is not that of the key it names");
    }
    Ok(())
}
