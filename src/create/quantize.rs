//! Quantizing, by llama.cpp, in a process of its own: it aborts on what it did not expect, and cannot be cancelled.
//!
//! ```text
//!   server ── quipu quantize IN OUT TYPE ──▶ worker: llama.cpp writes OUT
//!      ◀───────── "3 147\n" on stdout ──────  after each tensor
//!      (killed when nobody waits any more)
//! ```

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Args;
use quipu_llama::FileType;
use tempfile::TempPath;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use super::files::{describe, open};
use super::{CreateError, Draft, NO_DIGEST, Reporter, Status, Workshop, off_the_runtime};
use crate::gguf::compat;
use crate::store::{Import, Layer, Lease, MediaType};

/// What a model may be stored as before it is quantized: more is lost from anything else.
const FULL: [&str; 3] = ["F16", "BF16", "F32"];

/// Arguments of the worker.
#[derive(Debug, Args)]
pub struct QuantizeArgs {
    /// The GGUF to read
    input: PathBuf,
    /// The GGUF to write
    output: PathBuf,
    /// The type, such as Q4_K_M
    target: String,
}

/// All types that llama.cpp quantizes to, for people.
pub(super) fn supported() -> String {
    FileType::ALL.map(FileType::name).join(", ")
}

/// A type by its name, in any letter case.
fn file_type(name: &str) -> Option<FileType> {
    // Ollama's short forms.
    let name = match name.to_ascii_uppercase().as_str() {
        "Q4_K" => "Q4_K_M".to_owned(),
        "Q5_K" => "Q5_K_M".to_owned(),
        "Q3_K" => "Q3_K_M".to_owned(),
        name => name.to_owned(),
    };
    FileType::ALL.into_iter().find(|kind| kind.name() == name)
}

/// Puts quantized weights in the place of the draft's: those of the given layer type, to the type of the given name.
pub(super) async fn quantize(
    workshop: &Workshop,
    draft: &mut Draft,
    lease: &Lease,
    (layer_type, target): (&MediaType, &str),
    reporter: &Reporter,
) -> Result<(), CreateError> {
    let kind = file_type(target).ok_or_else(|| CreateError::QuantizeTo(target.to_owned()))?;
    let weights = draft.layers_of(layer_type).next().ok_or(CreateError::NoWeights)?.clone();
    let input = lease.blob(&weights.digest)?.ok_or(CreateError::BlobNotFound(weights.digest))?;
    let source = open("the model", &input)?.quantization();
    if source == kind.name() {
        return Ok(());
    }
    if !FULL.contains(&source.as_str()) {
        return Err(CreateError::QuantizeFrom);
    }
    // Beside the blobs, so that it becomes one without a copy.
    let folder = tempfile::Builder::new().prefix("quantize-").tempdir_in(workshop.store.scratch()?);
    let folder = folder.map_err(|error| CreateError::Quantize(error.to_string()))?;
    let output = folder.path().join("model.gguf");
    let text = format!("quantizing {source} model to {}", kind.name());
    let child = Command::new(&workshop.program)
        .arg("quantize")
        .args([&input.path, &output])
        .arg(kind.name())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| CreateError::Quantize(error.to_string()))?;
    watch(child, &text, reporter).await?;
    let lease = lease.clone();
    let (blob, config) = off_the_runtime(move || {
        let blob = lease.import(&output, Import::HardLink)?;
        let config = describe(&open("the quantized model", &blob)?);
        drop(folder);
        Ok((blob, config))
    })
    .await?;
    if *layer_type == MediaType::Model {
        draft.config.file_type = config.file_type;
    }
    draft.written.insert(blob.digest);
    for layer in &mut draft.layers {
        if layer.media_type == *layer_type {
            *layer = Layer::new(layer_type.clone(), &blob);
        }
    }
    Ok(())
}

/// Waits for the worker, and tells how far it is.
async fn watch(mut child: Child, text: &str, reporter: &Reporter) -> Result<(), CreateError> {
    let broken = |error: std::io::Error| CreateError::Quantize(error.to_string());
    let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(CreateError::Quantize("its output cannot be read".into()));
    };
    let complaint = tokio::spawn(async move {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text).await;
        text
    });
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await.map_err(broken)? {
        if reporter.go_on().is_break() {
            // Dropping the child kills it.
            return Err(CreateError::Cancelled);
        }
        let counts =
            line.split_once(' ').and_then(|(done, all)| Some((done.parse().ok()?, all.parse().ok()?)));
        if let Some((completed, total)) = counts {
            let digest = Some(NO_DIGEST.to_owned());
            reporter.say(Status { text: text.to_owned().into(), digest, total, completed });
        }
    }
    let status = child.wait().await.map_err(broken)?;
    if status.success() {
        return Ok(());
    }
    let complaint = complaint.await.unwrap_or_default();
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(CreateError::Quantize(format!("llama.cpp ended with {status}: {last}")))
}

/// Quantizes, and says on standard output how far it is: `done total`, in tensors.
///
/// # Errors
/// If there is no such type, or llama.cpp fails.
pub fn worker(arguments: &QuantizeArgs) -> Result<(), String> {
    let kind = file_type(&arguments.target).ok_or_else(|| format!("no type {:?}", arguments.target))?;
    let mut out = std::io::stdout();
    let progress = move |done: u64, total: u64| {
        // A server that is gone kills this process; there is nobody else to tell.
        let _ = writeln!(out, "{done} {total}").and_then(|()| out.flush());
    };
    let (input, _corrected) = readable(&arguments.input, &arguments.output)?;
    quipu_llama::quantize(&input, &arguments.output, kind, progress).map_err(|e| e.to_string())
}

/// The file for llama.cpp to read, which for an old conversion of Ollama's is a corrected copy beside the output: it
/// opens what it quantizes by its name. The copy goes when it is dropped.
fn readable(input: &Path, output: &Path) -> Result<(PathBuf, Option<TempPath>), String> {
    let file = compat::open(input).map_err(|e| e.to_string())?;
    let Some(overlay) = file.overlay() else { return Ok((input.to_owned(), None)) };
    let copied = || {
        let mut copy = tempfile::NamedTempFile::new_in(output.parent().unwrap_or(Path::new(".")))?;
        std::io::copy(&mut overlay.over(File::open(input)?), &mut copy)?;
        Ok(copy.into_temp_path())
    };
    let copy: TempPath = copied().map_err(|e: std::io::Error| format!("the model cannot be copied: {e}"))?;
    Ok((copy.to_path_buf(), Some(copy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_in_any_case_and_by_their_short_forms() {
        assert_eq!(file_type("q4_k").map(FileType::name), Some("Q4_K_M"));
        assert_eq!(file_type("Q8_0").map(FileType::name), Some("Q8_0"));
        assert_eq!(file_type("iq2_xxs"), None, "needs an importance matrix, which nobody gives");
        assert_eq!(file_type("Q9"), None);
    }
}
