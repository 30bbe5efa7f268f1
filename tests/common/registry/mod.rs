//! Registries that tests pull from and push to.
//!
//! - [`stub`]: a registry in this process, which does what a test tells it to: it breaks connections, lies, redirects,
//!   and remembers every request.
//! - [`docker`]: the real thing, Debian's `docker-registry`, in a process of its own.
//! - [`issuer`]: gives out tokens for it, from behind the same port.
//! - [`tls`]: speaks TLS in front of a stub.
//! - [`home`]: a user of these: a store, a key and a client that is less patient than people are.

// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]
// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

pub(crate) mod body;
pub(crate) mod docker;
pub(crate) mod home;
pub(crate) mod issuer;
pub(crate) mod stub;
pub(crate) mod tls;

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server in this process. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// Serves on a port of its own.
    pub(crate) async fn start(router: Router) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a port"), router)
    }

    pub(crate) fn on(listener: TcpListener, router: Router) -> Self {
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { address, task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Bytes that do not repeat, and are the same every time.
pub(crate) fn noise(len: usize, seed: u64) -> bytes::Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes.into()
}
