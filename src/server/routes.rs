//! All routes in one table.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::docs;
use super::middleware::access_log::access_log;
use super::middleware::cors::{Origins, cors};
use super::middleware::host_guard::{HostGuard, host_guard};
use super::middleware::identity::identity;
use super::settings::HttpSettings;
use crate::api::{native, ollama, openai};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quipu",
        description = "A local LLM server: Ollama's API, OpenAI's API, and the server's own.",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "ollama", description = "The API of Ollama"),
        (name = "openai", description = "The API of OpenAI"),
        (name = "server", description = "The server itself"),
    ),
)]
struct Document;

/// The table: each route is declared once, with its place in the document.
fn table() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(ollama::root::root))
        .routes(routes!(ollama::version::version))
        .routes(routes!(ollama::cloud::status))
        .routes(routes!(ollama::tags::tags))
        .routes(routes!(ollama::ps::ps))
        .routes(routes!(ollama::show::show))
        .routes(routes!(ollama::create::create))
        .routes(routes!(ollama::blobs::has_blob, ollama::blobs::put_blob))
        .routes(routes!(ollama::manage::copy))
        .routes(routes!(ollama::manage::delete))
        .routes(routes!(ollama::transfer::pull))
        .routes(routes!(ollama::transfer::push))
        .routes(routes!(ollama::generate::generate))
        .routes(routes!(ollama::chat::chat))
        .routes(routes!(ollama::embed::embed))
        .routes(routes!(ollama::embeddings::embeddings))
        .routes(routes!(ollama::cloud::me))
        .routes(routes!(ollama::cloud::sign_out))
        .routes(routes!(ollama::cloud::delete_key))
        .routes(routes!(ollama::cloud::web_search))
        .routes(routes!(ollama::cloud::web_fetch))
        .routes(routes!(ollama::cloud::model_recommendations))
        .routes(routes!(openai::models::list_models))
        .routes(routes!(openai::models::get_model))
        .routes(routes!(openai::chat::chat_completions))
        .routes(routes!(openai::completions::completions))
        .routes(routes!(openai::embeddings::create_embeddings))
        .routes(routes!(native::health))
        .routes(routes!(native::ready))
        .routes(routes!(native::metrics))
}

/// The OpenAPI document of all routes.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    table().into_openapi()
}

/// The whole service.
pub(super) fn service(app: &Arc<App>, http: &HttpSettings, listening: SocketAddr) -> Router {
    let (router, document) = table().split_for_parts();
    let origins = Arc::new(Origins::new(&http.origins));
    let guard = Arc::new(HostGuard::new(listening));
    router
        .merge(docs::router(&document))
        .fallback(|| text(StatusCode::NOT_FOUND, "404 page not found"))
        .method_not_allowed_fallback(|| text(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed"))
        // From the inside out.
        .layer(from_fn_with_state(guard, host_guard))
        .layer(from_fn_with_state(origins, cors))
        .layer(from_fn(access_log))
        .layer(from_fn(identity))
        .with_state(Arc::clone(app))
}

async fn text(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed document is the generated one. `make openapi` writes it.
    #[test]
    fn the_committed_document_is_up_to_date() {
        let generated = document().to_pretty_json().unwrap();
        let committed = include_str!("../../openapi/openapi.json");
        assert!(committed.trim_end() == generated.trim_end(), "run `make openapi`");
    }

    #[test]
    fn the_document_is_openapi_3_1() {
        let document = serde_json::to_value(document()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
    }
}
