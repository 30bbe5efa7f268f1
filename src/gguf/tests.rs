//! The reader as a whole: files as they should be, as they should not be, and at random.

mod broken;
mod models;
mod random;

use std::path::PathBuf;

use super::*;

/// Writes a file with zeros for weights.
fn bytes_of(writer: GgufWriter) -> Vec<u8> {
    let mut tensors = writer.start(Vec::new()).unwrap();
    while let Some(len) = tensors.next_len() {
        tensors.write(&vec![0; len as usize]).unwrap();
    }
    tensors.finish().unwrap()
}

/// Reads a file, and checks all.
fn read(bytes: &[u8]) -> Result<GgufFile, GgufError> {
    let file = GgufFile::read(bytes, bytes.len() as u64)?;
    file.validate()?;
    Ok(file)
}

/// A small llama model: structure and rules are met, the weights are zeros.
fn llama() -> GgufWriter {
    GgufWriter::new()
        .metadata("general.architecture", "llama")
        .metadata("general.file_type", 0_u32)
        .metadata("llama.block_count", 1_u32)
        .metadata("llama.context_length", 128_u32)
        .metadata("llama.embedding_length", 8_u32)
        .metadata("llama.attention.head_count", 4_u32)
        .metadata("llama.attention.head_count_kv", 2_u32)
        .metadata("llama.rope.dimension_count", 2_u32)
        .metadata("tokenizer.ggml.model", "llama")
        .metadata("tokenizer.ggml.tokens", ["<unk>", "<s>", "</s>", "a"].as_slice())
        .metadata("tokenizer.ggml.scores", vec![0.0_f32; 4])
        .metadata("tokenizer.ggml.token_type", vec![2, 3, 3, 1])
        .metadata("tokenizer.chat_template", "{{ messages }}")
        .tensor("token_embd.weight", [8, 4], TensorType::F32)
        .tensor("blk.0.attn_q.weight", [8, 8], TensorType::F16)
        .tensor("blk.0.attn_norm.weight", [8], TensorType::F32)
}

#[test]
fn a_header_says_what_was_written() {
    let bytes = bytes_of(llama());
    let file = read(&bytes).unwrap();
    assert_eq!(file.version(), 3);
    assert_eq!(file.metadata().len(), 13);
    assert_eq!(file.metadata()[0].0, "general.architecture");
    assert_eq!(file.architecture(), "llama");
    assert_eq!(file.architecture_u64("context_length"), Some(128));
    assert_eq!(file.architecture_u64("absent"), None);
    assert_eq!(file.array("tokenizer.ggml.tokens").map(Array::len), Some(4));
    assert_eq!(file.chat_template(), Some("{{ messages }}"));
    assert_eq!(file.parameter_count(), 32 + 64 + 8);
    assert_eq!(file.quantization(), "F32");
    assert_eq!(file.alignment(), 32);
    assert_eq!(file.data_offset() % 32, 0);
    assert_eq!(file.file_len(), bytes.len() as u64);
    let [_, query, norm] = file.tensors() else { panic!("{:?}", file.tensors()) };
    assert_eq!((query.name.as_str(), query.dims.as_slice()), ("blk.0.attn_q.weight", [8, 8].as_slice()));
    assert_eq!((query.tensor_type, query.offset, query.bytes), (TensorType::F16, 128, 128));
    assert_eq!((norm.tensor_type, norm.offset, norm.bytes), (TensorType::F32, 256, 32));
}

#[test]
fn getters_are_typed() {
    let file = read(&bytes_of(llama().metadata("x.b", true).metadata("x.f", 0.5_f32).metadata("x.i", -1_i8)))
        .unwrap();
    assert_eq!((file.bool("x.b"), file.u64("x.b")), (Some(true), None));
    assert_eq!((file.f64("x.f"), file.u64("x.f")), (Some(0.5), None));
    assert_eq!((file.f64("x.i"), file.u64("x.i")), (Some(-1.0), None));
    assert_eq!((file.str("x.b"), file.str("x.absent")), (None, None));
    assert_eq!(file.get("x.i"), Some(&Value::I8(-1)));
}

#[test]
fn the_quantization_is_named_or_else_guessed() {
    let quantization = |file_type: Option<u32>, tensors: &[(u64, TensorType)]| {
        let mut writer = GgufWriter::new();
        if let Some(number) = file_type {
            writer = writer.metadata("general.file_type", number);
        }
        for (n, (rows, tensor_type)) in tensors.iter().enumerate() {
            writer = writer.tensor(format!("t{n}"), [256, *rows], *tensor_type);
        }
        let bytes = bytes_of(writer);
        GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap().quantization()
    };
    assert_eq!(quantization(Some(15), &[]), "Q4_K_M");
    assert_eq!(quantization(Some(15 + 1024), &[]), "Q4_K_M", "guessed by llama.cpp");
    assert_eq!((quantization(Some(38), &[]), quantization(Some(4), &[])), ("MXFP4".into(), "MXFP4".into()));
    assert_eq!(quantization(Some(999), &[(1, TensorType::F16)]), "F16", "a number of tomorrow");
    assert_eq!(quantization(None, &[(1, TensorType::F32), (6, TensorType::Q6_K)]), "Q6_K");
    assert_eq!(quantization(None, &[(2, TensorType::F32), (6, TensorType::Q6_K)]), "F32", "bytes count");
    assert_eq!(quantization(None, &[]), "unknown");
}

#[test]
fn the_alignment_can_be_chosen() {
    let bytes = bytes_of(llama().metadata("general.alignment", 4096_u32));
    let file = read(&bytes).unwrap();
    assert_eq!((file.alignment(), file.data_offset()), (4096, 4096));
    assert_eq!(file.tensors()[2].offset, 2 * 4096);
}

#[test]
fn a_file_without_tensors_ends_with_its_metadata() {
    let bytes = bytes_of(GgufWriter::new().metadata("general.architecture", "llama"));
    let file = read(&bytes).unwrap();
    assert_eq!((file.data_offset(), file.parameter_count()), (bytes.len() as u64, 0));
}

#[test]
fn what_fills_up_after_the_last_tensor_may_be_missing() {
    let bytes = bytes_of(GgufWriter::new().tensor("t", [1], TensorType::I8));
    let end = bytes.len() - 31;
    assert!(GgufFile::read(&bytes[..end], end as u64).is_ok());
    assert!(GgufFile::read(&bytes[..end - 1], end as u64 - 1).is_err());
}

#[test]
fn files_are_opened_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes_of(llama())).unwrap();
    assert_eq!(open(&path).unwrap().architecture(), "llama");

    let error = open(&folder.path().join("absent.gguf")).unwrap_err();
    assert!(matches!(error, GgufError::Open { .. }) && error.to_string().contains("absent.gguf"), "{error}");
    let error = open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("not a file"), "{error}");
}

#[test]
fn a_real_model_is_read() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/stories260K.gguf");
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return;
    }
    let file = open(&path).unwrap();
    assert_eq!(file.architecture(), "llama");
    for (key, value) in [
        ("block_count", 5),
        ("embedding_length", 64),
        ("attention.head_count", 8),
        ("attention.head_count_kv", 4),
        ("feed_forward_length", 172),
        ("context_length", 512),
    ] {
        assert_eq!(file.architecture_u64(key), Some(value), "{key}");
    }
    assert_eq!(file.array("tokenizer.ggml.tokens").map(Array::len), Some(512));
    assert_eq!(file.quantization(), "F32");
    assert!((250_000..300_000).contains(&file.parameter_count()), "{}", file.parameter_count());
    assert!(file.tensors().iter().all(|t| t.tensor_type == TensorType::F32));
}
