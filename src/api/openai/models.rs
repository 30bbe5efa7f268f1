//! `GET /v1/models` and `GET /v1/models/{model}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ErrorBody, OpenAiError};
use crate::api::ask;
use crate::fleet::Model;
use crate::server::app::App;

/// The models that the server can serve.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// `list`.
    object: &'static str,
    /// The models.
    data: Vec<ModelObject>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelObject {
    /// Name with tag.
    id: String,
    /// `model`.
    object: &'static str,
    /// When it was made, in seconds since 1970.
    created: i64,
    /// The namespace of its name: `library`, or somebody's.
    owned_by: String,
}

impl From<&Model> for ModelObject {
    fn from(model: &Model) -> Self {
        let created = model.modified.as_second();
        let owned_by = model.name.namespace().to_owned();
        Self { id: model.name.to_string(), object: "model", created, owned_by }
    }
}

/// Lists the models.
#[utoipa::path(
    get, path = "/v1/models", tag = "openai",
    responses((status = 200, description = "The models", body = ModelList))
)]
pub(crate) async fn list_models(State(app): State<Arc<App>>) -> Result<Json<ModelList>, OpenAiError> {
    let models = app.fleet.models().await?;
    Ok(Json(ModelList { object: "list", data: models.iter().map(Into::into).collect() }))
}

/// Describes a model.
#[utoipa::path(
    get, path = "/v1/models/{model}", tag = "openai",
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = ModelObject),
        (status = 404, description = "No such model", body = ErrorBody),
    )
)]
pub(crate) async fn get_model(
    State(app): State<Arc<App>>,
    Path(model): Path<String>,
) -> Result<Json<ModelObject>, OpenAiError> {
    let model = ask::find(&app, &model).await?;
    Ok(Json((&model).into()))
}
