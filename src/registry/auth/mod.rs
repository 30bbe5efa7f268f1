//! Who the user is to a registry.
//!
//! ```text
//!   Quipu                                           registry
//!     │ GET /v2/library/llama3.2/manifests/latest      │
//!     │ ─────────────────────────────────────────────▶ │
//!     │ 401  WWW-Authenticate: Bearer realm=R,service=S,scope="repository:library/llama3.2:pull"
//!     │ ◀───────────────────────────────────────────── │
//!     │ GET R?nonce=…&scope=…&service=S&ts=…           │   signed with the user's ed25519 key
//!     │ ─────────────────────────────────────────────▶ │   (R must be on the registry's own host)
//!     │ 200  {"token": T}                              │
//!     │ ◀───────────────────────────────────────────── │
//!     │ GET …/manifests/latest   Authorization: Bearer T
//!     │ ─────────────────────────────────────────────▶ │
//! ```
//!
//! A token that was got for one scope serves all transfers until it expires. Public models need none of this.

mod challenge;
mod key;
mod token;

use std::sync::Arc;

pub use key::KeyFiles;
use parking_lot::Mutex;
use reqwest::{Response, Url, header};

use self::challenge::Challenge;
pub(super) use self::token::Tokens;
use super::RegistryError;

/// What one transfer presents to one repository of a registry.
#[derive(Debug)]
pub(super) struct Session {
    tokens: Arc<Tokens>,
    current: Mutex<Option<Arc<str>>>,
    /// Held while a token is got, so that the many streams of a download that is refused get one together.
    renewal: tokio::sync::Mutex<()>,
}

impl Session {
    pub(super) fn new(tokens: Arc<Tokens>) -> Self {
        Self { tokens, current: Mutex::default(), renewal: tokio::sync::Mutex::default() }
    }

    /// The token to send.
    pub(super) fn token(&self) -> Option<Arc<str>> {
        self.current.lock().clone()
    }

    /// Gets the token that a registry asked for in its answer 401 to a request with the token `refused`.
    ///
    /// # Errors
    /// [`RegistryError::Unauthorized`] if there is nothing more to try.
    pub(super) async fn renew(
        &self,
        http: &reqwest::Client,
        answer: &Response,
        refused: Option<Arc<str>>,
    ) -> Result<(), RegistryError> {
        let challenge = challenge_in(answer).ok_or(RegistryError::Unauthorized)?;
        let _renewal = self.renewal.lock().await;
        if self.token() != refused {
            return Ok(());
        }
        let token = self.tokens.get(http, answer.url(), challenge, refused.as_deref()).await?;
        *self.current.lock() = Some(token);
        Ok(())
    }
}

fn challenge_in(answer: &Response) -> Option<Challenge> {
    let headers = answer.headers().get_all(header::WWW_AUTHENTICATE).into_iter();
    headers.filter_map(|header| header.to_str().ok()).find_map(Challenge::parse)
}

/// Host and port of a URL, as people write them.
pub(super) fn host_of(url: &Url) -> String {
    match (url.host_str().unwrap_or_default(), url.port()) {
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    }
}
