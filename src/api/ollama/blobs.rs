//! `HEAD` and `POST /api/blobs/{digest}`: files that a model will be made from.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::{Failures, OllamaError};
use crate::api::error::Failure;
use crate::server::app::App;
use crate::store::{Digest, StoreError};

/// A client that sends nothing for this long has forgotten its upload.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pieces of a body that wait to be written.
const PIECES: usize = 16;

/// Says whether a blob is there.
#[utoipa::path(
    head, path = "/api/blobs/{digest}", tag = "ollama",
    params(("digest" = String, Path, description = "`sha256:` and 64 hex digits")),
    responses((status = 200, description = "It is there"), Failures)
)]
pub(crate) async fn has_blob(
    State(app): State<Arc<App>>,
    Path(digest): Path<String>,
) -> Result<(), OllamaError> {
    let digest = parse(&digest)?;
    let store = app.store.clone();
    let blob =
        tokio::task::spawn_blocking(move || store.blob(&digest)).await.map_err(|_| Failure::Dropped)??;
    blob.map(drop).ok_or_else(|| Failure::NotFound(format!("blob {:?} not found", digest.to_string())).into())
}

/// Stores a blob.
#[utoipa::path(
    post, path = "/api/blobs/{digest}", tag = "ollama",
    params(("digest" = String, Path, description = "`sha256:` and 64 hex digits")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "It was there"), (status = 201, description = "It is stored"), Failures)
)]
pub(crate) async fn put_blob(
    State(app): State<Arc<App>>,
    Path(digest): Path<String>,
    mut body: Body,
) -> Result<StatusCode, OllamaError> {
    let digest = parse(&digest)?;
    let (pieces, received) = mpsc::channel(PIECES);
    let writing = tokio::task::spawn_blocking(move || write(&app, &digest, received));
    let mut broken = None;
    while broken.is_none() {
        match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    // A writer that is gone has its answer ready, but clients read none before they have sent all.
                    let _ = pieces.send(data).await;
                }
            }
            Ok(Some(Err(error))) => broken = Some(error.to_string()),
            Err(_) => broken = Some("it stopped coming".into()),
        }
    }
    drop(pieces);
    let written = writing.await.map_err(|_| Failure::Dropped)?;
    match (broken, written) {
        // What came of a broken body is not the blob; the writer found that by its digest, and threw it away.
        (Some(reason), Err(_)) => Err(Failure::BodyBroken(reason).into()),
        (_, Ok(status)) => Ok(status),
        (None, Err(error @ StoreError::DigestMismatch { .. })) => {
            Err(Failure::Invalid(error.to_string()).into())
        }
        (None, Err(error)) => Err(error.into()),
    }
}

fn parse(digest: &str) -> Result<Digest, Failure> {
    digest.parse().map_err(|_| Failure::Invalid(format!("invalid digest format: {digest:?}")))
}

/// Writes what comes, unless the blob is there.
fn write(app: &App, digest: &Digest, mut received: mpsc::Receiver<Bytes>) -> Result<StatusCode, StoreError> {
    let lease = app.store.lease()?;
    if lease.blob(digest)?.is_some() {
        app.uploaded(*digest, lease);
        return Ok(StatusCode::OK);
    }
    let mut writer = lease.writer()?;
    while let Some(piece) = received.blocking_recv() {
        writer.append(&piece)?;
    }
    writer.commit_as(digest)?;
    app.uploaded(*digest, lease);
    Ok(StatusCode::CREATED)
}
