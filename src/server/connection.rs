//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;
use tracing::debug;

/// An accepted connection.
pub(super) struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub watcher: Watcher,
    pub service: Router,
    /// For request heads, and for writes that make no progress.
    pub timeouts: (Duration, Duration),
}

/// Where a request came from, as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub SocketAddr);

impl Connection {
    /// Answers requests until either side is done.
    pub(super) async fn serve(self, builder: &auto::Builder<TokioExecutor>) {
        // Tokens are small writes that must not wait for each other.
        if let Err(error) = self.stream.set_nodelay(true) {
            debug!(%error, "no TCP_NODELAY");
        }
        let (header_timeout, write_timeout) = self.timeouts;
        let mut stream = TimeoutStream::new(self.stream);
        // A client that stops reading stalls its own requests only, but it holds a connection and a sequence.
        stream.set_write_timeout(Some(write_timeout));
        let spoke = Arc::new(AtomicBool::new(false));
        let service = {
            let (spoke, router, peer) = (Arc::clone(&spoke), self.service, self.peer);
            service_fn(move |request: Request<Incoming>| {
                spoke.store(true, Ordering::Relaxed);
                answer(router.clone(), request, peer)
            })
        };
        let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).into_owned();
        let connection = self.watcher.watch(connection);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            // hyper's own timeout begins when it knows which HTTP it reads; this one holds for the silent.
            () = tokio::time::sleep(header_timeout) => {
                if !spoke.load(Ordering::Relaxed) {
                    debug!(peer = %self.peer, "closed a connection that asked for nothing");
                    return;
                }
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(peer = %self.peer, error, "connection broke");
        }
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    router.oneshot(request).await
}
