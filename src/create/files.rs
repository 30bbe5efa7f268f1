//! Files to build from: GGUF as it is, split GGUF merged, safetensors converted.

use std::path::PathBuf;

use super::{CreateError, Draft, FileAt, Reporter, SourceFile};
use crate::fleet::{FileFacts, config_of};
use crate::gguf::compat::{self, ModelFile};
use crate::gguf::import::{Files, Import as Conversion, ImportOptions};
use crate::gguf::merge::{Merge, part_of_name};
use crate::gguf::{GgufError, GgufFile};
use crate::store::{self, Blob, BlobWriter, Layer, Lease, MediaType, ModelConfig};

/// Adds the layers of a model that is made from files, and its config.
pub(super) fn add_model(
    draft: &mut Draft,
    lease: &Lease,
    files: &[SourceFile],
    reporter: &Reporter,
) -> Result<(), CreateError> {
    if files.iter().any(|file| file.name.ends_with(".safetensors")) {
        reporter.step("converting model");
        let conversion = Conversion::model(&checkpoint(lease, files)?, &ImportOptions::default())?;
        let mut counting = reporter.counting("converting model");
        let blob = written(draft, lease, |out| Ok(conversion.write(out, &mut counting)?))?;
        return add_gguf(draft, "the converted model", &blob);
    }
    reporter.step("parsing GGUF");
    // A folder of GGUFs has JSON files beside them, which say nothing that the GGUFs do not.
    let files: Vec<&SourceFile> = files.iter().filter(|file| !file.name.ends_with(".json")).collect();
    let (parts, whole): (Vec<&SourceFile>, Vec<_>) =
        files.iter().partition(|file| part_of_name(&file.name).is_some());
    if parts.len() > 1 {
        let paths = parts.iter().map(|file| Ok((file.name.clone(), path(lease, file)?)));
        let merge = Merge::open(paths.collect::<Result<Vec<_>, CreateError>>()?)?;
        let mut counting = reporter.counting("merging GGUF");
        let blob = written(draft, lease, |out| Ok(merge.write(out, &mut counting)?))?;
        add_gguf(draft, "the merged model", &blob)?;
    }
    let single = if parts.len() > 1 { whole } else { files };
    for file in single {
        add_gguf(draft, &file.name, &blob(lease, file)?)?;
    }
    if draft.layers_of(&MediaType::Model).next().is_none() {
        return Err(CreateError::NoWeights);
    }
    Ok(())
}

/// Adds the model that drafts tokens.
pub(super) fn add_draft_model(
    draft: &mut Draft,
    lease: &Lease,
    files: &[SourceFile],
    reporter: &Reporter,
) -> Result<(), CreateError> {
    for file in files {
        reporter.step("parsing GGUF");
        let blob = blob(lease, file)?;
        open(&file.name, &blob)?;
        draft.remove(&MediaType::Draft);
        draft.layers.push(Layer::new(MediaType::Draft, &blob));
    }
    Ok(())
}

/// Adds an adapter; one that is not GGUF is converted for the model's weights.
pub(super) fn add_adapter(
    draft: &mut Draft,
    lease: &Lease,
    files: &[SourceFile],
    reporter: &Reporter,
) -> Result<(), CreateError> {
    if files.is_empty() {
        return Ok(());
    }
    let blob = if files.iter().any(|file| file.name.ends_with(".safetensors")) {
        reporter.step("converting adapter");
        let base = draft.layers_of(&MediaType::Model).next().ok_or(CreateError::NoWeights)?;
        let base = lease.blob(&base.digest)?.ok_or(CreateError::BlobNotFound(base.digest))?;
        let base = open("the base model", &base)?;
        let conversion = Conversion::adapter(&checkpoint(lease, files)?, &base, &ImportOptions::default())?;
        let mut counting = reporter.counting("converting adapter");
        written(draft, lease, |out| Ok(conversion.write(out, &mut counting)?))?
    } else {
        reporter.step("parsing GGUF");
        let [file] = files else { return Err(CreateError::TwoAdapters) };
        let blob = blob(lease, file)?;
        let gguf = open(&file.name, &blob)?;
        if gguf.str("general.type") != Some("adapter") {
            let kind = gguf.str("general.type").unwrap_or("model").to_owned();
            return Err(CreateError::UnknownType { file: file.name.clone(), kind });
        }
        blob
    };
    // One adapter for each model: that of the base makes way.
    draft.remove(&MediaType::Adapter);
    draft.layers.push(Layer::new(MediaType::Adapter, &blob));
    Ok(())
}

/// Adds a GGUF as the layer that it is by its own word.
pub(super) fn add_gguf(draft: &mut Draft, name: &str, blob: &Blob) -> Result<(), CreateError> {
    let file = open(name, blob)?;
    let kind = file.str("general.type").unwrap_or("model");
    let media_type = match kind {
        "adapter" => MediaType::Adapter,
        "projector" | "mmproj" => MediaType::Projector,
        "model" if is_projector(&file) => MediaType::Projector,
        "model" => MediaType::Model,
        kind => return Err(CreateError::UnknownType { file: name.to_owned(), kind: kind.to_owned() }),
    };
    match media_type {
        MediaType::Model => {
            if let Some(first) = draft.weights.replace(name.to_owned()) {
                return Err(CreateError::TwoModels { first, second: name.to_owned() });
            }
            let families = std::mem::take(&mut draft.config.model_families);
            draft.config = describe(&file);
            // A projector may have come first.
            draft.config.model_families.extend(families);
        }
        MediaType::Projector => draft.config.model_families.push(file.architecture().to_owned()),
        _ => {}
    }
    draft.layers.push(Layer::new(media_type, blob));
    Ok(())
}

/// What only reads images or sounds: it has no blocks of its own that read text.
fn is_projector(file: &GgufFile) -> bool {
    file.architecture() == "clip"
        || (file.architecture_u64("vision.block_count").is_some()
            && file.architecture_u64("block_count").is_none())
}

/// The config of a model with these weights.
pub(super) fn describe(file: &GgufFile) -> ModelConfig {
    config_of(Some(&FileFacts::of(file)))
}

pub(super) fn open(name: &str, blob: &Blob) -> Result<GgufFile, CreateError> {
    compat::open(&blob.path).map(ModelFile::into_file).map_err(|error| match error {
        GgufError::NotGguf { .. } => CreateError::NotGguf(name.to_owned()),
        error => CreateError::Gguf { file: name.to_owned(), error },
    })
}

/// The blob of a file. One that is used in place becomes a link to it.
fn blob(lease: &Lease, file: &SourceFile) -> Result<Blob, CreateError> {
    match &file.at {
        FileAt::Blob(digest) => lease.blob(digest)?.ok_or(CreateError::BlobNotFound(*digest)),
        FileAt::InPlace(path) => Ok(lease.import(path, store::Import::Symlink)?),
    }
}

/// Where a file is that will be read and not kept.
fn path(lease: &Lease, file: &SourceFile) -> Result<PathBuf, CreateError> {
    match &file.at {
        FileAt::Blob(_) => Ok(blob(lease, file)?.path),
        FileAt::InPlace(_) => Err(CreateError::NotInPlace(file.name.clone())),
    }
}

fn checkpoint(lease: &Lease, files: &[SourceFile]) -> Result<Files, CreateError> {
    let files = files.iter().map(|file| Ok((file.name.clone(), path(lease, file)?)));
    Ok(Files::new(files.collect::<Result<Vec<_>, CreateError>>()?))
}

/// The blob that `write` writes.
fn written(
    draft: &mut Draft,
    lease: &Lease,
    write: impl FnOnce(&mut BlobWriter) -> Result<(), CreateError>,
) -> Result<Blob, CreateError> {
    let mut out = lease.writer()?;
    write(&mut out)?;
    draft.commit(lease, out)
}
