//! Failures on Ollama's wire: `{"error":"…"}`.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::api::body::read_json;
use crate::api::error::Failure;
use crate::server::app::App;

/// A failure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
}

/// Failures that an endpoint with a model can answer, for the document.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(crate) enum Failures {
    /// The request cannot be answered
    #[response(status = 400)]
    Refused(#[to_schema] ErrorBody),
    /// The name asks for a model in a cloud
    #[response(status = 403)]
    Cloud(#[to_schema] ErrorBody),
    /// No such model
    #[response(status = 404)]
    NotFound(#[to_schema] ErrorBody),
    /// The body is too large
    #[response(status = 413)]
    TooLarge(#[to_schema] ErrorBody),
    /// The model cannot be loaded, or its engine broke
    #[response(status = 500)]
    Broken(#[to_schema] ErrorBody),
    /// Too many requests wait, or the server shuts down
    #[response(status = 503)]
    Unavailable(#[to_schema] ErrorBody),
}

/// A failure as a response.
#[derive(Debug)]
pub(crate) struct OllamaError(Failure);

impl<E: Into<Failure>> From<E> for OllamaError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for OllamaError {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: self.0.to_string() };
        self.0.respond(Json(body))
    }
}

/// JSON in and out: the `Content-Type` of requests does not matter, responses name their charset.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = OllamaError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, OllamaError> {
        Ok(Self(read_json(request, app.max_body).await?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.0).into_response();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}
