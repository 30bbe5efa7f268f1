//! The API's description: the document, and a page to read it without any network.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Serves `/openapi.json` and `/docs`.
pub(super) fn router<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let json: Arc<str> = document.to_json().unwrap_or_default().into();
    let page = Config::new(["/openapi.json"])
        // By default the page would show the document to a validator on the web.
        .validator_url("none");
    Router::new()
        .route("/openapi.json", get(move || openapi(Arc::clone(&json))))
        .merge(SwaggerUi::new("/docs").config(page))
}

async fn openapi(json: Arc<str>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}
