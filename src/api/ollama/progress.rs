//! What is said of long work while it runs: one status a line, or the last one.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, future, stream};
use http::{HeaderValue, header};
use serde::Serialize;
use std::convert::Infallible;
use utoipa::ToSchema;

use super::error::ErrorBody;
use super::generate::whole_response;
use crate::api::error::Failure;
use crate::api::stream::json;
use crate::create::Status;
use crate::registry::Progress;

/// How far some long work is.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct StatusLine {
    /// What is done now; `success` at the end.
    status: String,
    /// What `total` and `completed` are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Bytes in all.
    #[serde(skip_serializing_if = "is_zero")]
    total: u64,
    /// Bytes that are done.
    #[serde(skip_serializing_if = "is_zero")]
    completed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<Status> for StatusLine {
    fn from(status: Status) -> Self {
        let Status { text, digest, total, completed } = status;
        Self { status: text.into_owned(), digest, total, completed }
    }
}

impl From<Progress> for StatusLine {
    fn from(progress: Progress) -> Self {
        Status::from(progress).into()
    }
}

/// Answers with the states as they come, or with the last one. The work is cancelled when the client leaves: then
/// `states` is dropped.
///
/// # Errors
/// If the work fails before its first state, or at all when it is not streamed.
pub(super) async fn respond(
    states: impl Stream<Item = Result<StatusLine, Failure>> + Send + 'static,
    streams: bool,
) -> Result<Response, Failure> {
    let mut states = Box::pin(states);
    let first = states.next().await.ok_or(Failure::Dropped)??;
    if !streams {
        let mut last = first;
        while let Some(state) = states.next().await {
            last = state?;
        }
        let mut body = Vec::new();
        json(&last, &mut body);
        return Ok(whole_response(body));
    }
    let lines =
        stream::once(future::ready(Ok(first))).chain(states).map(|state| Ok::<_, Infallible>(line(state)));
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

fn line(state: Result<StatusLine, Failure>) -> Bytes {
    let mut out = Vec::with_capacity(128);
    match state {
        Ok(state) => json(&state, &mut out),
        Err(failure) => json(&ErrorBody { error: failure.to_string() }, &mut out),
    }
    out.push(b'\n');
    out.into()
}
