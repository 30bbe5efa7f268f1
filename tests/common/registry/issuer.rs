//! Gives out tokens.

use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use signature::Verifier;
use ssh_key::{Algorithm as KeyAlgorithm, PublicKey, Signature};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::Served;
use super::docker::Docker;

/// Checks what the user signed, with the reference's own recipe.
pub(crate) fn check_signature(
    url: &str,
    authorization: &str,
) -> Result<PublicKey, Box<dyn std::error::Error>> {
    let (key, signature) = authorization.split_once(':').ok_or("not <key>:<signature>")?;
    let key = PublicKey::from_bytes(&BASE64_STANDARD.decode(key)?)?;
    let signature = Signature::new(KeyAlgorithm::Ed25519, BASE64_STANDARD.decode(signature)?)?;
    let empty = BASE64_STANDARD.encode("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Verifier::verify(key.key_data(), format!("GET,{url},{empty}").as_bytes(), &signature)?;
    Ok(key)
}

/// The real registry, behind a port that also gives out tokens for it.
#[derive(Debug)]
pub(crate) struct Guarded {
    served: Served,
    _docker: Docker,
    _files: TempDir,
}

struct Front {
    http: reqwest::Client,
    registry: String,
    issuer: Issuer,
    /// What tokens allow: `pull`, `push`.
    rights: Vec<&'static str>,
}

struct Issuer {
    key: EncodingKey,
    /// The certificate of the key, as it is written in tokens.
    certificate: String,
}

impl Guarded {
    /// Starts both; tokens allow only `rights`. `None`, with a message, if the registry is not installed.
    pub(crate) async fn start(rights: Vec<&'static str>) -> Option<Self> {
        let files = TempDir::new().expect("a folder");
        let (issuer, pem) = Issuer::new();
        let bundle = files.path().join("issuer.pem");
        std::fs::write(&bundle, pem).expect("a file");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let auth = format!(
            "auth: {{token: {{realm: \"http://{host}/token\", service: test, issuer: tests, rootcertbundle: {}}}}}\n",
            bundle.display()
        );
        let docker = Docker::start(&auth)?;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let front = Front { http, registry: docker.base(), issuer, rights };
        let router = Router::new().fallback(answer).with_state(Arc::new(front));
        Some(Self { served: Served::on(listener, router), _docker: docker, _files: files })
    }

    pub(crate) fn host(&self) -> String {
        self.served.address.to_string()
    }
}

impl Issuer {
    fn new() -> (Self, String) {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["tests".to_owned()]).expect("parameters");
        let certificate = certificate.self_signed(&key).expect("a certificate");
        let encoded = BASE64_STANDARD.encode(certificate.der());
        let key = EncodingKey::from_ec_der(&key.serialize_der());
        (Self { key, certificate: encoded }, certificate.pem())
    }

    fn token(&self, scopes: &[String], rights: &[&str]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let access: Vec<_> = scopes
            .iter()
            .map(|scope| {
                let mut parts = scope.splitn(3, ':').map(str::to_owned);
                let (kind, name, actions) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
                let granted: Vec<_> = actions.split(',').filter(|action| rights.contains(action)).collect();
                json!({"type": kind, "name": name, "actions": granted})
            })
            .collect();
        let mut header = Header::new(Algorithm::ES256);
        header.x5c = Some(vec![self.certificate.clone()]);
        let claims = json!({
            "iss": "tests", "aud": "test", "sub": "user", "access": access,
            "iat": now, "nbf": now - 10, "exp": now + 300, "jti": "1",
        });
        jsonwebtoken::encode(&header, &claims, &self.key).expect("a token")
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    if request.uri().path() == "/token" { front.token(&request) } else { front.forward(request).await }
}

impl Front {
    fn token(&self, request: &Request) -> Response {
        let text = |name| request.headers()[name].to_str().expect("text");
        let url = format!("http://{}{}", text(header::HOST), request.uri());
        if let Err(error) = check_signature(&url, text(header::AUTHORIZATION)) {
            return (StatusCode::UNAUTHORIZED, error.to_string()).into_response();
        }
        let url = reqwest::Url::parse(&url).expect("a URL");
        let of = |wanted: &'static str| {
            url.query_pairs().filter(move |(key, _)| key == wanted).map(|(_, value)| value.into_owned())
        };
        assert_eq!(of("service").collect::<Vec<_>>(), ["test"]);
        let scopes: Vec<_> = of("scope").collect();
        json!({"token": self.issuer.token(&scopes, &self.rights)}).to_string().into_response()
    }

    async fn forward(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let answer = self
            .http
            .request(parts.method, format!("{}{}", self.registry, parts.uri))
            // With the host that the user knows: the registry makes URLs of it.
            .headers(parts.headers)
            .body(reqwest::Body::wrap_stream(body.into_data_stream()))
            .send()
            .await
            .expect("the registry answers");
        let mut response = Response::builder().status(answer.status());
        *response.headers_mut().expect("headers") = answer.headers().clone();
        response.body(Body::from_stream(answer.bytes_stream())).expect("a response")
    }
}

/// What OpenSSH says of a key: it reads ours, or it does not.
pub(crate) fn fingerprint_by_openssh(path: &std::path::Path) -> Option<String> {
    let output = Command::new("ssh-keygen").arg("-lf").arg(path).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).expect("text"))
}
