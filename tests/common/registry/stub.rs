//! A registry in this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use quipu::store::{Digest, Manifest, Name};

use super::body::{Trouble, body};
use super::issuer::check_signature;
use super::{Served, noise};

/// What goes wrong with an answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This is answered instead.
    Answer(u16, Vec<(&'static str, String)>, &'static str),
    /// The body has trouble.
    Body(Trouble),
    /// One byte is wrong.
    Corrupt,
    /// The whole blob is sent, whatever is asked for.
    IgnoreRange,
    /// Another range is sent than is asked for.
    WrongRange,
    /// `Content-Length`, and the size in `Content-Range`, are wrong by so many bytes.
    Lie(i64),
}

#[derive(Debug)]
struct Rule {
    method: Method,
    /// In the path.
    text: String,
    times: usize,
    fault: Fault,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// Bytes of the body, where it was read.
    pub(crate) body: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

/// How the registry wants to know who asks.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    /// Where tokens are, if not here.
    pub(crate) realm: Option<String>,
    /// Whether tokens are good for anything.
    pub(crate) admit: bool,
}

/// What the registry has, and does.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    blobs: Mutex<HashMap<String, Bytes>>,
    /// By repository and tag: `library/tiny:latest`.
    manifests: Mutex<HashMap<String, Bytes>>,
    uploads: Mutex<HashMap<usize, Vec<u8>>>,
    /// Parts that went elsewhere.
    elsewhere: Mutex<HashMap<(usize, u64), Bytes>>,
    ids: AtomicUsize,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    /// Blobs and uploads are redirected here.
    storage: Mutex<Option<String>>,
    auth: Mutex<Option<Auth>>,
    tokens: AtomicUsize,
    mounting: AtomicBool,
}

/// The registry.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) shared: Arc<Shared>,
    served: Served,
    storage: Option<Served>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let served = Served::start(Self::router(&shared)).await;
        Self { shared, served, storage: None }
    }

    pub(crate) fn router(shared: &Arc<Shared>) -> Router {
        Router::new().fallback(answer).with_state(Arc::clone(shared))
    }

    /// Redirects blobs and parts of uploads to another host, as registries do that keep them in object storage.
    pub(crate) async fn redirect(&mut self) {
        let storage = Served::start(Self::router(&self.shared)).await;
        *self.shared.storage.lock() = Some(format!("http://{}", storage.address));
        self.storage = Some(storage);
    }

    pub(crate) fn require(&self, auth: Auth) {
        *self.shared.auth.lock() = Some(auth);
    }

    /// Lets blobs be mounted.
    pub(crate) fn allow_mounts(&self) {
        self.shared.mounting.store(true, Ordering::Relaxed);
    }

    pub(crate) fn host(&self) -> String {
        self.served.address.to_string()
    }

    /// The host that it redirects to.
    pub(crate) fn storage_host(&self) -> String {
        self.storage.as_ref().expect("it redirects").address.to_string()
    }

    /// `http://<host>/library/<model>`
    pub(crate) fn name(&self, model: &str) -> Name {
        format!("http://{}/library/{model}", self.host()).parse().expect("a name")
    }

    pub(crate) fn add_blob(&self, bytes: Bytes) -> Digest {
        let digest = Digest::of(&bytes);
        self.shared.blobs.lock().insert(digest.to_string(), bytes);
        digest
    }

    /// Adds `library/<model>:latest` with these layers and a config.
    pub(crate) fn add_model(&self, model: &str, layers: &[Bytes]) -> Manifest {
        let config = Bytes::from(format!(r#"{{"model_format":"gguf","model_family":"{model}"}}"#));
        let describe = |media_type: &str, bytes: &Bytes| {
            let digest = self.add_blob(bytes.clone());
            format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{}}}"#, bytes.len())
        };
        let layers: Vec<_> =
            layers.iter().map(|l| describe("application/vnd.ollama.image.model", l)).collect();
        let config = describe("application/vnd.docker.container.image.v1+json", &config);
        // Spaces as no program of ours would write them: what comes must be kept as it is.
        let manifest = format!(
            "{{ \"schemaVersion\": 2,\n\t\"mediaType\":\"{}\",\"config\":{config}, \"layers\": [{}]}}\n",
            Manifest::MEDIA_TYPE,
            layers.join(", ")
        );
        self.set_manifest(model, manifest.clone().into());
        Manifest::parse(manifest.into_bytes()).expect("a manifest")
    }

    /// Adds a model of one layer of noise.
    pub(crate) fn add_noise(&self, model: &str, len: usize) -> (Manifest, Bytes) {
        let bytes = noise(len, len as u64);
        (self.add_model(model, std::slice::from_ref(&bytes)), bytes)
    }

    pub(crate) fn set_manifest(&self, model: &str, bytes: Bytes) {
        self.shared.manifests.lock().insert(format!("library/{model}:latest"), bytes);
    }

    pub(crate) fn manifest(&self, model: &str) -> Option<Bytes> {
        self.shared.manifests.lock().get(&format!("library/{model}:latest")).cloned()
    }

    /// Puts other bytes, or none, where a blob was.
    pub(crate) fn replace_blob(&self, digest: &Digest, bytes: Option<Bytes>) {
        let mut blobs = self.shared.blobs.lock();
        match bytes {
            Some(bytes) => drop(blobs.insert(digest.to_string(), bytes)),
            None => drop(blobs.remove(&digest.to_string())),
        }
    }

    pub(crate) fn blob(&self, digest: &Digest) -> Option<Bytes> {
        self.shared.blobs.lock().get(&digest.to_string()).cloned()
    }

    /// The next `times` requests with this method and `text` in their path fail. Earlier faults come first.
    pub(crate) fn fail(&self, method: Method, text: &str, times: usize, fault: Fault) {
        self.shared.rules.lock().push(Rule { method, text: text.to_owned(), times, fault });
    }

    /// From here on, nothing goes wrong.
    pub(crate) fn heal(&self) {
        self.shared.rules.lock().clear();
    }

    /// The requests until now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }

    /// The requests until now with this method and `text` in their path.
    pub(crate) fn seen_with(&self, method: Method, text: &str) -> Vec<Seen> {
        let matches = |seen: &Seen| seen.method == method && seen.uri.path().contains(text);
        self.seen().into_iter().filter(matches).collect()
    }

    /// The ranges of a blob that were asked for.
    pub(crate) fn ranges(&self, digest: &Digest) -> Vec<Option<String>> {
        let seen = self.seen_with(Method::GET, &digest.hex());
        seen.iter().map(|seen| seen.header("range").map(str::to_owned)).collect()
    }

    pub(crate) fn forget_seen(&self) {
        self.shared.seen.lock().clear();
    }

    pub(crate) fn tokens_given(&self) -> usize {
        self.shared.tokens.load(Ordering::Relaxed)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let index = {
        let mut seen = shared.seen.lock();
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
        seen.push(Seen { method, uri, headers, body: 0 });
        seen.len() - 1
    };
    let fault = shared.fault(&parts.method, parts.uri.path());
    if let Some(Fault::Answer(code, headers, text)) = fault {
        // Like most servers, it reads what it refuses, as long as that is short.
        let _ = body.collect().await;
        return respond(code, &headers, Body::from(text));
    }
    if let Some(refusal) = shared.refuse(&parts) {
        return refusal;
    }
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if let Some(seen) = shared.seen.lock().get_mut(index) {
        seen.body = body.len();
    }
    shared.serve(&parts, body, fault).unwrap_or_else(|| respond(404, &[], Body::from("no such thing")))
}

impl Shared {
    fn fault(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut rules = self.rules.lock();
        let rule = rules.iter_mut().find(|r| r.times > 0 && r.method == *method && path.contains(&r.text))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    fn refuse(&self, request: &http::request::Parts) -> Option<Response> {
        let auth = self.auth.lock().clone()?;
        let host = request.headers[header::HOST].to_str().expect("text").to_owned();
        // Storage behind a registry knows nobody.
        if self.storage.lock().as_ref().is_some_and(|storage| storage.ends_with(&host)) {
            return None;
        }
        if request.uri.path() == "/token" {
            let url = format!("http://{host}{}", request.uri);
            let authorization = request.headers[header::AUTHORIZATION].to_str().expect("text");
            check_signature(&url, authorization).expect("a signature of the user");
            let token = self.tokens.fetch_add(1, Ordering::Relaxed);
            return Some(respond(
                200,
                &[],
                format!(r#"{{"token":"token-{token}","expires_in":600}}"#).into(),
            ));
        }
        let token = request.headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok());
        if auth.admit && token.is_some_and(|token| token.starts_with("Bearer token-")) {
            return None;
        }
        let scope = if request.method == Method::GET { "pull" } else { "pull,push" };
        let realm = auth.realm.unwrap_or(format!("http://{host}/token"));
        let challenge =
            format!(r#"Bearer realm="{realm}",service="stub",scope="repository:library/x:{scope}""#);
        Some(respond(401, &[("WWW-Authenticate", challenge)], Body::empty()))
    }

    fn serve(&self, request: &http::request::Parts, body: Bytes, fault: Option<Fault>) -> Option<Response> {
        let path = request.uri.path();
        if let Some(part) = path.strip_prefix("/elsewhere/") {
            let (id, start) = part.split_once('/')?;
            self.elsewhere.lock().insert((id.parse().ok()?, start.parse().ok()?), body);
            return Some(respond(200, &[], Body::empty()));
        }
        let mut segments = path.strip_prefix("/v2/")?.split('/');
        let repository = format!("{}/{}", segments.next()?, segments.next()?);
        match (&request.method, segments.next()?, segments.next()?, segments.next()) {
            (&Method::GET, "manifests", tag, None) => {
                assert_eq!(request.headers[header::ACCEPT], Manifest::MEDIA_TYPE);
                let manifest = self.manifests.lock().get(&format!("{repository}:{tag}")).cloned()?;
                let headers = [("Content-Type", Manifest::MEDIA_TYPE.to_owned())];
                Some(respond(200, &headers, super::body::body(manifest, trouble(fault.as_ref()))))
            }
            (&Method::PUT, "manifests", tag, None) => {
                assert_eq!(request.headers[header::CONTENT_TYPE], Manifest::MEDIA_TYPE);
                self.manifests.lock().insert(format!("{repository}:{tag}"), body);
                Some(respond(201, &[], Body::empty()))
            }
            (&Method::HEAD, "blobs", digest, None) => {
                self.blobs.lock().contains_key(digest).then(|| respond(200, &[], Body::empty()))
            }
            (&Method::GET, "blobs", digest, None) => {
                let blob = self.blobs.lock().get(digest).cloned()?;
                let host = request.headers[header::HOST].to_str().ok()?;
                match self.storage.lock().as_ref().filter(|storage| !storage.ends_with(host)) {
                    Some(storage) => Some(redirect(&format!("{storage}{path}"))),
                    None => Some(blob_answer(&request.headers, &blob, fault)),
                }
            }
            (&Method::POST, "blobs", "uploads", Some("")) => Some(self.begin_upload(request.uri.query())),
            (&Method::PATCH, "blobs", "uploads", Some(id)) => self.patch(&request.headers, id, &body, path),
            (&Method::PUT, "blobs", "uploads", Some(id)) => self.end_upload(id, request.uri.query()?),
            _ => None,
        }
    }

    fn begin_upload(&self, query: Option<&str>) -> Response {
        if query.is_some_and(|query| query.contains("mount=")) && self.mounting.load(Ordering::Relaxed) {
            return respond(201, &[], Body::empty());
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        self.uploads.lock().insert(id, Vec::new());
        // Relative, and with a state, as the next ones.
        respond(202, &[("Location", format!("{id}?_state=0"))], Body::empty())
    }

    fn patch(&self, headers: &HeaderMap, id: &str, body: &Bytes, path: &str) -> Option<Response> {
        let (id, range) = (id.parse().ok()?, headers[header::CONTENT_RANGE].to_str().ok()?);
        let (start, end) = range.split_once('-')?;
        let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
        assert_eq!(headers["x-redirect-uploads"], "1");
        assert_eq!(headers[header::CONTENT_LENGTH].to_str().ok()?.parse(), Ok(end + 1 - start));
        let next = format!("{path}?_state={}", end + 1);
        if let Some(storage) = &*self.storage.lock() {
            let headers =
                [("Location", format!("{storage}/elsewhere/{id}/{start}")), ("Docker-Upload-Location", next)];
            return Some(respond(307, &headers, Body::empty()));
        }
        let mut uploads = self.uploads.lock();
        let upload = uploads.get_mut(&id)?;
        if upload.len() as u64 != start || body.len() as u64 != end + 1 - start {
            return Some(respond(416, &[], Body::from("not the next part")));
        }
        upload.extend_from_slice(body);
        Some(respond(202, &[("Location", next)], Body::empty()))
    }

    fn end_upload(&self, id: &str, query: &str) -> Option<Response> {
        let id = id.parse().ok()?;
        let mut bytes = self.uploads.lock().remove(&id)?;
        let mut elsewhere: Vec<_> =
            self.elsewhere.lock().extract_if(|(upload, _), _| *upload == id).collect();
        elsewhere.sort_by_key(|(key, _)| *key);
        elsewhere.iter().for_each(|(_, part)| bytes.extend_from_slice(part));
        let digest = Digest::of(&bytes).to_string();
        if !query.contains(&digest.replace(':', "%3A")) {
            return Some(respond(400, &[], Body::from("DIGEST_INVALID")));
        }
        self.blobs.lock().insert(digest, bytes.into());
        Some(respond(201, &[], Body::empty()))
    }
}

/// A blob, or the range of it that is asked for.
fn blob_answer(headers: &HeaderMap, blob: &Bytes, fault: Option<Fault>) -> Response {
    let range = headers.get(header::RANGE).map(|range| range.to_str().expect("text"));
    let range = range.filter(|_| !matches!(fault, Some(Fault::IgnoreRange))).map(|range| {
        let (start, end) = range.strip_prefix("bytes=").and_then(|r| r.split_once('-')).expect("a range");
        let (start, end): (usize, usize) = (start.parse().expect("a number"), end.parse().expect("a number"));
        start..end + 1
    });
    let lie = if let Some(Fault::Lie(by)) = fault { by } else { 0 };
    let (start, mut bytes) = match &range {
        Some(range) => (range.start, blob.slice(range.clone())),
        None => (0, blob.clone()),
    };
    if matches!(fault, Some(Fault::Corrupt)) {
        let mut wrong = bytes.to_vec();
        wrong[0] ^= 1;
        bytes = wrong.into();
    }
    let shift = usize::from(matches!(fault, Some(Fault::WrongRange)));
    let size = blob.len().saturating_add_signed(lie.try_into().expect("small"));
    let content_range = format!("bytes {}-{}/{size}", start + shift, start + bytes.len() - 1);
    let length = bytes.len().saturating_add_signed(lie.try_into().expect("small"));
    let mut headers = vec![("Content-Length", length.to_string())];
    if range.is_some() {
        headers.push(("Content-Range", content_range));
    }
    let code = if range.is_some() { 206 } else { 200 };
    respond(code, &headers, body(bytes, trouble(fault.as_ref())))
}

fn trouble(fault: Option<&Fault>) -> Trouble {
    match fault {
        Some(Fault::Body(trouble)) => trouble.clone(),
        _ => Trouble::None,
    }
}

fn redirect(to: &str) -> Response {
    respond(307, &[("Location", to.to_owned())], Body::empty())
}

fn respond(code: u16, headers: &[(&'static str, String)], body: Body) -> Response {
    let mut response = Response::builder().status(StatusCode::from_u16(code).expect("a status"));
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("a response")
}
