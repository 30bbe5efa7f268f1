//! Sends a blob.
//!
//! ```text
//!   HEAD  blobs/<digest>                     200: it is there already
//!   POST  blobs/uploads/?mount=…&from=…      201: it is there now, taken over from another model
//!                                            202: Location says where the first part goes
//!   PATCH <location>   Content-Range: a-b    202: received; Location says where the next one goes
//!                                            307: PUT the part to Location instead, without credentials;
//!                                                 Docker-Upload-Location says where the next one goes
//!   PUT   <location>?digest=…&etag=…         201: it is there, whole and checked
//! ```
//!
//! A registry that takes the bytes itself takes them in order, part after part. One that redirects gets up to 16 parts
//! at once, since it is only asked where they go.
//!
//! If anything fails, it starts over: what became of a part that broke off, only the registry knows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base16ct::HexDisplay;
use bytes::Bytes;
use futures_util::stream;
use md5::{Digest as _, Md5};
use reqwest::{Body, Method, Response, StatusCode, Url, header};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use super::RegistryError;
use super::auth::host_of;
use super::http::{Repository, checked, location, text};
use super::parts::split;
use super::retry::{Patience, persist};
use crate::store::{Layer, Part};

/// Parts that are sent at once, at most.
const STREAMS: usize = 16;

/// Bytes that are read at once, and how many such pieces wait for the network.
const PIECE: usize = 1 << 20;
const WAITING: usize = 4;

/// A blob to send.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    repository: Arc<Repository>,
    layer: Layer,
    path: PathBuf,
    patience: Patience,
    sent: Arc<AtomicU64>,
}

impl Upload {
    pub(super) fn new(
        repository: &Arc<Repository>,
        layer: &Layer,
        path: PathBuf,
        patience: Patience,
    ) -> Self {
        let repository = Arc::clone(repository);
        Self { repository, layer: layer.clone(), path, patience, sent: Arc::default() }
    }

    /// Bytes of the blob that were sent.
    pub(super) fn sent(&self) -> &AtomicU64 {
        &self.sent
    }

    /// Sends the blob, unless it is there.
    pub(super) async fn run(&self) -> Result<(), RegistryError> {
        persist(self.patience, || self.attempt()).await
    }

    async fn attempt(&self) -> Result<(), RegistryError> {
        if self.is_there().await? {
            return Ok(());
        }
        let Some(location) = self.begin().await? else { return Ok(()) };
        let file = Arc::new(File::open(&self.path).map_err(system)?);
        let (location, etag) = self.send_parts(location, &file).await?;
        self.end(location, &etag).await
    }

    async fn is_there(&self) -> Result<bool, RegistryError> {
        let url = self.repository.url(&format!("blobs/{}", self.layer.digest))?;
        let answer = self.repository.send(Method::HEAD, &url, |request| request).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            // To where the blob is.
            status if status.is_redirection() => Ok(true),
            _ => checked(answer).await.map(|_| true),
        }
    }

    /// Starts an upload, and returns where the first part goes. `None` if there is nothing left to do.
    async fn begin(&self) -> Result<Option<Url>, RegistryError> {
        let mut url = self.repository.url("blobs/uploads/")?;
        if let Some(from) = &self.layer.from {
            let digest = self.layer.digest.to_string();
            url.query_pairs_mut().append_pair("mount", &digest).append_pair("from", from);
        }
        let answer = self.repository.send(Method::POST, &url, |request| request.body("")).await?;
        let answer = checked(answer).await?;
        if answer.status() == StatusCode::CREATED {
            return Ok(None);
        }
        self.next_location(&answer).map(Some)
    }

    /// Where the next request goes, by the answer to the last one.
    fn next_location(&self, answer: &Response) -> Result<Url, RegistryError> {
        let problem =
            || RegistryError::answer(&host_of(answer.url()), "it does not say where to send a blob");
        let location =
            text(answer, "docker-upload-location").or_else(|| location(answer)).ok_or_else(problem)?;
        self.repository.resolve(answer.url(), location)
    }

    /// Sends all parts. Returns where the end goes, and the tag of the whole.
    async fn send_parts(&self, mut location: Url, file: &Arc<File>) -> Result<(Url, String), RegistryError> {
        let parts = split(self.layer.size);
        let mut hashes = vec![[0; 16]; parts.len()];
        let mut redirected = JoinSet::new();
        for part in &parts {
            let (answer, sending) = self.send_part(Method::PATCH, &location, part, file).await?;
            location = self.next_location(&answer)?;
            if answer.status() != StatusCode::TEMPORARY_REDIRECT {
                hashes[part.n] = sending.done().await?;
                continue;
            }
            drop(sending);
            let target = super::http::location(&answer).unwrap_or_default();
            let target = self.repository.resolve(answer.url(), target)?;
            let (upload, file, part) = (self.clone(), Arc::clone(file), *part);
            redirected.spawn(async move { upload.send_elsewhere(&target, &part, &file).await });
            if redirected.len() == STREAMS {
                finished(&mut redirected, &mut hashes).await?;
            }
        }
        while !redirected.is_empty() {
            finished(&mut redirected, &mut hashes).await?;
        }
        let whole = Md5::digest(hashes.concat());
        Ok((location, format!("{:x}-{}", HexDisplay(&whole), parts.len())))
    }

    /// Sends a part to where the registry redirected it.
    async fn send_elsewhere(
        &self,
        url: &Url,
        part: &Part,
        file: &Arc<File>,
    ) -> Result<(usize, [u8; 16]), RegistryError> {
        let attempt = || async {
            let (_, sending) = self.send_part(Method::PUT, url, part, file).await?;
            sending.done().await
        };
        Ok((part.n, persist(self.patience, attempt).await?))
    }

    async fn send_part(
        &self,
        method: Method,
        url: &Url,
        part: &Part,
        file: &Arc<File>,
    ) -> Result<(Response, Sending), RegistryError> {
        // More than one if a token is needed first; the last one counts.
        let sending = parking_lot::Mutex::new(None);
        let answer = self.repository.send(method.clone(), url, |mut request| {
            if method == Method::PATCH {
                let range = format!("{}-{}", part.offset, part.offset + part.size - 1);
                request = request.header(header::CONTENT_RANGE, range).header("X-Redirect-Uploads", "1");
            }
            let (body, new) = Sending::start(part, file, &self.sent);
            *sending.lock() = Some(new);
            request
                .header(header::CONTENT_TYPE, "application/octet-stream")
                .header(header::CONTENT_LENGTH, part.size)
                .body(body)
        });
        let answer = answer.await?;
        let answer = match answer.status() {
            StatusCode::TEMPORARY_REDIRECT if method == Method::PATCH => answer,
            _ => checked(answer).await?,
        };
        let sending = sending.into_inner().ok_or(RegistryError::Interrupted)?;
        Ok((answer, sending))
    }

    async fn end(&self, mut url: Url, etag: &str) -> Result<(), RegistryError> {
        let digest = self.layer.digest.to_string();
        url.query_pairs_mut().append_pair("digest", &digest).append_pair("etag", etag);
        let answer = self.repository.send(Method::PUT, &url, |request| request.body("")).await?;
        checked(answer).await.map(drop)
    }
}

/// Waits for one of the redirected parts.
async fn finished(
    parts: &mut JoinSet<Result<(usize, [u8; 16]), RegistryError>>,
    hashes: &mut [[u8; 16]],
) -> Result<(), RegistryError> {
    if let Some(part) = parts.join_next().await {
        let (n, hash) = part.map_err(|_| RegistryError::Interrupted)??;
        hashes[n] = hash;
    }
    Ok(())
}

fn system(error: io::Error) -> RegistryError {
    RegistryError::System(Arc::new(error))
}

/// A part on its way: a thread that reads and hashes it. What it counted as sent is taken back unless it is done.
#[derive(Debug)]
struct Sending {
    thread: Option<JoinHandle<io::Result<[u8; 16]>>>,
    counted: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
    unwanted: Arc<AtomicBool>,
}

impl Sending {
    fn start(part: &Part, file: &Arc<File>, sent: &Arc<AtomicU64>) -> (Body, Self) {
        let (pieces, waiting) = mpsc::channel(WAITING);
        let unwanted = Arc::new(AtomicBool::new(false));
        let reader = Reader { part: *part, file: Arc::clone(file), pieces, unwanted: Arc::clone(&unwanted) };
        let thread = Some(spawn_blocking(move || reader.run()));
        let counted = Arc::new(AtomicU64::new(0));
        let sending = Self { thread, counted: Arc::clone(&counted), sent: Arc::clone(sent), unwanted };
        let sent = Arc::clone(sent);
        let body = stream::unfold(waiting, move |mut waiting| {
            let (sent, counted) = (Arc::clone(&sent), Arc::clone(&counted));
            async move {
                let piece: Result<Bytes, io::Error> = waiting.recv().await?;
                if let Ok(piece) = &piece {
                    sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    counted.fetch_add(piece.len() as u64, Ordering::Relaxed);
                }
                Some((piece, waiting))
            }
        });
        (Body::wrap_stream(body), sending)
    }

    /// The part was received: its MD5.
    async fn done(mut self) -> Result<[u8; 16], RegistryError> {
        let thread = self.thread.take().ok_or(RegistryError::Interrupted)?;
        let hash = thread.await.map_err(|_| RegistryError::Interrupted)?.map_err(system)?;
        self.counted.store(0, Ordering::Relaxed);
        Ok(hash)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.unwanted.store(true, Ordering::Relaxed);
        self.sent.fetch_sub(self.counted.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

struct Reader {
    part: Part,
    file: Arc<File>,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    unwanted: Arc<AtomicBool>,
}

impl Reader {
    fn run(self) -> io::Result<[u8; 16]> {
        let mut hash = Md5::new();
        let (mut at, end) = (self.part.offset, self.part.offset + self.part.size);
        while at < end {
            let len = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
            let mut piece = vec![0; len];
            if let Err(error) = self.file.read_exact_at(&mut piece, at) {
                // The request fails with it.
                let _ = self.pieces.blocking_send(Err(io::Error::new(error.kind(), error.to_string())));
                return Err(error);
            }
            hash.update(&piece);
            at += len as u64;
            let unwanted = self.unwanted.load(Ordering::Relaxed);
            if unwanted || self.pieces.blocking_send(Ok(piece.into())).is_err() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        Ok(hash.finalize().into())
    }
}
