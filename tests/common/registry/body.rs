//! Bodies that do not arrive as they should.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::watch;

/// Pieces in which a body is sent.
const PIECE: usize = 16 * 1024;

/// What goes wrong with a body.
#[derive(Clone, Debug, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// The connection ends after so many bytes.
    CutAfter(usize),
    /// Nothing more comes after so many bytes, until the gate is opened.
    HoldAfter(usize, Gate),
}

/// Where bodies wait.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    open: Arc<watch::Sender<bool>>,
    arrived: Arc<watch::Sender<usize>>,
    left: Arc<watch::Sender<usize>>,
}

impl Gate {
    pub(crate) fn closed() -> Self {
        Self {
            open: Arc::new(watch::Sender::new(false)),
            arrived: Arc::new(watch::Sender::new(0)),
            left: Arc::new(watch::Sender::new(0)),
        }
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many bodies have come to the gate.
    pub(crate) async fn arrived(&self, n: usize) {
        self.arrived.subscribe().wait_for(|arrived| *arrived >= n).await.expect("the gate is there");
    }

    /// Waits until the connections of so many of them are gone, or they went through.
    pub(crate) async fn left(&self, n: usize) {
        self.left.subscribe().wait_for(|left| *left >= n).await.expect("the gate is there");
    }

    async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let _leaving = Leaving(self);
        self.open.subscribe().wait_for(|open| *open).await.expect("the gate is there");
    }
}

struct Leaving<'a>(&'a Gate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.left.send_modify(|left| *left += 1);
    }
}

/// A body of these bytes, with trouble.
pub(crate) fn body(bytes: Bytes, trouble: Trouble) -> Body {
    Body::from_stream(stream::unfold((bytes, 0, trouble), |(mut rest, sent, mut trouble)| async move {
        let mut len = rest.len().min(PIECE);
        match &trouble {
            Trouble::CutAfter(at) if sent == *at => {
                // What was sent must arrive before the connection ends.
                tokio::task::yield_now().await;
                return Some((Err(io::Error::other("cut")), (Bytes::new(), sent, Trouble::None)));
            }
            Trouble::HoldAfter(at, gate) if sent == *at => {
                gate.pass().await;
                trouble = Trouble::None;
            }
            Trouble::CutAfter(at) | Trouble::HoldAfter(at, _) => len = len.min(at - sent),
            Trouble::None => {}
        }
        if rest.is_empty() {
            return None;
        }
        let piece = rest.split_to(len);
        Some((Ok(piece), (rest, sent + len, trouble)))
    }))
}
