//! Where the bytes of a blob come from.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};

use crate::registry::RegistryError;
use crate::registry::auth::host_of;
use crate::registry::http::{Repository, text};
use crate::store::{Digest, Layer};

/// Why a stream did not bring all that it should.
#[derive(Debug)]
pub(super) enum Stop {
    /// The server sends the whole blob, whatever part is asked for.
    RangesIgnored,
    Failed(RegistryError),
}

impl From<RegistryError> for Stop {
    fn from(error: RegistryError) -> Self {
        Self::Failed(error)
    }
}

/// A blob in a registry.
#[derive(Debug)]
pub(super) struct Source {
    repository: Arc<Repository>,
    digest: Digest,
    size: u64,
    url: Url,
    /// Where the registry redirects to: storage, mostly, with a link that is good for a while. All streams use it,
    /// rather than to ask the registry again.
    elsewhere: Mutex<Option<Url>>,
}

impl Source {
    pub(super) fn new(repository: Arc<Repository>, layer: &Layer) -> Result<Self, RegistryError> {
        let url = repository.url(&format!("blobs/{}", layer.digest))?;
        Ok(Self { repository, digest: layer.digest, size: layer.size, url, elsewhere: Mutex::default() })
    }

    /// Who sends the bytes, for messages.
    pub(super) fn host(&self) -> String {
        self.elsewhere.lock().as_ref().map_or_else(|| host_of(&self.url), host_of)
    }

    /// Opens a stream of these bytes of the blob. What it brings may end before, or go on after them.
    pub(super) async fn open(&self, range: Range<u64>) -> Result<Response, Stop> {
        let all = range == (0..self.size);
        let mut headers = HeaderMap::new();
        if !all && let Ok(value) = HeaderValue::try_from(format!("bytes={}-{}", range.start, range.end - 1)) {
            headers.insert(header::RANGE, value);
        }
        let answer = self.ask(&headers).await?;
        match answer.status() {
            StatusCode::OK if !all => return Err(Stop::RangesIgnored),
            StatusCode::OK => self.check_size(answer.content_length())?,
            StatusCode::PARTIAL_CONTENT => self.check_range(range.start, &answer)?,
            status => return Err(self.nonsense(format!("status {status}")).into()),
        }
        Ok(answer)
    }

    async fn ask(&self, headers: &HeaderMap) -> Result<Response, RegistryError> {
        let elsewhere = self.elsewhere.lock().clone();
        if let Some(url) = elsewhere {
            match self.repository.fetch(Method::GET, url, headers).await {
                // The link may have expired: the registry knows a new one.
                Err(RegistryError::Status { status: 400..500, .. } | RegistryError::NotFound) => {
                    *self.elsewhere.lock() = None;
                }
                result => return result,
            }
        }
        let answer = self.repository.fetch(Method::GET, self.url.clone(), headers).await?;
        if !self.repository.is_own(answer.url()) {
            *self.elsewhere.lock() = Some(answer.url().clone());
        }
        Ok(answer)
    }

    /// Checks `Content-Range: bytes <start>-<end>/<size or *>`.
    fn check_range(&self, start: u64, answer: &Response) -> Result<(), RegistryError> {
        // One that is missing breaks HTTP, but says nothing wrong.
        let Some(given) = text(answer, header::CONTENT_RANGE.as_str()) else { return Ok(()) };
        let nonsense = || self.nonsense(format!("Content-Range {given:?} for a range from byte {start}"));
        let (range, size) =
            given.strip_prefix("bytes ").and_then(|r| r.split_once('/')).ok_or_else(nonsense)?;
        let first = range.split_once('-').and_then(|(first, _)| first.trim().parse::<u64>().ok());
        if first != Some(start) {
            return Err(nonsense());
        }
        self.check_size(size.trim().parse().ok())
    }

    fn check_size(&self, found: Option<u64>) -> Result<(), RegistryError> {
        let Self { digest, size: expected, .. } = *self;
        match found {
            Some(found) if found != expected => Err(RegistryError::WrongSize { digest, expected, found }),
            _ => Ok(()),
        }
    }

    fn nonsense(&self, problem: String) -> RegistryError {
        RegistryError::answer(&self.host(), problem)
    }
}
