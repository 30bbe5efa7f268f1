//! `PARAMETER`: which there are, and of which type.

use quipu_llama::CacheType;
use serde_json::Value;

use super::ModelfileError;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterType {
    /// A whole number of 64 bits.
    Int,
    /// A number of 32 bits.
    Float,
    Bool,
    /// A list of texts; each `PARAMETER` adds one.
    Strings,
    /// A JSON object, which Ollama's parameters have none of.
    Object,
    /// A type of the KV cache, such as `q8_0`.
    Cache,
}

use ParameterType::{Bool, Cache, Float, Int, Object, Strings};

/// The options of a model: Ollama's, and those that only Quipu has.
const PARAMETERS: [(&str, ParameterType); 38] = [
    ("num_ctx", Int),
    ("num_batch", Int),
    ("num_gpu", Int),
    ("main_gpu", Int),
    ("use_mmap", Bool),
    ("num_thread", Int),
    ("draft_num_predict", Int),
    ("num_keep", Int),
    ("seed", Int),
    ("num_predict", Int),
    ("top_k", Int),
    ("top_p", Float),
    ("min_p", Float),
    ("typical_p", Float),
    ("repeat_last_n", Int),
    ("temperature", Float),
    ("repeat_penalty", Float),
    ("presence_penalty", Float),
    ("frequency_penalty", Float),
    ("stop", Strings),
    ("dynatemp_range", Float),
    ("dynatemp_exponent", Float),
    ("top_n_sigma", Float),
    ("xtc_probability", Float),
    ("xtc_threshold", Float),
    ("dry_multiplier", Float),
    ("dry_base", Float),
    ("dry_allowed_length", Int),
    ("dry_penalty_last_n", Int),
    ("dry_sequence_breakers", Strings),
    ("mirostat", Int),
    ("mirostat_tau", Float),
    ("mirostat_eta", Float),
    ("logit_bias", Object),
    ("min_tokens", Int),
    ("ignore_eos", Bool),
    ("cache_type_k", Cache),
    ("cache_type_v", Cache),
];

/// Options that are no more. Old Modelfiles have them, and old clients send them.
const DEPRECATED: [&str; 11] = [
    "penalize_newline",
    "tfs_z",
    "numa",
    "low_vram",
    "use_mlock",
    "vocab_only",
    "f16_kv",
    "logits_all",
    "num_gqa",
    "rope_frequency_base",
    "rope_frequency_scale",
];

/// Whether a parameter or option is one of older versions, which is to be skipped.
#[must_use]
pub fn is_deprecated(name: &str) -> bool {
    DEPRECATED.contains(&name)
}

/// The type of a parameter, `None` if it is unknown.
pub(super) fn parameter_type(name: &str) -> Option<ParameterType> {
    PARAMETERS.iter().find(|(known, _)| *known == name).map(|(_, parameter_type)| *parameter_type)
}

/// The value of a parameter as `/api/create` and `options` take it: a JSON number, boolean, list of
/// strings, or object. `values` are the words given: one from a Modelfile, perhaps more from `/set parameter`; types
/// other than the list take the first.
///
/// Floats are rounded to 32 bits and become the shortest number that means the same 32 bits: `0.7` stays 0.7.
/// Whole ones have no point in JSON, as Go writes them.
/// Integers may have an exponent (`1e+06`): Ollama's `show --modelfile` prints them so.
///
/// # Errors
/// If there is no such parameter, or the value is not of its type.
pub fn parameter_value(name: &str, values: &[&str]) -> Result<Value, ModelfileError> {
    let parameter_type =
        parameter_type(name).ok_or_else(|| ModelfileError::UnknownParameter(name.to_owned()))?;
    let first = values.first().copied().unwrap_or_default();
    let (kind, value) = match parameter_type {
        Int => ("int", int(first).map(Value::from)),
        Float => ("float", float(first)),
        Bool => ("bool", bool(first).map(Value::from)),
        Strings => return Ok(Value::from(values)),
        // Words of one text: JSON does not mind how many spaces there were.
        Object => ("object", object(&values.join(" "))),
        Cache => ("cache type", first.parse().ok().map(|kind: CacheType| kind.to_string().into())),
    };
    value.ok_or_else(|| ModelfileError::ParameterValue {
        kind,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    })
}

fn int(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.contains(['e', 'E']).then(|| text.parse().ok())??;
        whole(number)
    })
}

/// The number as an integer, if it is one; above 2^53 a float does not tell which.
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

fn float(text: &str) -> Option<Value> {
    let number: f32 = text.parse().ok().filter(|number: &f32| number.is_finite())?;
    let number = number.to_string().parse().ok()?;
    Some(whole(number).map_or_else(|| Value::from(number), Value::from))
}

fn object(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

/// What Go's `strconv.ParseBool` accepts.
fn bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
