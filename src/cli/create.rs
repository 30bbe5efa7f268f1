//! `quipu create MODEL`: a model from a Modelfile.
//!
//! ```text
//!   Modelfile ─▶ Recipe ─▶ files hashed and uploaded ─▶ POST /api/create ─▶ statuses
//!                                 │
//!                                 └ --in-place: the server is told where they are
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::CliError;
use super::client::Client;
use super::progress::{Progress, follow};
use super::session::Session;
use super::upload::{Digests, cannot_read, hash_files, upload};
use crate::modelfile::{self, LocalFile, Modelfile, PathBase, Recipe};

/// Arguments of `quipu create`.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The new model's name
    model: String,
    /// The Modelfile [default: Modelfile, or if there is none, the weights in this folder]
    #[arg(short, long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Quantize the weights to this type, `q4_K_M` for example
    #[arg(short, long, value_name = "TYPE")]
    quantize: Option<String>,
    /// Quantize the draft model to this type
    #[arg(long, value_name = "TYPE")]
    draft_quantize: Option<String>,
    /// Use GGUF files where they are instead of copying them: they must stay there, unchanged
    #[arg(long)]
    in_place: bool,
}

/// The request of `/api/create`. What is empty is left out.
#[derive(Debug, Default, Serialize)]
struct Request<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: Files,
    /// Quipu's own: absolute paths on the server's machine.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    in_place: BTreeMap<String, PathBuf>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    draft_files: Files,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    adapters: Files,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantize: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    draft_quantize: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    license: Vec<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renderer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parser: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires: Option<String>,
}

/// `sha256:…` by the names that the server is told.
type Files = BTreeMap<String, String>;

/// Creates a model. What can be found wrong here is found before anything is uploaded.
pub(super) async fn create(args: &CreateArgs, session: &mut Session) -> Result<(), CliError> {
    super::parse_name(&args.model)?;
    let folder = std::env::current_dir()?;
    let (modelfile, folder) = read_modelfile(args.file.as_deref(), &folder)?;
    let home = std::env::home_dir();
    let recipe = modelfile.recipe(PathBase { folder: &folder, home: home.as_deref() })?;
    for warning in &recipe.warnings {
        session.output.note(warning)?;
    }
    check(args, &recipe, &session.client)?;
    let mut progress = session.output.progress();
    progress.status("gathering model components")?;
    let request = request(args, recipe, &session.client, &mut progress).await?;
    follow(&session.client, "/api/create", &request, &mut progress).await
}

/// The Modelfile, and the folder that its paths start from.
pub(super) fn read_modelfile(file: Option<&Path>, folder: &Path) -> Result<(Modelfile, PathBuf), CliError> {
    let path = folder.join(file.unwrap_or(Path::new("Modelfile")));
    let text = match (fs::read(&path), file) {
        (Ok(text), _) => text,
        (Err(error), None) if error.kind() == ErrorKind::NotFound => b"FROM .\n".to_vec(),
        (Err(error), Some(_)) if error.kind() == ErrorKind::NotFound => {
            return Err(CliError::Usage("specified Modelfile wasn't found".into()));
        }
        (Err(error), _) => return Err(cannot_read(&path)(error)),
    };
    let folder = path.parent().unwrap_or(folder).to_owned();
    Ok((modelfile::parse(&text)?, folder))
}

/// Whether the arguments go with the Modelfile.
fn check(args: &CreateArgs, recipe: &Recipe, client: &Client) -> Result<(), CliError> {
    let refuse = |text: String| Err(CliError::Usage(text));
    if args.draft_quantize.is_some() && recipe.draft_files.is_empty() {
        return refuse("--draft-quantize requires a DRAFT model".into());
    }
    if !args.in_place {
        return Ok(());
    }
    if !client.is_local() {
        return refuse("--in-place: the server is on another machine and cannot read files here".into());
    }
    if recipe.files.is_empty() {
        return refuse("--in-place: FROM names a model, not a file".into());
    }
    for file in &recipe.files {
        if !is_gguf(&file.path).map_err(cannot_read(&file.path))? {
            return refuse(format!(
                "--in-place: {} is no GGUF file, others cannot be used in place",
                file.name
            ));
        }
    }
    Ok(())
}

fn is_gguf(path: &Path) -> std::io::Result<bool> {
    let mut magic = Vec::new();
    fs::File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(magic == b"GGUF")
}

/// Uploads the files and builds the request.
async fn request<'a>(
    args: &'a CreateArgs,
    recipe: Recipe,
    client: &Client,
    progress: &mut Progress<'_>,
) -> Result<Request<'a>, CliError> {
    let (in_place, files): (Vec<_>, Vec<_>) = recipe.files.into_iter().partition(|_| args.in_place);
    let digests = hash_files(files.iter().chain(&recipe.draft_files).chain(&recipe.adapters), progress)?;
    for (path, digest) in &digests {
        upload(path, digest, client, progress).await?;
    }
    let messages = recipe.messages.iter();
    // Types are written in any case; servers know them in upper case.
    let upper = |text: &Option<String>| text.as_ref().map(|text| text.to_uppercase());
    Ok(Request {
        model: &args.model,
        from: recipe.from,
        files: named(files, &digests),
        in_place: in_place.into_iter().map(|file| (file.name, file.path)).collect(),
        draft_files: named(recipe.draft_files, &digests),
        adapters: named(recipe.adapters, &digests),
        quantize: upper(&args.quantize),
        draft_quantize: upper(&args.draft_quantize),
        template: recipe.template,
        system: recipe.system,
        license: recipe.licenses,
        parameters: recipe.parameters,
        messages: messages.map(|m| json!({"role": m.role, "content": m.content})).collect(),
        renderer: recipe.renderer,
        parser: recipe.parser,
        requires: recipe.requires,
    })
}

/// Names and digests of files.
fn named(files: Vec<LocalFile>, digests: &Digests) -> Files {
    let digest_of = |path: &Path| digests.get(path).cloned();
    files.into_iter().filter_map(|file| Some((file.name, digest_of(&file.path)?))).collect()
}
