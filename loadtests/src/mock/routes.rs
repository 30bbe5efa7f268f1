//! Routes and bodies.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::reply::{Reply, generate};
use super::state::State;
use super::{MODEL, TEMPLATE_TOKENS};
use crate::dialect::Dialect;

/// Pieces that may wait for the connection.
const PIECES: usize = 16;

/// A body: what it holds, or what comes.
pub(super) enum Stream {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pieces(pieces) => {
                pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }
}

/// Answers any request.
pub(super) async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<Stream>, Infallible> {
    let path = request.uri().path().to_owned();
    let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.path() == path);
    Ok(match (dialect, path.as_str()) {
        (Some(dialect), _) => {
            // A client that leaves while it sends gets no answer anyway.
            let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
            let body = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
            generation(dialect, &body, state)
        }
        (None, "/v1/models") => whole(StatusCode::OK, json!({"data": [{"id": MODEL}]}).to_string()),
        (None, "/api/version") => {
            whole(StatusCode::OK, json!({"version": env!("CARGO_PKG_VERSION")}).to_string())
        }
        (None, "/metrics") => whole(StatusCode::OK, state.metrics()),
        (None, "/health") => whole(StatusCode::OK, json!({"status": "ok"}).to_string()),
        _ => whole(StatusCode::NOT_FOUND, json!({"error": "no such route"}).to_string()),
    })
}

fn whole(status: StatusCode, text: String) -> Response<Stream> {
    let mut response = Response::new(Stream::Whole(Some(text.into())));
    *response.status_mut() = status;
    response
}

fn generation(dialect: Dialect, body: &Value, state: Arc<State>) -> Response<Stream> {
    let number = state.requests.fetch_add(1, Ordering::Relaxed) + 1;
    if State::is_due(number, state.behaviour.fail_every) {
        return whole(StatusCode::SERVICE_UNAVAILABLE, json!({"error": "told to fail"}).to_string());
    }
    let prompt = prompt(body);
    if prompt.is_empty() {
        return whole(StatusCode::BAD_REQUEST, json!({"error": "no prompt"}).to_string());
    }
    let options = match dialect {
        Dialect::OllamaChat | Dialect::OllamaGenerate => &body["options"],
        Dialect::OpenaiChat | Dialect::OpenaiCompletions => body,
    };
    let limit = options["num_predict"].as_u64().or(options["max_tokens"].as_u64()).unwrap_or(16) as u32;
    let stops = State::is_due(number, state.behaviour.stop_every) && options["ignore_eos"] != true;
    let reply = Reply {
        dialect,
        prompt_tokens: prompt
            .iter()
            .map(|text| text.split_whitespace().count() as u32 + TEMPLATE_TOKENS)
            .sum(),
        prompt: prompt.concat(),
        tokens: if stops { limit / 2 } else { limit },
        stops,
        cut: State::is_due(number, state.behaviour.cut_every),
        empty: State::is_due(number, state.behaviour.empty_every),
    };
    let (pieces, receiver) = mpsc::channel(PIECES);
    tokio::spawn(generate(reply, state, pieces));
    Response::new(Stream::Pieces(receiver))
}

/// The texts of a request.
fn prompt(body: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match body["messages"].as_array() {
        Some(messages) => messages.iter().filter_map(|message| text(&message["content"])).collect(),
        None => text(&body["prompt"]).into_iter().collect(),
    }
}
