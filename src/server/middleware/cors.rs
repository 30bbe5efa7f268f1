//! Which web pages may call this server from a browser: those on this machine, desktop apps, and the
//! origins that the settings name.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "0.0.0.0"];
const APP_ORIGINS: [&str; 5] = ["app://*", "file://*", "tauri://*", "vscode-webview://*", "vscode-file://*"];

const ALLOWED_METHODS: &str = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS";
const ALLOWED_HEADERS: &str = "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,OpenAI-Beta,\
    x-stainless-arch,x-stainless-async,x-stainless-custom-poll-interval,x-stainless-helper-method,\
    x-stainless-lang,x-stainless-os,x-stainless-package-version,x-stainless-poll-helper,\
    x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout";
/// Seconds for which a browser may remember a preflight.
const MAX_AGE: &str = "43200";

/// The origins that may call.
pub(in crate::server) struct Origins {
    any: bool,
    /// Lower case; a `*` splits a pattern in what an origin starts and ends with.
    patterns: Vec<(String, Option<String>)>,
}

impl Origins {
    /// The local ones and those of a comma-separated list; at most one `*` in each stands for anything.
    pub(in crate::server) fn new(extra: &str) -> Self {
        let extra =
            extra.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_lowercase);
        let local = LOCAL_HOSTS.iter().flat_map(|host| {
            [
                format!("http://{host}"),
                format!("https://{host}"),
                format!("http://{host}:*"),
                format!("https://{host}:*"),
            ]
        });
        let all: Vec<String> = extra.chain(local).chain(APP_ORIGINS.map(str::to_owned)).collect();
        let patterns = all
            .iter()
            .map(|origin| match origin.split_once('*') {
                Some((start, end)) => (start.to_owned(), Some(end.to_owned())),
                None => (origin.clone(), None),
            })
            .collect();
        Self { any: all.iter().any(|origin| origin == "*"), patterns }
    }

    fn allow(&self, origin: &str) -> bool {
        let origin = origin.to_lowercase();
        self.any
            || self.patterns.iter().any(|(start, end)| match end {
                None => origin == *start,
                Some(end) => {
                    origin.len() >= start.len() + end.len()
                        && origin.starts_with(start)
                        && origin.ends_with(end)
                }
            })
    }
}

/// Answers preflights, and 403 to requests of pages that may not call.
pub(in crate::server) async fn cors(
    State(origins): State<Arc<Origins>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    if is_same_origin(&origin, &request) {
        return next.run(request).await;
    }
    if !origin.to_str().is_ok_and(|origin| origins.allow(origin)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response =
        if request.method() == Method::OPTIONS { preflight() } else { next.run(request).await };
    let headers = response.headers_mut();
    if origins.any {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// Browsers name the origin of POST requests of a page to its own server, too.
fn is_same_origin(origin: &HeaderValue, request: &Request) -> bool {
    let host = request.headers().get(header::HOST).map(HeaderValue::as_bytes);
    let origin = origin.as_bytes();
    let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    host.is_some() && host == authority
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        (header::VARY, "Access-Control-Request-Method, Access-Control-Request-Headers"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_pages_and_apps_may_call() {
        let origins = Origins::new("");
        for origin in [
            "http://localhost",
            "https://localhost",
            "http://localhost:3000",
            "https://127.0.0.1:8443",
            "http://0.0.0.0:1",
            "app://obsidian.md",
            "file://",
            "tauri://localhost",
            "vscode-webview://abc",
            "vscode-file://vscode-app",
        ] {
            assert!(origins.allow(origin), "{origin}");
        }
    }

    #[test]
    fn other_pages_may_not() {
        let origins = Origins::new("");
        for origin in [
            "http://example.com",
            "https://localhost.evil.com",
            "http://localhostx",
            "null",
            "chrome-extension://abc",
        ] {
            assert!(!origins.allow(origin), "{origin}");
        }
    }

    #[test]
    fn settings_add_origins_and_patterns() {
        let origins = Origins::new("https://a.example, chrome-extension://*,https://*.b.example");
        for origin in ["https://a.example", "chrome-extension://abc", "https://x.b.example"] {
            assert!(origins.allow(origin), "{origin}");
        }
        for origin in ["http://a.example", "https://b.example", "https://a.example.evil"] {
            assert!(!origins.allow(origin), "{origin}");
        }
        assert!(Origins::new("*").allow("https://anything.example"));
    }
}
