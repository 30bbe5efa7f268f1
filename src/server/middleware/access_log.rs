//! One line in the log, and one count in the metrics, for each request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use tracing::{debug, info};

use super::identity::RequestId;
use crate::server::connection::Peer;
use crate::server::metrics;

/// The status of a request whose client left before it had an answer, as Ollama and nginx call it. Nobody hears it.
const CLIENT_LEFT: u16 = 499;

/// Logs and counts a request when its response begins; a streamed answer goes on after that.
pub(in crate::server) async fn access_log(request: Request, next: Next) -> Response {
    let mut access = Access::of(&request);
    let response = next.run(request).await;
    access.status = response.status().as_u16();
    response
}

/// A request. It is logged and counted when this is dropped: so is one that nobody waits for any more.
struct Access {
    started: Instant,
    method: Method,
    path: String,
    route: Option<String>,
    peer: Option<Peer>,
    id: Option<RequestId>,
    status: u16,
}

impl Access {
    fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        Self {
            started: Instant::now(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route: extensions.get::<MatchedPath>().map(|route| route.as_str().to_owned()),
            peer: extensions.get::<Peer>().copied(),
            id: extensions.get::<RequestId>().cloned(),
            status: CLIENT_LEFT,
        }
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        let Self { started, method, path, route, peer, id, status } = &*self;
        // Paths that nobody serves would make a time series each.
        metrics::count_request(method, route.as_deref().unwrap_or("unknown"), *status);
        let id = id.as_ref().and_then(|id| id.0.to_str().ok()).unwrap_or_default();
        let peer = peer.map(|peer| tracing::field::display(peer.0));
        let milliseconds = started.elapsed().as_millis();
        // Probes come every few seconds.
        if matches!(path.as_str(), "/" | "/health" | "/ready" | "/metrics") {
            debug!(target: "quipu::access", %method, path, status, milliseconds, peer, id, "request");
        } else {
            info!(target: "quipu::access", %method, path, status, milliseconds, peer, id, "request");
        }
    }
}
