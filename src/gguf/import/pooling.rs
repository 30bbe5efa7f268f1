//! How an embedding model makes one vector of those of its tokens: sentence-transformers keeps it beside the model.

use serde::Deserialize;

use super::error::ImportError;
use super::files::Files;
use super::header::Header;

const MODULES: &str = "modules.json";

/// A step of a sentence-transformers model.
#[derive(Debug, Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Adds `pooling_type`, if the folder says which one. The numbers are llama.cpp's.
pub(super) fn describe(files: &Files, header: &mut Header) -> Result<(), ImportError> {
    let Some(text) = files.text(MODULES)? else { return Ok(()) };
    let modules: Vec<Module> = serde_json::from_str(&text)
        .map_err(|error| ImportError::file(MODULES, format!("is no list of modules: {error}")))?;
    if modules.iter().any(|module| module.kind.ends_with(".Dense")) {
        return Err(ImportError::file(
            MODULES,
            "has a Dense layer behind the pooling, which is not imported",
        ));
    }
    let Some(pooling) = modules.iter().find(|module| module.kind.ends_with("Pooling")) else { return Ok(()) };
    let name = format!("{}/config.json", pooling.path.trim_matches('/'));
    let Some(config) = files.object(&name)? else {
        return Err(ImportError::missing(&name, "it says how the vectors of the tokens become one"));
    };
    let named = config.text("pooling_mode")?;
    let modes = [
        ("pooling_mode_mean_tokens", "mean", 1_u32),
        ("pooling_mode_cls_token", "cls", 2),
        ("pooling_mode_lasttoken", "lasttoken", 3),
    ];
    for (flag, mode, number) in modes {
        if config.bool(flag)? == Some(true) || named == Some(mode) {
            header.set_own("pooling_type", number);
            return Ok(());
        }
    }
    Err(ImportError::file(
        &name,
        "pools otherwise than by mean, first or last token: llama.cpp cannot do that",
    ))
}
