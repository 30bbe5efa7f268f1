//! The values of options: of which type they must be, in Ollama's words.

use serde_json::Value;

use super::error::Failure;

/// The failure of a value that is not of the type that its option has.
pub(super) fn wrong_type(name: &str, expected: &'static str) -> Failure {
    Failure::OptionType { name: name.to_owned(), expected }
}

/// The failure of an option that is out of its range.
pub(super) fn out_of_range(name: &str, value: impl std::fmt::Display, range: &str) -> Failure {
    Failure::Invalid(format!("option {name:?} must be {range}, not {value}"))
}

/// Any number; a fraction is cut off.
pub(super) fn integer(name: &str, value: &Value) -> Result<i64, Failure> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|number| number as i64))
        .ok_or_else(|| wrong_type(name, "integer"))
}

/// 0 or more.
pub(super) fn count(name: &str, value: &Value) -> Result<u32, Failure> {
    let n = integer(name, value)?;
    u32::try_from(n).map_err(|_| out_of_range(name, n, "0 or more"))
}

/// How many recent tokens count: -1 or more.
pub(super) fn window(name: &str, value: &Value) -> Result<i32, Failure> {
    let n = integer(name, value)?;
    let n = i32::try_from(n).map_err(|_| out_of_range(name, n, "-1 or more"))?;
    if n < -1 { Err(out_of_range(name, n, "-1 or more")) } else { Ok(n) }
}

pub(super) fn float(name: &str, value: &Value) -> Result<f32, Failure> {
    value.as_f64().map(|number| number as f32).ok_or_else(|| wrong_type(name, "float32"))
}

pub(super) fn boolean(name: &str, value: &Value) -> Result<bool, Failure> {
    value.as_bool().ok_or_else(|| wrong_type(name, "boolean"))
}

/// A list of texts. Empty ones are left out: they are found everywhere.
pub(super) fn strings(name: &str, value: &Value) -> Result<Vec<String>, Failure> {
    let Value::Array(items) = value else { return Err(wrong_type(name, "array")) };
    let strings: Option<Vec<_>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    let strings = strings.ok_or_else(|| wrong_type(name, "an array of strings"))?;
    Ok(strings.into_iter().filter(|s| !s.is_empty()).collect())
}
