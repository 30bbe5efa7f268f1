//! What llama.cpp takes for granted in a LoRA adapter.
//!
//! It compares the shapes of most factors with those of the base model. The rules below are those whose breach makes it
//! abort, or compute something else than the adapter says.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::GgufError;
use super::file::GgufFile;
use super::tensor::{TensorInfo, TensorType};
use super::value::Value;

/// A look-up, whose factors stand the other way round.
const EMBEDDING: &str = "token_embd.weight";

/// Reads the header of an adapter's file, and checks that llama.cpp can put it on a model that is loaded as `base` says.
///
/// # Errors
/// As [`super::open`], and if the adapter is none, or is for another model.
pub fn open_adapter(path: &Path, base: &GgufFile) -> Result<GgufFile, GgufError> {
    let (file, len) =
        super::open_file(path).map_err(|source| GgufError::Open { path: path.to_owned(), source })?;
    let adapter = GgufFile::read(file, len)?;
    check_metadata(&adapter, base)?;
    check_tensors(&adapter, base)?;
    Ok(adapter)
}

fn refuse(subject: impl Into<String>, problem: impl Into<String>) -> GgufError {
    GgufError::Adapter { subject: subject.into(), problem: problem.into() }
}

/// llama.cpp reads these without a look at their types.
fn check_metadata(adapter: &GgufFile, base: &GgufFile) -> Result<(), GgufError> {
    let expected = [
        ("general.type", "adapter"),
        ("adapter.type", "lora"),
        ("general.architecture", base.architecture()),
    ];
    for (key, expected) in expected {
        if adapter.str(key) != Some(expected) {
            let found = adapter.str(key).unwrap_or("missing");
            return Err(refuse(key, format!("is {found:?}, not {expected:?}")));
        }
    }
    match adapter.get("adapter.lora.alpha") {
        None | Some(Value::F32(_)) => {}
        Some(_) => return Err(refuse("adapter.lora.alpha", "is not a 32-bit float")),
    }
    // It would count from the first token on.
    match adapter.get("adapter.alora.invocation_tokens") {
        None => Ok(()),
        Some(_) => Err(refuse(
            "adapter.alora.invocation_tokens",
            "makes it an activated LoRA, which is not supported",
        )),
    }
}

/// The two factors of a weight.
#[derive(Default)]
struct Pair<'a> {
    a: Option<&'a TensorInfo>,
    b: Option<&'a TensorInfo>,
}

fn check_tensors(adapter: &GgufFile, base: &GgufFile) -> Result<(), GgufError> {
    let mut pairs = BTreeMap::<&str, Pair<'_>>::new();
    for tensor in adapter.tensors() {
        let name = tensor.name.as_str();
        if let Some(weight) = name.strip_suffix(".lora_a") {
            pairs.entry(weight).or_default().a = Some(tensor);
        } else if let Some(weight) = name.strip_suffix(".lora_b") {
            pairs.entry(weight).or_default().b = Some(tensor);
        } else {
            return Err(refuse(name, "is no part of a LoRA"));
        }
        // What llama.cpp's converter writes. There are types that nothing multiplies.
        if !matches!(
            tensor.tensor_type,
            TensorType::F32 | TensorType::F16 | TensorType::BF16 | TensorType::Q8_0
        ) {
            return Err(refuse(name, format!("has type {}", tensor.tensor_type.name())));
        }
    }
    for (weight, pair) in pairs {
        let Pair { a: Some(a), b: Some(b) } = pair else {
            return Err(refuse(weight, "has one factor, not two"));
        };
        let Some(base_weight) = base.tensors().iter().find(|tensor| tensor.name == weight) else {
            return Err(refuse(weight, "is no weight of the base model: it is for another model"));
        };
        check_shapes(a, b, base_weight)?;
    }
    // The output would take the factors of the look-up, and abort.
    let has = |file: &GgufFile, name: &str| file.tensors().iter().any(|tensor| tensor.name == name);
    if has(adapter, "token_embd.weight.lora_a") && !has(base, "output.weight") {
        return Err(refuse(EMBEDDING, "is the base model's output too, which llama.cpp cannot adapt"));
    }
    Ok(())
}

fn check_shapes(a: &TensorInfo, b: &TensorInfo, weight: &TensorInfo) -> Result<(), GgufError> {
    let side = |tensor: &TensorInfo, i: usize| tensor.dims.get(i).copied().unwrap_or(1);
    let rank = side(b, 0);
    let fits = if weight.name == EMBEDDING {
        side(a, 0) == rank && side(a, 1) == side(weight, 1) && side(b, 1) == side(weight, 0)
    } else {
        side(a, 1) == rank && side(a, 0) == side(weight, 0) && side(b, 1) == side(weight, 1)
    };
    // Experts have a third dimension.
    let further = (2..4).all(|i| side(a, i) == side(weight, i) && side(b, i) == side(weight, i));
    if fits && further && rank > 0 {
        return Ok(());
    }
    let problem = format!(
        "has factors of {:?} and {:?}, which do not adapt {:?}: it is for another model",
        a.dims, b.dims, weight.dims
    );
    Err(refuse(weight.name.as_str(), problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::GgufWriter;

    fn file(writer: GgufWriter) -> Vec<u8> {
        let tensors: u64 = writer.clone().header().unwrap().1.iter().map(|tensor| tensor.bytes).sum();
        let mut bytes = Vec::new();
        let mut out = writer.clone().start(&mut bytes).unwrap();
        for tensor in writer.header().unwrap().1 {
            out.write(&vec![0; tensor.bytes as usize]).unwrap();
        }
        out.finish().unwrap();
        assert!(bytes.len() as u64 >= tensors);
        bytes
    }

    fn parsed(writer: GgufWriter) -> GgufFile {
        let bytes = file(writer);
        GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap()
    }

    fn base(tied: bool) -> GgufFile {
        let writer = GgufWriter::new()
            .metadata("general.architecture", "llama")
            .tensor("token_embd.weight", [8, 20], TensorType::F32)
            .tensor("blk.0.ffn_up.weight", [8, 16], TensorType::F32)
            .tensor("blk.0.ffn_up_exps.weight", [8, 16, 3], TensorType::F32);
        let output = writer.clone().tensor("output.weight", [8, 20], TensorType::F32);
        parsed(if tied { writer } else { output })
    }

    fn adapter() -> GgufWriter {
        GgufWriter::new()
            .metadata("general.architecture", "llama")
            .metadata("general.type", "adapter")
            .metadata("adapter.type", "lora")
            .metadata("adapter.lora.alpha", 4.0_f32)
    }

    fn pair(writer: GgufWriter, name: &str, a: &[u64], b: &[u64]) -> GgufWriter {
        writer.tensor(format!("{name}.lora_a"), a, TensorType::F32).tensor(
            format!("{name}.lora_b"),
            b,
            TensorType::F32,
        )
    }

    fn check(writer: GgufWriter, base: &GgufFile) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("adapter.gguf");
        std::fs::write(&path, file(writer)).unwrap();
        open_adapter(&path, base).map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn factors_that_fit_are_taken() {
        let writer = pair(adapter(), "blk.0.ffn_up.weight", &[8, 2], &[2, 16]);
        let writer = pair(writer, "blk.0.ffn_up_exps.weight", &[8, 2, 3], &[2, 16, 3]);
        check(pair(writer, "token_embd.weight", &[4, 20], &[4, 8]), &base(false)).unwrap();
        check(adapter(), &base(true)).unwrap();
    }

    #[test]
    fn others_are_refused_with_a_reason() {
        let up = "blk.0.ffn_up.weight";
        let fits = || pair(adapter(), up, &[8, 2], &[2, 16]);
        let without = |key: &str| {
            [("general.architecture", "llama"), ("general.type", "adapter"), ("adapter.type", "lora")]
                .into_iter()
                .filter(|(k, _)| *k != key)
                .fold(GgufWriter::new(), |writer, (k, v)| writer.metadata(k, v))
        };
        for (writer, problem) in [
            (without("general.type"), "general.type is \"missing\", not \"adapter\""),
            (without("adapter.type"), "adapter.type is \"missing\", not \"lora\""),
            (
                without("general.architecture").metadata("general.architecture", "qwen3"),
                "is \"qwen3\", not \"llama\"",
            ),
            (without("adapter.type").metadata("adapter.type", 1_u32), "adapter.type is \"missing\""),
            (without("").metadata("adapter.lora.alpha", 4_u32), "adapter.lora.alpha is not a 32-bit float"),
            (fits().metadata("adapter.alora.invocation_tokens", vec![1_u32]), "an activated LoRA"),
            (pair(adapter(), "blk.7.ffn_up.weight", &[8, 2], &[2, 16]), "it is for another model"),
            (pair(adapter(), up, &[8, 2], &[3, 16]), "which do not adapt [8, 16]"),
            (pair(adapter(), up, &[9, 2], &[2, 16]), "which do not adapt [8, 16]"),
            (pair(adapter(), "blk.0.ffn_up_exps.weight", &[8, 2, 3], &[2, 16, 2]), "which do not adapt"),
            (pair(adapter(), "token_embd.weight", &[4, 20], &[3, 8]), "which do not adapt"),
            (
                adapter().tensor("blk.0.ffn_up.weight.lora_a", [8, 2], TensorType::F32),
                "has one factor, not two",
            ),
            (adapter().tensor("blk.0.attn_norm.weight", [8], TensorType::F32), "is no part of a LoRA"),
            (adapter().tensor("blk.0.ffn_up.weight.lora_a", [8, 2], TensorType::I32), "has type I32"),
        ] {
            let error = check(writer, &base(false)).unwrap_err();
            assert!(error.starts_with("this adapter cannot be used: ") && error.contains(problem), "{error}");
        }
        let embedding = pair(adapter(), "token_embd.weight", &[4, 20], &[4, 8]);
        assert!(check(embedding, &base(true)).unwrap_err().contains("output too"));
    }
}
