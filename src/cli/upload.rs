//! Files to blobs: their digests, and the way to the server of those that it does not have.
//!
//! ```text
//!   hash_files ─▶ sha256:… ─▶ HEAD /api/blobs/sha256:…  200: it is there
//!                                                       404: POST /api/blobs/sha256:…
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base16ct::HexDisplay;
use futures_util::stream::try_unfold;
use reqwest::Body;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;

use super::CliError;
use super::client::Client;
use super::progress::Progress;
use crate::modelfile::LocalFile;

/// How much of a file is read at once.
const CHUNK: usize = 1 << 20;

/// `sha256:…` of files, by their paths.
pub(super) type Digests = BTreeMap<PathBuf, String>;

/// The digests of files, with one bar for all. Nothing else is at work meanwhile, so this may block.
pub(super) fn hash_files<'a>(
    files: impl Iterator<Item = &'a LocalFile> + Clone,
    progress: &mut Progress<'_>,
) -> Result<Digests, CliError> {
    let (mut hashed, mut total) = (0, 0);
    for file in files.clone() {
        total += fs::metadata(&file.path).map_err(cannot_read(&file.path))?.len();
    }
    let digests = files.map(|file| {
        let digest = hash_file(&file.path, |bytes| {
            hashed += bytes;
            progress.bar("files", "hashing files", hashed, total)
        });
        Ok((file.path.clone(), digest?))
    });
    digests.collect()
}

fn hash_file(path: &Path, mut each: impl FnMut(u64) -> Result<(), CliError>) -> Result<String, CliError> {
    let mut file = File::open(path).map_err(cannot_read(path))?;
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk).map_err(cannot_read(path))? {
            0 => return Ok(format!("sha256:{:x}", HexDisplay(&hasher.finalize()))),
            read => {
                hasher.update(&chunk[..read]);
                each(read as u64)?;
            }
        }
    }
}

/// A file that cannot be read.
pub(super) fn cannot_read(path: &Path) -> impl Fn(std::io::Error) -> CliError {
    |error| CliError::File { what: format!("cannot read {}", path.display()), error }
}

/// Sends a file if the server does not have it.
pub(super) async fn upload(
    path: &Path,
    digest: &str,
    client: &Client,
    progress: &mut Progress<'_>,
) -> Result<(), CliError> {
    if client.has_blob(digest).await? { Ok(()) } else { send_file(path, digest, client, progress).await }
}

/// Sends a file, and tells how far it is.
async fn send_file(
    path: &Path,
    digest: &str,
    client: &Client,
    progress: &mut Progress<'_>,
) -> Result<(), CliError> {
    let file = tokio::fs::File::open(path).await.map_err(cannot_read(path))?;
    let total = file.metadata().await.map_err(cannot_read(path))?.len();
    let (sent, mut so_far) = watch::channel(0);
    let what = format!("copying file {digest}");
    let sending = client.send_blob(digest, body(file, sent));
    tokio::pin!(sending);
    loop {
        tokio::select! {
            outcome = &mut sending => {
                outcome?;
                return progress.percent(&what, total, total);
            }
            Ok(()) = so_far.changed() => {
                let sent: u64 = *so_far.borrow_and_update();
                // The end is when the server has it.
                progress.percent(&what, sent.min(total.saturating_sub(1)), total)?;
            }
        }
    }
}

/// A file as a request's body, which tells how many bytes were taken from it.
fn body(file: tokio::fs::File, sent: watch::Sender<u64>) -> Body {
    Body::wrap_stream(try_unfold((file, sent), async |(mut file, sent)| {
        let mut chunk = Vec::with_capacity(CHUNK);
        if (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await? == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        sent.send_modify(|bytes| *bytes += chunk.len() as u64);
        Ok(Some((chunk, (file, sent))))
    }))
}
