//! `POST /api/create`: makes a model from another one, or from files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Response;
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::Json;
use super::progress::{StatusLine, respond};
use super::{Failures, OllamaError, shared};
use crate::api::ask;
use crate::api::error::Failure;
use crate::api::options::Options;
use crate::create::{self, CreateError, FileAt, Parts, Recipe, Reporter, SourceFile};
use crate::server::app::App;
use crate::server::connection::Peer;

/// What a model is to be made from, and what is said around it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct CreateRequest {
    /// What it will be called.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// Answer line by line; the default.
    stream: Option<bool>,
    /// The model to build on; pulled if it is not there.
    from: Option<String>,
    /// Files to build from: their names, and the digests under which they were uploaded.
    files: Option<BTreeMap<String, String>>,
    /// GGUF files on the server's machine to use where they are: their names, and absolute paths. Quipu's own; only
    /// for clients on the same machine.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    in_place: Option<BTreeMap<String, PathBuf>>,
    /// Files of a model that drafts tokens.
    draft_files: Option<BTreeMap<String, String>>,
    /// Files of one adapter.
    adapters: Option<BTreeMap<String, String>>,
    /// Type to quantize the weights to.
    quantize: Option<String>,
    /// Another name for `quantize`.
    quantization: Option<String>,
    /// Type to quantize the model that drafts tokens to.
    draft_quantize: Option<String>,
    /// Prompt template, in Go's language.
    template: Option<String>,
    /// One licence, or several.
    #[schema(value_type = Option<Vec<String>>)]
    license: Option<Value>,
    /// System message.
    system: Option<String>,
    /// Options, over those of the base.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
    /// Messages that come before every conversation.
    messages: Option<Vec<FixedMessage>>,
    /// Built-in renderer.
    renderer: Option<String>,
    /// Built-in parser.
    parser: Option<String>,
    /// Oldest version that runs it.
    requires: Option<String>,
    /// A server that runs the model. Not supported.
    remote_host: Option<String>,
}

/// A message that comes before every conversation.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct FixedMessage {
    /// Who says it.
    role: String,
    /// What is said.
    #[serde(default)]
    content: String,
}

/// Makes a model.
#[utoipa::path(
    post, path = "/api/create", tag = "ollama",
    request_body = CreateRequest,
    responses(
        (status = 200, description = "How far it is; with `stream`, one object a line", content(
            (StatusLine = "application/json"),
            (StatusLine = "application/x-ndjson"),
        )),
        Failures,
    )
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Json(request): Json<CreateRequest>,
) -> Result<Response, OllamaError> {
    let streams = request.stream != Some(false);
    if request.in_place.as_ref().is_some_and(|files| !files.is_empty()) && !peer.ip().is_loopback() {
        return Err(Failure::Invalid("in_place is for clients on the server's own machine".into()).into());
    }
    ask::refuse_cloud(&app, request.from.as_deref().unwrap_or_default()).await?;
    let recipe = request.recipe()?;
    Ok(respond(states(app, recipe), streams).await?)
}

/// The states of a making. Dropping them cancels it.
fn states(app: Arc<App>, recipe: Recipe) -> impl Stream<Item = Result<StatusLine, Failure>> + Send + 'static {
    let (reporter, statuses, guard) = Reporter::new();
    let uploads: Vec<_> = recipe.uploads().collect();
    let making = tokio::spawn(async move {
        create::create(&app.workshop, recipe, &reporter).await?;
        app.used(&uploads);
        Ok::<_, CreateError>(())
    });
    stream::unfold(Some((statuses, making, guard)), |state| async {
        let (mut statuses, mut making, guard) = state?;
        if let Some(status) = statuses.recv().await {
            return Some((Ok(status.into()), Some((statuses, making, guard))));
        }
        match (&mut making).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some((Err(error.into()), None)),
            Err(_) => Some((Err(Failure::Dropped), None)),
        }
    })
}

impl CreateRequest {
    fn recipe(self) -> Result<Recipe, Failure> {
        let invalid_name = || Failure::Invalid("invalid model name".into());
        let name = shared::model_name(self.model, self.name).parse().map_err(|_| invalid_name())?;
        if self.remote_host.is_some_and(|host| !host.is_empty()) {
            return Err(Failure::Invalid("bad remote: this server runs all models itself".into()));
        }
        let from = self.from.filter(|from| !from.is_empty());
        let from = from.map(|from| from.parse().map_err(|_| invalid_name())).transpose()?;
        let has_files = self.files.is_some();
        let mut files = uploaded(self.files)?;
        files.extend(in_place(self.in_place)?);
        if from.is_none() && has_files && files.is_empty() {
            return Err(Failure::Invalid("no files provided to convert".into()));
        }
        let draft_files = uploaded(self.draft_files)?;
        let draft_quantize = self.draft_quantize.filter(|kind| !kind.is_empty());
        if draft_quantize.is_some() && draft_files.is_empty() {
            return Err(Failure::Invalid("--draft-quantize requires a DRAFT model".into()));
        }
        let messages = self.messages.unwrap_or_default();
        let parameters = self.parameters.unwrap_or_default();
        // Else every request to the model would fail.
        Options::parse(&parameters)?;
        Ok(Recipe {
            name,
            from,
            files,
            draft_files,
            adapters: uploaded(self.adapters)?,
            quantize: self.quantize.or(self.quantization).filter(|kind| !kind.is_empty()),
            draft_quantize,
            parts: Parts {
                template: self.template,
                system: self.system,
                licenses: licenses(self.license)?,
                parameters,
                messages: messages.into_iter().map(|message| (message.role, message.content)).collect(),
                renderer: self.renderer.filter(|text| !text.is_empty()),
                parser: self.parser.filter(|text| !text.is_empty()),
                requires: self.requires.filter(|text| !text.is_empty()),
            },
        })
    }
}

fn uploaded(files: Option<BTreeMap<String, String>>) -> Result<Vec<SourceFile>, Failure> {
    let file = |(name, digest): (String, String)| {
        let digest = digest.parse().map_err(|_| Failure::Invalid("invalid digest format".into()))?;
        Ok(SourceFile { name: relative(name)?, at: FileAt::Blob(digest) })
    };
    files.unwrap_or_default().into_iter().map(file).collect()
}

fn in_place(files: Option<BTreeMap<String, PathBuf>>) -> Result<Vec<SourceFile>, Failure> {
    let file = |(name, path): (String, PathBuf)| {
        if !path.is_absolute() {
            return Err(Failure::Invalid("in_place needs absolute paths".into()));
        }
        Ok(SourceFile { name: relative(name)?, at: FileAt::InPlace(path) })
    };
    files.unwrap_or_default().into_iter().map(file).collect()
}

/// A name that stays below its folder.
fn relative(name: String) -> Result<String, Failure> {
    let inside = !name.is_empty()
        && !name.starts_with(['/', '\\'])
        && name.split(['/', '\\']).all(|part| part != "..")
        && name.chars().nth(1) != Some(':');
    if inside { Ok(name) } else { Err(Failure::Invalid("file path must be relative".into())) }
}

fn licenses(value: Option<Value>) -> Result<Vec<String>, Failure> {
    let invalid = |value: &Value| {
        Failure::Invalid(format!("invalid license: {value}: expected a string or a list of them"))
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(texts)) => {
            texts.iter().map(|text| Ok(text.as_str().ok_or_else(|| invalid(text))?.to_owned())).collect()
        }
        Some(other) => Err(invalid(&other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recipe(request: Value) -> Result<Recipe, String> {
        let request: CreateRequest = serde_json::from_value(request).map_err(|e| e.to_string())?;
        request.recipe().map_err(|e| e.to_string())
    }

    #[test]
    fn a_recipe_has_what_the_request_says() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let recipe = recipe(json!({
            "name": "mine", "from": "Base:7b", "files": {"a/b.gguf": digest}, "in_place": {"c.gguf": "/tmp/c.gguf"},
            "adapters": {"l.gguf": digest}, "quantization": "q8_0", "license": ["MIT", "BSD"], "system": "",
            "parameters": {"top_k": 3}, "messages": [{"role": "user", "content": "Hi"}], "parser": "",
        }))
        .unwrap();
        assert_eq!(recipe.name.to_string(), "mine:latest");
        assert_eq!(recipe.from.unwrap().to_string(), "Base:7b");
        let names: Vec<_> = recipe.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a/b.gguf", "c.gguf"]);
        assert_eq!(recipe.quantize.as_deref(), Some("q8_0"));
        assert_eq!(recipe.parts.licenses, ["MIT", "BSD"]);
        assert_eq!(recipe.parts.system.as_deref(), Some(""));
        assert_eq!(recipe.parts.messages, [("user".to_owned(), "Hi".to_owned())]);
        assert_eq!(recipe.parts.parser, None);
    }

    #[test]
    fn bad_requests_are_refused() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        for (request, error) in [
            (json!({}), "invalid model name"),
            (json!({"model": "a/../b"}), "invalid model name"),
            (json!({"model": "m", "from": "no name"}), "invalid model name"),
            (json!({"model": "m", "files": {"/etc/x": digest}}), "file path must be relative"),
            (json!({"model": "m", "files": {"a/../../x": digest}}), "file path must be relative"),
            (json!({"model": "m", "files": {"C:\\x": digest}}), "file path must be relative"),
            (json!({"model": "m", "files": {"x": "sha256:12"}}), "invalid digest format"),
            (json!({"model": "m", "in_place": {"x": "relative"}}), "in_place needs absolute paths"),
            (json!({"model": "m", "files": {}}), "no files provided to convert"),
            (
                json!({"model": "m", "from": "a", "draft_quantize": "q8_0"}),
                "--draft-quantize requires a DRAFT model",
            ),
            (json!({"model": "m", "license": 5}), "invalid license: 5: expected a string or a list of them"),
            (
                json!({"model": "m", "parameters": {"top_k": "many"}}),
                "option \"top_k\" must be of type integer",
            ),
            (json!({"model": "m", "remote_host": "x"}), "bad remote: this server runs all models itself"),
        ] {
            assert_eq!(recipe(request).unwrap_err(), error);
        }
    }
}
