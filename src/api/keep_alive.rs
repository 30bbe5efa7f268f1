//! `keep_alive`: how long a model stays loaded when nobody uses it.

use std::time::Duration;

use serde_json::Value;

use super::duration;
use super::error::Failure;
use crate::fleet::KeepAlive;

/// A century: what is longer does not fit the clock's arithmetic everywhere, and means "for ever".
const LONGEST: f64 = 100.0 * 365.0 * 86_400.0;

/// Reads the field of a request: a number of seconds or a Go duration, negative for ever. `None` and `null`
/// leave it to the server.
///
/// # Errors
/// [`Failure::Invalid`] with Ollama's words.
pub(crate) fn of_request(value: Option<&Value>) -> Result<Option<KeepAlive>, Failure> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => Ok(seconds.as_f64().map(of_seconds)),
        Some(Value::String(text)) => match duration::parse(text) {
            Ok(nanoseconds) => Ok(Some(of_seconds(nanoseconds as f64 / 1e9))),
            Err(error) => Err(Failure::Invalid(error.to_string())),
        },
        Some(other) => Err(Failure::Invalid(format!("Unsupported type: '{}'", go_type(other)))),
    }
}

/// Reads a setting: a Go duration or a number of seconds.
#[must_use]
pub(crate) fn of_setting(text: &str) -> Option<KeepAlive> {
    let seconds = match duration::parse(text) {
        Ok(nanoseconds) => nanoseconds as f64 / 1e9,
        Err(_) => text.parse::<i64>().ok()? as f64,
    };
    Some(of_seconds(seconds))
}

fn of_seconds(seconds: f64) -> KeepAlive {
    if (0.0..LONGEST).contains(&seconds) {
        KeepAlive::For(Duration::from_secs_f64(seconds))
    } else {
        KeepAlive::Forever
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Null => "<nil>",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn seconds(s: f64) -> Option<KeepAlive> {
        Some(KeepAlive::For(Duration::from_secs_f64(s)))
    }

    #[test]
    fn numbers_are_seconds_and_strings_are_durations() {
        for (value, expected) in [
            (json!(null), None),
            (json!(0), seconds(0.0)),
            (json!(1.5), seconds(1.5)),
            (json!(-1), Some(KeepAlive::Forever)),
            (json!(1e300), Some(KeepAlive::Forever)),
            (json!("5m"), seconds(300.0)),
            (json!("0"), seconds(0.0)),
            (json!("-1m"), Some(KeepAlive::Forever)),
        ] {
            assert_eq!(of_request(Some(&value)).unwrap(), expected, "{value}");
        }
        assert_eq!(of_request(None).unwrap(), None);
    }

    #[test]
    fn other_values_are_refused() {
        for (value, error) in [
            (json!("300"), "time: missing unit in duration \"300\""),
            (json!("-1"), "time: missing unit in duration \"-1\""),
            (json!(true), "Unsupported type: 'bool'"),
            (json!({}), "Unsupported type: 'map[string]interface {}'"),
            (json!([5]), "Unsupported type: '[]interface {}'"),
        ] {
            assert_eq!(of_request(Some(&value)).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn settings_may_be_bare_seconds() {
        assert_eq!(of_setting("300"), seconds(300.0));
        assert_eq!(of_setting("-1"), Some(KeepAlive::Forever));
        assert_eq!(of_setting("10m"), seconds(600.0));
        assert_eq!(of_setting("soon"), None);
    }

    proptest! {
        #[test]
        fn every_number_means_something(seconds in proptest::num::f64::NORMAL) {
            let kept = of_request(Some(&json!(seconds))).unwrap();
            prop_assert_eq!(kept == Some(KeepAlive::Forever), !(0.0..LONGEST).contains(&seconds));
        }
    }
}
