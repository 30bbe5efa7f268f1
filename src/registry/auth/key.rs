//! The key that identifies a user to registries: ed25519, in the files and the format of OpenSSH.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use signature::Signer;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey, Signature};
use tempfile::NamedTempFile;

use crate::registry::RegistryError;

/// Where the key is.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    /// Quipu's own key, `~/.quipu/id_ed25519`. Made when it is first needed, unless there is another.
    pub own: PathBuf,
    /// A key of Ollama, `~/.ollama/id_ed25519`, that is used if there is no own. It is only read.
    pub other: Option<PathBuf>,
}

/// Signs for the user.
#[derive(Debug)]
pub(super) struct Identity {
    files: KeyFiles,
    key: OnceLock<PrivateKey>,
}

impl Identity {
    pub(super) fn new(files: KeyFiles) -> Self {
        Self { files, key: OnceLock::new() }
    }

    /// What an `Authorization` header says to prove that this user wrote `message`: `<public key>:<signature>`,
    /// both in base64.
    pub(super) fn sign(&self, message: &str) -> Result<String, RegistryError> {
        let key = match self.key.get() {
            Some(key) => key,
            None => {
                let key = self.files.load()?;
                self.key.get_or_init(|| key)
            }
        };
        let problem = |error: ssh_key::Error| self.files.problem(&self.files.own, error.to_string());
        let public = key.public_key().to_bytes().map_err(problem)?;
        let signature = sign(key, message).map_err(problem)?;
        Ok(format!("{}:{}", BASE64_STANDARD.encode(public), BASE64_STANDARD.encode(signature)))
    }
}

fn sign(key: &PrivateKey, message: &str) -> ssh_key::Result<Vec<u8>> {
    let signature: Signature = key.try_sign(message.as_bytes())?;
    Ok(signature.as_bytes().to_vec())
}

impl KeyFiles {
    /// Reads the key; makes one if there is none.
    fn load(&self) -> Result<PrivateKey, RegistryError> {
        for path in [Some(&self.own), self.other.as_ref()].into_iter().flatten() {
            match fs::read(path) {
                Ok(pem) => return self.parse(path, &pem),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.problem(path, format!("cannot be read: {error}"))),
            }
        }
        match self.create() {
            Ok(key) => Ok(key),
            // Another process made one at this moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let pem = fs::read(&self.own);
                let pem = pem.map_err(|e| self.problem(&self.own, format!("cannot be read: {e}")))?;
                self.parse(&self.own, &pem)
            }
            Err(error) => Err(self.problem(&self.own, format!("cannot be made: {error}"))),
        }
    }

    fn parse(&self, path: &Path, pem: &[u8]) -> Result<PrivateKey, RegistryError> {
        let damaged =
            |error| self.problem(path, format!("cannot be used: {error}; move it away to get a new one"));
        let key = PrivateKey::from_openssh(pem).map_err(damaged)?;
        if key.is_encrypted() {
            return Err(
                self.problem(path, "has a passphrase, which cannot be asked for: remove it from the key")
            );
        }
        if !matches!(key.key_data(), KeypairData::Ed25519(_)) {
            return Err(self.problem(path, format!("is {}, not ed25519: make a new one", key.algorithm())));
        }
        Ok(key)
    }

    /// Makes a new key. It is in place as a whole or not at all, and replaces none.
    fn create(&self) -> io::Result<PrivateKey> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let key = PrivateKey::new(Ed25519Keypair::from_seed(&seed).into(), "").map_err(io::Error::other)?;
        let pem = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
        let public = key.public_key().to_openssh().map_err(io::Error::other)? + "\n";
        let folder = self.own.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        place(folder, &self.own, pem.as_bytes(), 0o600)?;
        tracing::info!(path = %self.own.display(), "made a key that identifies you to registries");
        // Only people read it, to tell a registry who they are.
        match place(folder, &self.own.with_added_extension("pub"), public.as_bytes(), 0o644) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(key),
        }
    }

    fn problem(&self, path: &Path, problem: impl Into<String>) -> RegistryError {
        RegistryError::Key { path: path.to_owned(), problem: problem.into() }
    }
}

/// Writes a file that must not exist yet.
fn place(folder: &Path, path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    let mut file: NamedTempFile = builder.permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}
