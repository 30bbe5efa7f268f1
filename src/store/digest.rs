//! The name of a blob: the SHA-256 of its bytes.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use base16ct::{HexDisplay, mixed};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::StoreError;

/// SHA-256 of a blob. Written `sha256:<64 hex digits>` in manifests and requests, and with a dash in place
/// of the colon in file names; both spellings are read, in either letter case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// 64 lower-case hex digits, without `sha256:`.
    #[must_use]
    pub fn hex(&self) -> String {
        format!("{:x}", HexDisplay(&self.0))
    }

    /// The first 12 hex digits, as people see them: the ID column of a list, the layers of a pull.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{:x}", HexDisplay(&self.0[..6]))
    }

    /// What the file is called in `blobs/`.
    pub(super) fn file_name(&self) -> String {
        format!("sha256-{}", self.hex())
    }
}

impl FromStr for Digest {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let hex = text.strip_prefix("sha256:").or_else(|| text.strip_prefix("sha256-"));
        let mut bytes = [0; 32];
        match hex.map(|hex| mixed::decode(hex, &mut bytes)) {
            Some(Ok(decoded)) if decoded.len() == 32 => Ok(Self(bytes)),
            _ => Err(StoreError::InvalidDigest),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = StoreError;

    fn try_from(text: String) -> Result<Self, StoreError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{:x}", HexDisplay(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes what is written to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Hasher {
    state: Sha256,
    bytes: u64,
}

impl Hasher {
    /// How many bytes were hashed.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds bytes.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.state.update(chunk);
        self.bytes += chunk.len() as u64;
    }

    /// The digest of all that was written.
    pub(super) fn finish(self) -> Digest {
        Digest(self.state.finalize().into())
    }
}

impl Write for Hasher {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.update(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
