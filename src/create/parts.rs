//! What is said around the weights: template, system message, licences, parameters, messages.

use serde_json::{Map, Value, json};

use super::files::open;
use super::{CreateError, Draft, Parts, Reporter};
use crate::chat::go::{GoTemplate, detect};
use crate::store::{Layer, Lease, MediaType};

/// Puts the parts of a recipe over those of the base.
pub(super) fn apply(draft: &mut Draft, lease: &Lease, parts: Parts) -> Result<(), CreateError> {
    if let Some(template) = parts.template.filter(|text| !text.is_empty()) {
        GoTemplate::parse(&template).map_err(CreateError::Template)?;
        draft.remove(&MediaType::Prompt);
        replace(draft, lease, MediaType::Template, template.as_bytes())?;
    }
    if let Some(system) = parts.system {
        replace(draft, lease, MediaType::System, system.as_bytes())?;
    }
    for license in parts.licenses {
        let blob = draft.put(lease, license.as_bytes())?;
        let layer = Layer::new(MediaType::License, &blob);
        if !draft.layers.contains(&layer) {
            draft.layers.push(layer);
        }
    }
    if !parts.parameters.is_empty() {
        let mut parameters = parameters_of(draft, lease)?;
        parameters.extend(parts.parameters);
        replace(draft, lease, MediaType::Params, Value::Object(parameters).to_string().as_bytes())?;
    }
    if !parts.messages.is_empty() {
        let message = |(role, content): &(String, String)| json!({"role": role, "content": content});
        let messages: Value = parts.messages.iter().map(message).collect();
        replace(draft, lease, MediaType::Messages, messages.to_string().as_bytes())?;
    }
    let config = &mut draft.config;
    config.renderer = parts.renderer.unwrap_or_else(|| std::mem::take(&mut config.renderer));
    config.parser = parts.parser.unwrap_or_else(|| std::mem::take(&mut config.parser));
    config.requires = parts.requires.unwrap_or_else(|| std::mem::take(&mut config.requires));
    Ok(())
}

/// Gives a model without a template the Go template of its format, if its Jinja template is that of a known one.
pub(super) fn detect_template(
    draft: &mut Draft,
    lease: &Lease,
    reporter: &Reporter,
) -> Result<(), CreateError> {
    let Some(weights) = draft.layers_of(&MediaType::Model).next() else { return Ok(()) };
    let Some(blob) = lease.blob(&weights.digest)? else { return Ok(()) };
    let file = open("the model", &blob)?;
    let Some(known) = file.chat_template().and_then(detect) else { return Ok(()) };
    reporter.step(format!("using autodetected template {}", known.name));
    replace(draft, lease, MediaType::Template, known.template.as_bytes())?;
    if !known.stop.is_empty() {
        let parameters = json!({ "stop": known.stop });
        replace(draft, lease, MediaType::Params, parameters.to_string().as_bytes())?;
    }
    Ok(())
}

/// Puts one layer in the place of all of its type; an empty one is left out.
fn replace(
    draft: &mut Draft,
    lease: &Lease,
    media_type: MediaType,
    content: &[u8],
) -> Result<(), CreateError> {
    draft.remove(&media_type);
    if !content.is_empty() {
        let blob = draft.put(lease, content)?;
        draft.layers.push(Layer::new(media_type, &blob));
    }
    Ok(())
}

/// The parameters of the base. Damaged ones are as good as none.
fn parameters_of(draft: &Draft, lease: &Lease) -> Result<Map<String, Value>, CreateError> {
    let Some(layer) = draft.layers_of(&MediaType::Params).last() else { return Ok(Map::new()) };
    let Some(blob) = lease.blob(&layer.digest)? else { return Err(CreateError::BlobNotFound(layer.digest)) };
    let json = std::fs::read(&blob.path).unwrap_or_default();
    Ok(serde_json::from_slice(&json).unwrap_or_default())
}
