//! What llama.cpp takes for granted in a model.
//!
//! It answers most nonsense in metadata with an error, which needs no check here. The rules below are those
//! whose breach makes it abort, crash or eat all memory, whatever the architecture. Each names the place in
//! llama.cpp, so that it can go when llama.cpp learns to complain.

use super::error::GgufError;
use super::file::GgufFile;
use super::tensor::TensorType;
use super::tokenizer;
use super::value::Value;

/// `LLAMA_MAX_LAYERS`.
const MAX_LAYERS: u64 = 512;
/// `LLAMA_MAX_EXPERTS`.
const MAX_EXPERTS: u64 = 1024;
/// `TENSOR_ALIGNMENT`, in bytes.
const MEMORY_ALIGNMENT: u64 = 32;

pub(super) fn validate(file: &GgufFile) -> Result<(), GgufError> {
    check_tensors(file)?;
    if is_further_part(file)? {
        return Ok(());
    }
    check_architecture(file)?;
    tokenizer::validate(file)?;
    // llama.cpp reads no more of a projector's metadata before it refuses to load it as a model.
    if file.architecture() == "clip" {
        return Ok(());
    }
    check_layers(file)?;
    check_experts(file)?;
    check_heads(file)?;
    check_rope(file)?;
    check_norms(file)
}

/// Whether this is the second or a further part of a split model. Those have the `split.*` keys and no others.
fn is_further_part(file: &GgufFile) -> Result<bool, GgufError> {
    match file.get("split.no") {
        None => Ok(false),
        Some(Value::U16(part)) => Ok(*part > 0),
        // `llama_model_loader` reads it with `gguf_get_val_u16`, which asserts the type.
        Some(_) => Err(GgufError::model("split.no", "is not a 16-bit unsigned integer")),
    }
}

fn check_tensors(file: &GgufFile) -> Result<(), GgufError> {
    for tensor in file.tensors() {
        // `ggml_backend_cpu_buffer_from_ptr` asserts the alignment of what is mapped into memory.
        let position = file.data_offset() + tensor.offset;
        let problem = if !position.is_multiple_of(MEMORY_ALIGNMENT) {
            format!("is at byte {position}, not at a multiple of {MEMORY_ALIGNMENT}")
        } else if !is_usable(&tensor.name, tensor.tensor_type) {
            format!("has type {}, which does not work for it", tensor.tensor_type.name())
        } else {
            continue;
        };
        return Err(GgufError::model(format!("tensor {:?}", tensor.name), problem));
    }
    Ok(())
}

/// Whether llama.cpp can compute with a tensor. It checks shapes, but not types.
fn is_usable(name: &str, tensor_type: TensorType) -> bool {
    const ROPE: [&str; 3] = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"];
    // Tensors of vision and audio have other names: what they may be is known elsewhere in llama.cpp.
    const TEXT: [&str; 5] = ["blk.", "enc.blk.", "dec.blk.", "output", "token_embd"];
    let is_text = TEXT.iter().any(|prefix| name.starts_with(prefix));
    let is_vector = is_text && (name.ends_with(".bias") || name.ends_with("norm.weight"));
    match tensor_type {
        TensorType::F32 => true,
        // Types of activations. There is no function that multiplies such weights: a null pointer is called.
        TensorType::Q8_1 | TensorType::Q8_K => false,
        // `ggml_rope_impl` asserts the type of its factors, and `binary_op` aborts if what is added to the
        // hidden state or multiplied with it is of another type.
        _ if ROPE.contains(&name) || is_vector => false,
        // Again nothing multiplies such weights. But a tensor can be a table of numbers.
        TensorType::I8 | TensorType::I16 | TensorType::I32 | TensorType::I64 | TensorType::F64 => {
            !is_text || !name.ends_with(".weight") || name.ends_with("_tid2eid.weight")
        }
        _ => true,
    }
}

/// llama.cpp returns an error for architectures that it does not know, but sees a name only up to a zero byte.
/// With another name here than there, the rules below would read the wrong keys.
fn check_architecture(file: &GgufFile) -> Result<(), GgufError> {
    let name = file.architecture();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(GgufError::model("general.architecture", "is missing or no name"));
    }
    Ok(())
}

/// `load_hparams` asserts both.
fn check_layers(file: &GgufFile) -> Result<(), GgufError> {
    let Some(layers) = file.architecture_u64("block_count") else { return Ok(()) };
    if !(1..=MAX_LAYERS).contains(&layers) {
        return fail(file, "block_count", format!("is {layers}, not 1 to {MAX_LAYERS}"));
    }
    let nextn = file.architecture_u64("nextn_predict_layers").unwrap_or(0);
    if nextn > layers {
        return fail(file, "nextn_predict_layers", format!("is {nextn}, more than all {layers} layers"));
    }
    Ok(())
}

/// `load_hparams` asserts all that is said of the counts, `weight_buft_supported` that experts are used.
fn check_experts(file: &GgufFile) -> Result<(), GgufError> {
    let mut count = file.architecture_u64("expert_count").unwrap_or(0);
    let mut used = per_layer(file, "expert_used_count")?.into_iter().max().unwrap_or(0);
    // These two may have one expert, which llama.cpp takes for none.
    if matches!(file.architecture(), "hunyuan_vl" | "hunyuan-dense") && count <= 1 {
        (count, used) = (0, 0);
    }
    if count > MAX_EXPERTS {
        return fail(file, "expert_count", format!("is {count}, more than {MAX_EXPERTS}"));
    }
    if used > count || (used == 0 && count > 0) {
        return fail(file, "expert_used_count", format!("is {used} of {count} experts"));
    }
    if count == 0 && file.tensors().iter().any(|t| t.name.ends_with("_exps.weight")) {
        return fail(file, "expert_count", "is 0, but there are weights of experts");
    }
    let groups = file.architecture_u64("expert_group_count").unwrap_or(0);
    let groups_used = file.architecture_u64("expert_group_used_count").unwrap_or(0);
    if groups > 0 && groups >= count || groups > 1 && !count.is_multiple_of(groups) {
        return fail(file, "expert_group_count", format!("is {groups} for {count} experts"));
    }
    if groups > 1 && !(1..groups).contains(&groups_used) {
        return fail(file, "expert_group_used_count", format!("is {groups_used} of {groups} groups"));
    }
    Ok(())
}

fn check_heads(file: &GgufFile) -> Result<(), GgufError> {
    const HEADS: &str = "attention.head_count";
    const KV_HEADS: &str = "attention.head_count_kv";
    let heads = per_layer(file, HEADS)?;
    let kv_heads = per_layer(file, KV_HEADS)?;
    // Some architectures divide by the number of heads before they look at any tensor. Models without
    // attention, or with some layers without it, rightly say 0.
    let is_query = |name: &str| name.starts_with("blk.") && name.ends_with(".attn_q.weight");
    if heads.iter().all(|heads| *heads == 0) && file.tensors().iter().any(|t| is_query(&t.name)) {
        return fail(file, HEADS, "is missing or 0, but there is attention");
    }
    // `ggml_mul_mat` asserts that the heads of the queries can be shared out among those of the keys.
    let at = |numbers: &[u64], layer| numbers.get(layer).or(numbers.first()).copied();
    for layer in 0..heads.len().max(kv_heads.len()) {
        let (Some(n), Some(kv)) = (at(&heads, layer), at(&kv_heads, layer)) else { continue };
        if kv > 0 && !n.is_multiple_of(kv) {
            return fail(file, KV_HEADS, format!("is {kv}, which does not divide {n} heads"));
        }
    }
    // `ggml_reshape_3d` asserts that the heads have all of the hidden state between them, unless they have a
    // width of their own.
    let own_width = file.get(&file.architecture_key("attention.key_length")).is_some();
    let width = file.architecture_u64("embedding_length").unwrap_or(0);
    let first = heads.first().copied().unwrap_or(0);
    if !own_width && first > 0 && !width.is_multiple_of(first) {
        return fail(file, HEADS, format!("is {first}, which does not divide the width {width}"));
    }
    Ok(())
}

fn check_rope(file: &GgufFile) -> Result<(), GgufError> {
    // `ggml_compute_forward_rope` rotates pairs, and asserts that there are only pairs.
    let rotated = file.architecture_u64("rope.dimension_count").unwrap_or(0);
    if !rotated.is_multiple_of(2) {
        return fail(file, "rope.dimension_count", format!("is {rotated}, which is odd"));
    }
    // `load_hparams` asserts that it knows the method.
    let method = match file.get(&file.architecture_key("rope.scaling.type")) {
        Some(Value::String(method)) => method,
        _ => return Ok(()),
    };
    match method.before_zero() {
        b"none" | b"linear" | b"yarn" | b"longrope" => Ok(()),
        _ => fail(file, "rope.scaling.type", format!("is {method:?}, an unknown method")),
    }
}

/// `ggml_compute_forward_norm` and its likes assert this.
fn check_norms(file: &GgufFile) -> Result<(), GgufError> {
    for name in ["attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon"] {
        let epsilon = file.f64(&file.architecture_key(name)).unwrap_or(0.0);
        if epsilon.is_nan() || epsilon < 0.0 {
            return fail(file, name, format!("is {epsilon}, not at least 0"));
        }
    }
    Ok(())
}

/// A number of the architecture that is either one for all layers, or an array with one for each.
fn per_layer(file: &GgufFile, name: &str) -> Result<Vec<u64>, GgufError> {
    let key = file.architecture_key(name);
    let numbers = match file.get(&key) {
        None => Some(Vec::new()),
        Some(Value::Array(array)) => array.iter().map(|value| value.as_u64()).collect(),
        Some(value) => value.as_u64().map(|number| vec![number]),
    };
    // Negative numbers pass for huge ones in llama.cpp.
    numbers.ok_or_else(|| GgufError::model(key, "is not a number that can be counted to"))
}

fn fail(file: &GgufFile, name: &str, problem: impl Into<String>) -> Result<(), GgufError> {
    Err(GgufError::model(file.architecture_key(name), problem))
}
