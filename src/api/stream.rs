//! Streamed responses: the client's reading drives the answer, and nothing waits in between.
//!
//! A body is polled when the connection can take more. A client that stops reading stops the polling, so
//! its request stops earning credit, and its sequence stalls in the engine without a queue on our side.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderValue, header};
use serde::Serialize;

use super::answer::Answer;
use super::error::Failure;
use super::piece::Piece;

/// Puts an answer on the wire of one dialect.
pub trait Encode: Send + 'static {
    /// Of the response.
    const CONTENT_TYPE: &'static str;

    /// Appends what the client reads of a piece; of the last one, everything that ends the stream.
    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>);
}

/// Appends JSON to a stream's bytes.
pub(crate) fn json<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    if let Err(error) = serde_json::to_writer(&mut *out, value) {
        // Strings, numbers and lists into memory: there is nothing that could fail.
        tracing::error!(%error, "answer not encoded");
    }
}

/// Pieces that wait already go out in one write, up to this many bytes.
const ENOUGH: usize = 16 * 1024;

/// Answers with a stream. Waits for the first piece, so that a refusal has its own status.
///
/// # Errors
/// If the answer fails before its first piece.
pub(crate) async fn respond<E: Encode>(mut answer: Answer, encoder: E) -> Result<Response, Failure> {
    let first = answer.next().await.ok_or(Failure::Dropped)?;
    if let Some(Err(failure)) = first.end {
        return Err(failure);
    }
    let stream = stream::unfold(Some((answer, encoder, Some(first))), |state| async {
        let (mut answer, mut encoder, first) = state?;
        let piece = match first {
            Some(first) => first,
            None => answer.next().await?,
        };
        let mut out = Vec::with_capacity(512);
        let mut ended = piece.end.is_some();
        encoder.piece(piece, &mut out);
        while !ended
            && out.len() < ENOUGH
            && let Some(Some(piece)) = answer.next().now_or_never()
        {
            ended = piece.end.is_some();
            encoder.piece(piece, &mut out);
        }
        let next = (!ended).then_some((answer, encoder, None));
        Some((Ok::<_, Infallible>(Bytes::from(out)), next))
    });
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(E::CONTENT_TYPE));
    // Proxies must neither keep nor collect what is a conversation.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
