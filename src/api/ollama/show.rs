//! `POST /api/show`: everything about a model.

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::Json;
use super::tags::ModelDetails;
use super::{Failures, OllamaError, shared};
use crate::api::ask;
use crate::api::cloud::{MODEL_DETAILS, Place};
use crate::api::error::Failure;
use crate::api::piece::GoTime;
use crate::fleet::{Model, SourcePath};
use crate::gguf::compat::{self, ModelFile};
use crate::gguf::{self, GgufFile};
use crate::modelfile::{Message, ModelParts, Modelfile, parameters_text};
use crate::server::app::App;
use crate::store::{Manifest, MediaType, Name, Store, StoreError};

/// Which model, and how much of it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ShowRequest {
    /// The model.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// Show this system message in place of the model's.
    system: Option<String>,
    /// Show this template in place of the model's.
    template: Option<String>,
    /// Include long arrays, such as the vocabulary.
    verbose: Option<bool>,
    /// Show these parameters over the model's.
    #[schema(value_type = Option<Object>)]
    options: Option<Map<String, Value>>,
}

/// Everything about a model.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Shown {
    /// The licences, one after the other.
    #[serde(skip_serializing_if = "String::is_empty")]
    license: String,
    /// A Modelfile that makes this model.
    #[serde(skip_serializing_if = "String::is_empty")]
    modelfile: String,
    /// Parameters, one a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    parameters: String,
    /// The template that makes the prompts: the model's own, or that of its weights. Without any, `{{ .Prompt }}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    template: String,
    /// The system message.
    #[serde(skip_serializing_if = "String::is_empty")]
    system: String,
    /// The model in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<ModelDetails>,
    /// Messages that come before every conversation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<ShownMessage>,
    /// Of a model that another server runs: its name there.
    #[serde(skip_serializing_if = "String::is_empty")]
    remote_model: String,
    /// The server that runs it.
    #[serde(skip_serializing_if = "String::is_empty")]
    remote_host: String,
    /// What the weights' file says of itself. Arrays are null unless `verbose`.
    #[schema(value_type = Object)]
    model_info: Map<String, Value>,
    /// What the projector's file says of itself.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    projector_info: Option<Map<String, Value>>,
    /// The tensors of the weights' file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tensors: Vec<ShownTensor>,
    /// What it can do.
    capabilities: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<GoTime>,
    /// The oldest version that runs it.
    #[serde(skip_serializing_if = "String::is_empty")]
    requires: String,
}

/// A message that comes before every conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownMessage {
    /// Who says it.
    role: String,
    /// What is said.
    content: String,
}

/// A tensor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownTensor {
    /// Its name.
    name: String,
    /// Type of its elements.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its dimensions, the innermost first.
    shape: Vec<u64>,
}

/// Shows everything about a model.
#[utoipa::path(
    post, path = "/api/show", tag = "ollama",
    request_body = ShowRequest,
    responses((status = 200, description = "The model", body = Shown), Failures)
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(request): Json<ShowRequest>,
) -> Result<Json<Shown>, OllamaError> {
    let name = shared::model_name(request.model.clone(), request.name.clone());
    if name.is_empty() {
        return Err(Failure::Invalid("model is required".into()).into());
    }
    let model = ask::find(&app, &name).await.map_err(explain)?;
    let store = app.store.clone();
    let shown = tokio::task::spawn_blocking(move || describe(&store, &model, request));
    let mut shown = shown.await.map_err(|_| Failure::Dropped)??;
    if is_copilot(&headers) {
        shown.model_info.insert("general.basename".into(), name.into());
    }
    Ok(Json(shown))
}

/// Why there is nothing to show.
fn explain(failure: Failure) -> Failure {
    match failure {
        Failure::NoCloud(_) => Failure::NoCloud(MODEL_DETAILS),
        Failure::NoSuchModel(name) if !is_name(&name) => Failure::Invalid("invalid model name".into()),
        other => other,
    }
}

fn is_name(text: &str) -> bool {
    let text = if let Ok(Place::Here(rest)) = Place::of(text) { rest } else { text };
    text.parse::<Name>().is_ok()
}

/// GitHub Copilot Chat lists a model by its base name: Ollama gives it the name that it asked for, so that models over the
/// same weights can be told apart.
fn is_copilot(headers: &HeaderMap) -> bool {
    headers.get(header::USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"GitHubCopilotChat/"))
}

/// What a stored model has beside its content.
#[derive(Default)]
struct Layers {
    licenses: Vec<String>,
    projectors: Vec<String>,
    draft: Option<String>,
}

impl Layers {
    fn read(store: &Store, manifest: &Manifest) -> Result<Self, StoreError> {
        let path = |layer| store.path(layer).map(|path| path.display().to_string());
        let text = |layer| store.read(layer).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Self {
            licenses: manifest.layers_of(&MediaType::License).map(text).collect::<Result<_, _>>()?,
            projectors: manifest.layers_of(&MediaType::Projector).map(path).collect::<Result<_, _>>()?,
            draft: manifest.layers_of(&MediaType::Draft).next().map(path).transpose()?,
        })
    }
}

fn describe(store: &Store, model: &Model, request: ShowRequest) -> Result<Shown, StoreError> {
    let layers = match store.find(&model.name) {
        // A file that was named at the start hides a stored model of the same name.
        Ok(stored) if stored.manifest.digest().hex() == model.digest => {
            Layers::read(store, &stored.manifest)?
        }
        Ok(_) | Err(StoreError::ModelNotFound(_)) => Layers::default(),
        Err(error) => return Err(error),
    };
    let content = &*model.content;
    let verbose = request.verbose == Some(true);
    let mut parameters = content.parameters.clone();
    parameters.extend(request.options.unwrap_or_default());
    let template = request.template.clone().unwrap_or_else(|| content.template_text().to_owned());
    let system = request.system.or_else(|| content.system.clone());
    let messages = content.messages.iter();
    let parts = ModelParts {
        from: path_of(&model.weights.source).unwrap_or_default(),
        adapters: model.weights.adapters.iter().map(|path| path.display().to_string()).collect(),
        draft: layers.draft,
        projectors: layers.projectors.clone(),
        template: request.template.or_else(|| content.template.clone()),
        system: system.clone().filter(|text| !text.is_empty()),
        renderer: Some(content.config.renderer.clone()).filter(|text| !text.is_empty()),
        parser: Some(content.config.parser.clone()).filter(|text| !text.is_empty()),
        parameters: parameters.clone(),
        licenses: layers.licenses.clone(),
        messages: messages.map(|m| Message { role: m.role.clone(), content: m.content.clone() }).collect(),
    };
    let file = match &model.weights.source {
        SourcePath::Gguf(path) => open(path),
        SourcePath::Mock => None,
    };
    let projector = layers.projectors.first().and_then(|path| open(Path::new(path)));
    let messages = content.messages.iter();
    Ok(Shown {
        license: layers.licenses.join("\n"),
        modelfile: Modelfile::from(parts).show(&model.name.to_string()),
        parameters: parameters_text(&parameters),
        template,
        system: system.unwrap_or_default(),
        details: Some(model.into()),
        messages: messages
            .map(|m| ShownMessage { role: m.role.clone(), content: m.content.clone() })
            .collect(),
        remote_model: content.config.remote_model.clone(),
        remote_host: content.config.remote_host.clone(),
        model_info: file.as_ref().map(|file| metadata(file, verbose)).unwrap_or_default(),
        projector_info: projector.map(|file| metadata(&file, verbose)),
        tensors: file.as_ref().map(tensors).unwrap_or_default(),
        capabilities: model.capabilities(),
        modified_at: Some(GoTime(model.modified)),
        requires: content.config.requires.clone(),
    })
}

fn path_of(source: &SourcePath) -> Option<String> {
    match source {
        SourcePath::Gguf(path) => Some(path.display().to_string()),
        SourcePath::Mock => None,
    }
}

/// A file's header, as it is. One that cannot be read is shown as empty: the reason was logged when the model was
/// found.
fn open(path: &Path) -> Option<GgufFile> {
    compat::open(path).ok().map(ModelFile::into_file)
}

/// The metadata by its own keys, without what is shown elsewhere. Arrays are long: without `verbose` they are null.
fn metadata(file: &GgufFile, verbose: bool) -> Map<String, Value> {
    let hidden = ["general.name", "tokenizer.chat_template"];
    let entries = file.metadata().iter().filter(|(key, _)| !hidden.contains(&key.as_str()));
    let mut info: Map<_, _> = entries.map(|(key, value)| (key.clone(), gguf_json(value, verbose))).collect();
    info.insert("general.parameter_count".into(), file.parameter_count().into());
    info
}

fn gguf_json(value: &gguf::Value, verbose: bool) -> Value {
    match value {
        gguf::Value::Array(array) if array.is_empty() => Value::Array(Vec::new()),
        gguf::Value::Array(_) if !verbose => Value::Null,
        gguf::Value::Array(array) => array.iter().map(|element| gguf_json(&element, verbose)).collect(),
        gguf::Value::String(text) => text.to_string_lossy().into_owned().into(),
        gguf::Value::Bool(on) => (*on).into(),
        // As written: not 0.000009999999747378752 for 1e-5.
        gguf::Value::F32(number) => number.to_string().parse::<f64>().map_or(Value::Null, Into::into),
        number => match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(number)) if number.fract() == 0.0 => (number as i64).into(),
            (None, Some(number)) => number.into(),
            (None, None) => Value::Null,
        },
    }
}

fn tensors(file: &GgufFile) -> Vec<ShownTensor> {
    let shown = |tensor: &gguf::TensorInfo| ShownTensor {
        name: tensor.name.clone(),
        kind: tensor.tensor_type.name(),
        shape: tensor.dims.clone(),
    };
    file.tensors().iter().map(shown).collect()
}
