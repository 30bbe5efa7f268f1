//! `GET /`: the text by which tools recognise a server.

use axum::response::{IntoResponse, Response};
use http::header;

/// Says that the server is there.
#[utoipa::path(
    method(get, head), path = "/", tag = "ollama",
    responses((status = 200, description = "`Ollama is running`", body = String, content_type = "text/plain"))
)]
pub(crate) async fn root() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "Ollama is running").into_response()
}
