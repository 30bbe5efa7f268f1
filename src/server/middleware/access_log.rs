//! One line in the log, and one count in the metrics, for each request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{debug, info};

use super::identity::RequestId;
use crate::server::connection::Peer;
use crate::server::metrics;

/// Logs and counts a request when its response begins; a streamed answer goes on after that.
pub(in crate::server) async fn access_log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let peer = request.extensions().get::<Peer>().map(|peer| tracing::field::display(peer.0));
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    let status = response.status();
    // Paths that nobody serves would make a time series each.
    metrics::count_request(&method, route.as_deref().unwrap_or("unknown"), status);
    let id = id.as_ref().and_then(|id| id.0.to_str().ok()).unwrap_or_default();
    let (status, milliseconds) = (status.as_u16(), started.elapsed().as_millis());
    // Probes come every few seconds.
    if matches!(path.as_str(), "/" | "/health" | "/ready" | "/metrics") {
        debug!(target: "quipu::access", %method, path, status, milliseconds, peer, id, "request");
    } else {
        info!(target: "quipu::access", %method, path, status, milliseconds, peer, id, "request");
    }
    response
}
