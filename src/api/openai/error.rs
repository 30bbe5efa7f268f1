//! Failures on OpenAI's wire: `{"error":{"message","type","param","code"}}`.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::api::body::read_packed_json;
use crate::api::error::Failure;
use crate::server::app::App;

/// A failure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiErrorBody)]
pub(crate) struct ErrorBody {
    /// What went wrong.
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiErrorDetail)]
pub(crate) struct ErrorDetail {
    /// For people.
    message: String,
    /// `invalid_request_error`, `not_found_error` or `api_error`.
    r#type: &'static str,
    /// Always `null`.
    param: Option<&'static str>,
    /// Always `null`.
    code: Option<&'static str>,
}

impl From<&Failure> for ErrorBody {
    fn from(failure: &Failure) -> Self {
        let r#type = match failure.status() {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                "invalid_request_error"
            }
            StatusCode::NOT_FOUND => "not_found_error",
            _ => "api_error",
        };
        Self { error: ErrorDetail { message: failure.to_string(), r#type, param: None, code: None } }
    }
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
pub(crate) struct OpenAiError(Failure);

impl<E: Into<Failure>> From<E> for OpenAiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for OpenAiError {
    fn into_response(self) -> Response {
        self.0.respond(axum::Json(ErrorBody::from(&self.0)))
    }
}

/// JSON of requests, which may be packed with Zstandard; their `Content-Type` does not matter.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = OpenAiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, OpenAiError> {
        Ok(Self(read_packed_json(request, app.max_body).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::FleetError;

    fn body(failure: &Failure) -> String {
        serde_json::to_string(&ErrorBody::from(failure)).unwrap()
    }

    #[test]
    fn failures_have_openais_shape() {
        insta::assert_snapshot!(body(&Failure::Invalid("no".into())), @r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}"#);
        insta::assert_snapshot!(body(&Failure::NoSuchModel("x".into())), @r#"{"error":{"message":"model 'x' not found","type":"not_found_error","param":null,"code":null}}"#);
        insta::assert_snapshot!(body(&FleetError::ShuttingDown.into()), @r#"{"error":{"message":"the server is shutting down","type":"api_error","param":null,"code":null}}"#);
    }
}
