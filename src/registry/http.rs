//! Requests to one repository of a registry, and what all answers have in common.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::BytesMut;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, redirect};

use super::RegistryError;
use super::auth::{Session, Tokens, host_of};
use super::retry::parse_retry_after;
use crate::store::{Manifest, Name, Scheme};

const CONNECT: Duration = Duration::from_secs(30);

/// Redirects that are followed for one request.
const MAX_REDIRECTS: usize = 10;

/// No manifest is longer: what Docker's registry accepts.
const MAX_MANIFEST: usize = 4 << 20;

/// How much of the text is shown with which a registry explains an error.
const MAX_EXPLANATION: usize = 4096;

/// The HTTP clients, made when they are first needed: reading the system's certificates takes time, and may fail.
///
/// Proxies are those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), certificates those of
/// the system; where that is a file, `SSL_CERT_FILE` names another.
#[derive(Debug)]
pub(super) struct Clients {
    user_agent: String,
    checking: OnceLock<reqwest::Client>,
    trusting: OnceLock<reqwest::Client>,
}

impl Clients {
    pub(super) fn new(user_agent: String) -> Self {
        Self { user_agent, checking: OnceLock::new(), trusting: OnceLock::new() }
    }

    /// The client that checks certificates, or the one that does not.
    fn get(&self, insecure: bool) -> Result<reqwest::Client, RegistryError> {
        let client = if insecure { &self.trusting } else { &self.checking };
        if let Some(client) = client.get() {
            return Ok(client.clone());
        }
        let new = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .tls_danger_accept_invalid_certs(insecure)
            .build()
            .map_err(|error| RegistryError::Tls(error.to_string()))?;
        Ok(client.get_or_init(|| new).clone())
    }
}

/// One model in one registry, as a transfer sees it.
#[derive(Debug)]
pub(super) struct Repository {
    http: reqwest::Client,
    session: Session,
    /// `https://host/v2/namespace/model/`
    base: Url,
    insecure: bool,
    /// How long an answer may take.
    stall: Duration,
}

impl Repository {
    /// Prepares to talk about a model. With `insecure`, to a registry that does not speak TLS, or badly.
    ///
    /// # Errors
    /// [`RegistryError::InsecureHttp`] if the name asks for what is not allowed.
    pub(super) async fn open(
        clients: &Clients,
        tokens: &Arc<Tokens>,
        name: &Name,
        insecure: bool,
        stall: Duration,
    ) -> Result<Self, RegistryError> {
        let scheme = match name.scheme() {
            Scheme::Http if !insecure => return Err(RegistryError::InsecureHttp),
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let host = name.host();
        let base = format!("{scheme}://{host}/v2/{}/{}/", name.namespace(), name.model());
        let bad_host =
            |cause: &dyn ToString| RegistryError::BadHost { host: host.to_owned(), cause: cause.to_string() };
        let base = Url::parse(&base).map_err(|error| bad_host(&error))?;
        let http = clients.get(insecure)?;
        let session = Session::new(Arc::clone(tokens));
        let mut repository = Self { http, session, base, insecure, stall };
        if insecure && scheme == "https" && !repository.speaks_tls().await {
            repository.base.set_scheme("http").map_err(|()| bad_host(&"http is not possible"))?;
        }
        Ok(repository)
    }

    /// Whether a registry that need not speak TLS does.
    async fn speaks_tls(&self) -> bool {
        self.in_time(&self.base, self.answer(self.http.head(self.base.clone()))).await.is_ok()
    }

    /// A URL below the repository. `path` has no slash at its start.
    pub(super) fn url(&self, path: &str) -> Result<Url, RegistryError> {
        self.resolve(&self.base, path)
    }

    /// Where a `Location` of an answer to a request for `from` points.
    pub(super) fn resolve(&self, from: &Url, location: &str) -> Result<Url, RegistryError> {
        let problem =
            |error| RegistryError::answer(&host_of(from), format!("it points to what is no URL: {error}"));
        let url = from.join(location).map_err(problem)?;
        let allowed = url.scheme() == "https" || url.scheme() == "http" && self.insecure;
        if allowed { Ok(url) } else { Err(RegistryError::InsecureHttp) }
    }

    /// Whether a URL is on the registry itself: nobody else gets to see credentials.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Sends a request, to the registry with the token that it wants. An answer with an error is an answer, too.
    /// `prepare` adds headers and body, once more if a token is needed first. Waits as long as it takes.
    ///
    /// # Errors
    /// If there is no answer, or no token.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &Url,
        prepare: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, RegistryError> {
        let request = || prepare(self.http.request(method.clone(), url.clone()));
        if !self.is_own(url) {
            return self.answer(request()).await;
        }
        let mut renewed = false;
        loop {
            let token = self.session.token();
            let request = match &token {
                Some(token) => request().bearer_auth(token),
                None => request(),
            };
            let answer = self.answer(request).await?;
            match (answer.status(), renewed) {
                (StatusCode::UNAUTHORIZED, false) => self.session.renew(&self.http, &answer, token).await?,
                (StatusCode::UNAUTHORIZED, true) => return Err(RegistryError::Unauthorized),
                _ => return Ok(answer),
            }
            renewed = true;
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Response, RegistryError> {
        let request = request.build().map_err(|error| RegistryError::transport("the registry", error))?;
        let host = host_of(request.url());
        self.http.execute(request).await.map_err(|error| RegistryError::transport(&host, error))
    }

    /// Asks for something, follows redirects, and returns what is there. Only the registry itself gets credentials.
    ///
    /// # Errors
    /// If there is no answer in time, or another than success.
    pub(super) async fn fetch(
        &self,
        method: Method,
        mut url: Url,
        headers: &HeaderMap,
    ) -> Result<Response, RegistryError> {
        for _ in 0..MAX_REDIRECTS {
            let request = self.send(method.clone(), &url, |request| request.headers(headers.clone()));
            let answer = self.in_time(&url, request).await?;
            match location(&answer).filter(|_| answer.status().is_redirection()) {
                Some(location) => url = self.resolve(&url, location)?,
                None => return self.in_time(&url, checked(answer)).await,
            }
        }
        Err(RegistryError::answer(&host_of(&url), "it redirects in circles"))
    }

    /// The manifest of the model with a tag.
    ///
    /// # Errors
    /// If it cannot be got, or is damaged.
    pub(super) async fn manifest(&self, tag: &str) -> Result<Manifest, RegistryError> {
        let url = self.url(&format!("manifests/{tag}"))?;
        // Without this, registries look for a manifest in another format, and find none.
        let accept = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(Manifest::MEDIA_TYPE))]);
        let answer = self.fetch(Method::GET, url.clone(), &accept).await?;
        let bytes = self.in_time(&url, body_of(answer, MAX_MANIFEST)).await?;
        Manifest::parse(bytes.into()).map_err(|error| RegistryError::Damaged(error.to_string()))
    }

    /// Gives up on a registry that takes too long.
    async fn in_time<T>(
        &self,
        url: &Url,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let late = |_| RegistryError::Stalled { host: host_of(url), after: self.stall };
        tokio::time::timeout(self.stall, work).await.map_err(late)?
    }
}

/// The `Location` of an answer.
pub(super) fn location(answer: &Response) -> Option<&str> {
    text(answer, header::LOCATION.as_str())
}

/// A header, if it is there and is text.
pub(super) fn text<'a>(answer: &'a Response, header: &str) -> Option<&'a str> {
    answer.headers().get(header)?.to_str().ok()
}

/// An answer if it is a success, else the error that it tells of.
pub(super) async fn checked(answer: Response) -> Result<Response, RegistryError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    if status == StatusCode::NOT_FOUND {
        return Err(RegistryError::NotFound);
    }
    let asked = text(&answer, header::RETRY_AFTER.as_str());
    let retry_after = asked.and_then(|asked| parse_retry_after(asked, SystemTime::now()));
    let body = beginning_of(answer, MAX_EXPLANATION).await;
    let body = String::from_utf8_lossy(&body).trim_end().to_owned();
    Err(RegistryError::Status { status: status.as_u16(), body, retry_after })
}

/// As much of a body as comes, but not more than `max` bytes.
async fn beginning_of(mut answer: Response, max: usize) -> BytesMut {
    let mut body = BytesMut::new();
    while body.len() < max
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(max);
    body
}

/// The body of an answer.
///
/// # Errors
/// If it is longer than `max` bytes, or breaks off.
pub(super) async fn body_of(mut answer: Response, max: usize) -> Result<BytesMut, RegistryError> {
    let host = host_of(answer.url());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| RegistryError::transport(&host, error))? {
        if body.len() + chunk.len() > max {
            return Err(RegistryError::answer(&host, format!("it is longer than {max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
