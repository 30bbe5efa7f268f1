//! A server that computes nothing: it speaks all dialects, counts words as tokens, answers the same prompt with the
//! same text, at a given pace, and can be told to fail. The harness is tested against it, and its own cost measured.

mod reply;
mod routes;
mod state;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::error::LoadError;
pub use state::Observed;
use state::State;

/// What the mock counts for each message beyond its words.
const TEMPLATE_TOKENS: u32 = 4;
/// The name of its model.
const MODEL: &str = "mock";

/// How the mock behaves.
#[derive(Clone, Debug, PartialEq, Serialize, clap::Args)]
pub struct Behaviour {
    /// Milliseconds from a request to its first token
    #[arg(long, value_name = "MS", default_value_t = 0.0)]
    pub first_token_ms: f64,
    /// Milliseconds between two tokens
    #[arg(long, value_name = "MS", default_value_t = 0.0)]
    pub token_ms: f64,
    /// Requests that are answered at a time; the others wait
    #[arg(long, value_name = "N")]
    pub slots: Option<usize>,
    /// Refuse each Nth request with status 503
    #[arg(long, value_name = "N")]
    pub fail_every: Option<u64>,
    /// End each Nth stream in the middle
    #[arg(long, value_name = "N")]
    pub cut_every: Option<u64>,
    /// Answer each Nth request with nothing
    #[arg(long, value_name = "N")]
    pub empty_every: Option<u64>,
    /// End each Nth reply at half its length, unless the request ignores ends
    #[arg(long, value_name = "N")]
    pub stop_every: Option<u64>,
}

impl Default for Behaviour {
    /// As fast as it can, without faults.
    fn default() -> Self {
        Self {
            first_token_ms: 0.0,
            token_ms: 0.0,
            slots: None,
            fail_every: None,
            cut_every: None,
            empty_every: None,
            stop_every: None,
        }
    }
}

/// A running mock. Dropping it ends it.
#[derive(Debug)]
pub struct Mock {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Mock {
    /// Listens, and answers until it is dropped.
    ///
    /// # Errors
    /// If the address is taken or none of this machine.
    pub async fn start(address: SocketAddr, behaviour: Behaviour) -> Result<Self, LoadError> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            slots: behaviour.slots.map(Semaphore::new),
            behaviour,
            requests: AtomicU64::new(0),
            counts: state::Counts::default(),
            observed: parking_lot::Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, state.clone()));
        Ok(Self { address, state, accepting })
    }

    /// Base of its routes.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it really did since it was asked last, to be held against what a client measured.
    #[must_use]
    pub fn take_observed(&self) -> Observed {
        std::mem::take(&mut *self.state.observed.lock())
    }

    /// Waits until it ends, which it does only with its runtime.
    pub(crate) async fn serve(mut self) {
        // It ends by being dropped.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        // A client that is gone before it was accepted is no reason to end.
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Slower, if it fails.
        let _ = stream.set_nodelay(true);
        let state = state.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| routes::answer(request, state.clone()));
            // Clients may leave whenever they like.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
