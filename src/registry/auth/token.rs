//! Getting tokens, and keeping them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use reqwest::{Url, header};
use serde::Deserialize;

use super::challenge::Challenge;
use super::host_of;
use super::key::{Identity, KeyFiles};
use crate::registry::RegistryError;
use crate::registry::http::{body_of, checked};

/// SHA-256 of an empty body, which is a part of what is signed.
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// How long a token lives if its issuer does not say: what Docker's specification of registry tokens says.
const LIFE: Duration = Duration::from_secs(60);

/// A token is not used for the last part of its life: it must still be good when it arrives.
const MARGIN: Duration = Duration::from_secs(10);

/// No answer that holds a token is longer.
const MAX_ANSWER: usize = 1 << 20;

/// The tokens of all transfers.
#[derive(Debug)]
pub(crate) struct Tokens {
    identity: Identity,
    known: Mutex<HashMap<Challenge, Known>>,
}

#[derive(Debug)]
struct Known {
    token: Arc<str>,
    expires: Instant,
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Tokens {
    pub(crate) fn new(files: KeyFiles) -> Self {
        Self { identity: Identity::new(files), known: Mutex::default() }
    }

    /// A token for a challenge of the registry that was asked for `url`, other than the one it refused.
    pub(super) async fn get(
        &self,
        http: &reqwest::Client,
        url: &Url,
        challenge: Challenge,
        refused: Option<&str>,
    ) -> Result<Arc<str>, RegistryError> {
        let realm = realm(url, &challenge)?;
        if let Some(token) = self.kept(&challenge, refused) {
            return Ok(token);
        }
        let url = token_url(realm, &challenge)?;
        let asked = Instant::now();
        let answer = self.ask(http, url).await?;
        let life = answer.expires_in.map_or(LIFE, Duration::from_secs);
        let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
        let token: Arc<str> = token.ok_or(RegistryError::Unauthorized)?.into();
        let mut known = self.known.lock();
        known.retain(|_, known| known.expires > asked);
        // A life too long to count is one for ever, as far as anybody here will see.
        if let Some(expires) = asked.checked_add(life.saturating_sub(MARGIN)) {
            known.insert(challenge, Known { token: Arc::clone(&token), expires });
        }
        Ok(token)
    }

    fn kept(&self, challenge: &Challenge, refused: Option<&str>) -> Option<Arc<str>> {
        let known = self.known.lock();
        let known = known.get(challenge).filter(|known| known.expires > Instant::now())?;
        (refused != Some(&*known.token)).then(|| Arc::clone(&known.token))
    }

    async fn ask(&self, http: &reqwest::Client, url: Url) -> Result<Answer, RegistryError> {
        let host = host_of(&url);
        let body = BASE64_STANDARD.encode(EMPTY_BODY);
        let signature = self.identity.sign(&format!("GET,{url},{body}"))?;
        let request = http.get(url).header(header::AUTHORIZATION, signature);
        let answer = request.send().await.map_err(|error| RegistryError::transport(&host, error))?;
        let answer = match checked(answer).await {
            Err(RegistryError::Status { status: 401 | 403, .. }) => return Err(RegistryError::Unauthorized),
            answer => answer?,
        };
        let body = body_of(answer, MAX_ANSWER).await?;
        serde_json::from_slice(&body)
            .map_err(|error| RegistryError::answer(&host, format!("its token cannot be read: {error}")))
    }
}

/// Where tokens come from. That must be the registry itself: whoever gets the request can show our signature to
/// the registry, and be us. (The port counts; whether it is the default one of the scheme does not.)
fn realm(registry: &Url, challenge: &Challenge) -> Result<Url, RegistryError> {
    let host = host_of(registry);
    let problem = |error| RegistryError::answer(&host, format!("its token realm is no URL: {error}"));
    let realm = Url::parse(&challenge.realm).map_err(problem)?;
    if host_of(&realm) != host {
        return Err(RegistryError::ForeignRealm { host, realm: host_of(&realm) });
    }
    match (registry.scheme(), realm.scheme()) {
        (_, "https") | ("http", "http") => Ok(realm),
        _ => Err(RegistryError::InsecureHttp),
    }
}

/// The URL to ask for a token: with the scope, and with what makes each signature another one.
fn token_url(mut realm: Url, challenge: &Challenge) -> Result<Url, RegistryError> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| RegistryError::System(Arc::new(error.into())))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut query: Vec<(String, String)> = realm.query_pairs().into_owned().collect();
    query.push(("service".to_owned(), challenge.service.clone()));
    query.extend(challenge.scope.split_whitespace().map(|scope| ("scope".to_owned(), scope.to_owned())));
    query.push(("ts".to_owned(), now.as_secs().to_string()));
    query.push(("nonce".to_owned(), BASE64_URL_SAFE_NO_PAD.encode(nonce)));
    // As the registry's own client orders them, since it is the text of the URL that is signed.
    query.sort_by(|(a, _), (b, _)| a.cmp(b));
    realm.query_pairs_mut().clear().extend_pairs(query);
    Ok(realm)
}
