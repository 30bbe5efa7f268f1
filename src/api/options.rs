//! Options of a request or model, by Ollama's names: what type they have, and what they become. Other dialects
//! translate theirs.

use serde_json::{Map, Value};
use tracing::{debug, warn};

use crate::api::error::Failure;
use crate::api::sampling::{check, out_of_range};
use crate::engine::protocol::{Limits, Sampling};
use crate::modelfile::is_deprecated;

/// The smallest context that a request gets, whatever it asks for.
const SMALLEST_CONTEXT: i64 = 4;

/// What `options` say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// How to choose tokens.
    pub sampling: Sampling,
    /// When to stop.
    pub limits: Limits,
    /// Strings that end the answer.
    pub stop: Vec<String>,
}

impl Options {
    /// Reads the options of a request over the defaults. `null` counts as absent, unknown and obsolete keys
    /// are ignored, numbers with a fraction are cut where whole ones are due.
    ///
    /// # Errors
    /// [`Failure::OptionType`] for a value of the wrong type, [`Failure::Invalid`] for one out of range.
    pub(crate) fn parse(given: &Map<String, Value>) -> Result<Self, Failure> {
        let mut options = Self::default();
        for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            options.set(name, value)?;
        }
        check(&options.sampling)?;
        Ok(options)
    }

    /// The options of a request over those of its model, which have the same names.
    ///
    /// # Errors
    /// As [`Options::parse`].
    pub(crate) fn merged(model: &Map<String, Value>, request: &Map<String, Value>) -> Result<Self, Failure> {
        Self::parse(&over(model, request))
    }

    /// `num_ctx` as it stands, for texts that are embedded: without the least context that an answer gets. 0 leaves it
    /// to the server. For options that [`Options::merged`] accepts.
    pub(crate) fn text_context(model: &Map<String, Value>, request: &Map<String, Value>) -> Option<u32> {
        let tokens = integer("num_ctx", over(model, request).get("num_ctx")?).ok()?;
        u32::try_from(tokens).ok().filter(|tokens| *tokens > 0)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Failure> {
        let Self { sampling, limits, stop } = self;
        match name {
            "temperature" => sampling.temperature = float(name, value)?,
            "top_p" => sampling.top_p = float(name, value)?,
            "min_p" => sampling.min_p = float(name, value)?,
            "typical_p" => sampling.typical_p = float(name, value)?,
            "repeat_penalty" => sampling.repeat_penalty = float(name, value)?,
            "presence_penalty" => sampling.presence_penalty = float(name, value)?,
            "frequency_penalty" => sampling.frequency_penalty = float(name, value)?,
            "top_k" => sampling.top_k = count(name, integer(name, value)?)?,
            "repeat_last_n" => {
                let n = integer(name, value)?;
                sampling.repeat_last_n = i32::try_from(n).map_err(|_| out_of_range(name, n, "-1 or more"))?;
            }
            "seed" => sampling.seed = seed(integer(name, value)?),
            // Negative: no limit but the model's and the context's.
            "num_predict" => limits.max_new = u32::try_from(integer(name, value)?).ok(),
            "num_ctx" => limits.context = context(integer(name, value)?)?,
            // Negative: the whole prompt.
            "num_keep" => limits.keep = u32::try_from(integer(name, value)?).unwrap_or(i32::MAX as u32),
            "stop" => *stop = strings(name, value)?,
            // How the model is loaded, which here is the server's choice, whatever one request says.
            "num_batch" | "num_gpu" | "main_gpu" | "num_thread" | "draft_num_predict" => {
                let value = integer(name, value)?;
                debug!(name, value, "option of the loading ignored");
            }
            "use_mmap" => match value {
                Value::Bool(value) => debug!(name, value, "option of the loading ignored"),
                _ => return Err(wrong_type(name, "boolean")),
            },
            _ if is_deprecated(name) => debug!(name, "obsolete option ignored"),
            _ => warn!(name, "unknown option ignored"),
        }
        Ok(())
    }
}

/// The options of a request over those of its model.
fn over(model: &Map<String, Value>, request: &Map<String, Value>) -> Map<String, Value> {
    let mut all = model.clone();
    let given = request.iter().filter(|(_, value)| !value.is_null());
    all.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    all
}

fn wrong_type(name: &str, expected: &'static str) -> Failure {
    Failure::OptionType { name: name.to_owned(), expected }
}

/// Any number; a fraction is cut off.
fn integer(name: &str, value: &Value) -> Result<i64, Failure> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|number| number as i64))
        .ok_or_else(|| wrong_type(name, "integer"))
}

fn float(name: &str, value: &Value) -> Result<f32, Failure> {
    value.as_f64().map(|number| number as f32).ok_or_else(|| wrong_type(name, "float32"))
}

fn count(name: &str, n: i64) -> Result<u32, Failure> {
    u32::try_from(n).map_err(|_| out_of_range(name, n, "0 or more"))
}

/// -1 draws one.
fn seed(n: i64) -> Option<u64> {
    (n != -1).then_some(n as u64)
}

/// 0 leaves it to the server.
fn context(n: i64) -> Result<Option<u32>, Failure> {
    match n {
        0 => Ok(None),
        _ => count("num_ctx", n).map(|n| Some(n.max(SMALLEST_CONTEXT as u32))),
    }
}

fn strings(name: &str, value: &Value) -> Result<Vec<String>, Failure> {
    let Value::Array(items) = value else { return Err(wrong_type(name, "array")) };
    let strings: Option<Vec<_>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    // An empty string is found everywhere, and would end every answer before it begins.
    let strings = strings.ok_or_else(|| wrong_type(name, "an array of strings"))?;
    Ok(strings.into_iter().filter(|s| !s.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(options: Value) -> Result<Options, String> {
        Options::parse(options.as_object().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn every_option_finds_its_place() {
        let options = parse(json!({
            "temperature": 0.5, "top_k": 7, "top_p": 0.8, "min_p": 0.1, "typical_p": 0.7, "repeat_penalty": 1.2,
            "presence_penalty": 0.3, "frequency_penalty": -0.4, "repeat_last_n": -1, "seed": 42, "num_predict": 9,
            "num_ctx": 128, "num_keep": 2, "stop": ["a", "", "b"],
        }))
        .unwrap();
        let expected = Options {
            sampling: Sampling {
                temperature: 0.5,
                top_k: 7,
                top_p: 0.8,
                min_p: 0.1,
                typical_p: 0.7,
                repeat_penalty: 1.2,
                presence_penalty: 0.3,
                frequency_penalty: -0.4,
                repeat_last_n: -1,
                seed: Some(42),
                ..Sampling::default()
            },
            limits: Limits { max_new: Some(9), context: Some(128), keep: 2, ..Limits::default() },
            stop: vec!["a".into(), "b".into()],
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn nothing_null_unknown_and_obsolete_options_leave_the_defaults() {
        let all_null =
            json!({"temperature": null, "stop": null, "num_ctx": null, "mirostat": null, "x": null});
        let ignored = json!({"mirostat": 1, "tfs_z": 1.0, "numa": true, "frobnicate": {"a": 1}, "num_gpu": 5, "use_mmap": true});
        for given in [json!({}), all_null, ignored] {
            assert_eq!(parse(given).unwrap(), Options::default());
        }
    }

    #[test]
    fn a_request_wins_over_its_model() {
        let map = |json: Value| json.as_object().unwrap().clone();
        let model = map(json!({"temperature": 0.1, "top_k": 5, "stop": ["a", "b"]}));
        let request = map(json!({"temperature": 0.9, "top_k": null, "stop": ["c"]}));
        let options = Options::merged(&model, &request).unwrap();
        assert_eq!((options.sampling.temperature, options.sampling.top_k), (0.9, 5));
        assert_eq!(options.stop, ["c"]);
    }

    #[test]
    fn texts_to_embed_may_be_shorter_than_any_answer() {
        let context = |model: Value, request: Value| {
            Options::text_context(model.as_object().unwrap(), request.as_object().unwrap())
        };
        assert_eq!(context(json!({}), json!({})), None);
        assert_eq!(context(json!({"num_ctx": 256}), json!({"num_ctx": null})), Some(256));
        assert_eq!(context(json!({"num_ctx": 256}), json!({"num_ctx": 1})), Some(1));
        assert_eq!(context(json!({"num_ctx": 256}), json!({"num_ctx": 0})), None);
    }

    #[test]
    fn numbers_mean_what_they_mean_in_ollama() {
        let limits = |options| parse(options).unwrap().limits;
        assert_eq!(limits(json!({"num_predict": -1})).max_new, None);
        assert_eq!(limits(json!({"num_predict": -2})).max_new, None);
        assert_eq!(limits(json!({"num_predict": 7.9})).max_new, Some(7));
        assert_eq!(limits(json!({"num_ctx": 0})).context, None);
        assert_eq!(limits(json!({"num_ctx": 1})).context, Some(4));
        assert_eq!(parse(json!({"seed": -1})).unwrap().sampling.seed, None);
        assert_eq!(parse(json!({"seed": 0})).unwrap().sampling.seed, Some(0));
    }

    #[test]
    fn wrong_types_are_refused_in_ollamas_words() {
        for (options, error) in [
            (json!({"num_predict": "9"}), "option \"num_predict\" must be of type integer"),
            (json!({"temperature": "hot"}), "option \"temperature\" must be of type float32"),
            (json!({"use_mmap": 1}), "option \"use_mmap\" must be of type boolean"),
            (json!({"num_gpu": []}), "option \"num_gpu\" must be of type integer"),
            (json!({"stop": "end"}), "option \"stop\" must be of type array"),
            (json!({"stop": [1]}), "option \"stop\" must be of type an array of strings"),
        ] {
            assert_eq!(parse(options).unwrap_err(), error);
        }
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (options, error) in [
            (json!({"top_k": -5}), "option \"top_k\" must be 0 or more, not -5"),
            (json!({"temperature": 1e300}), "option \"temperature\" must be 0 or more, not inf"),
            (json!({"top_p": -0.1}), "option \"top_p\" must be between 0 and 1, not -0.1"),
            (json!({"num_ctx": -8}), "option \"num_ctx\" must be 0 or more, not -8"),
            (json!({"repeat_last_n": -9}), "option \"repeat_last_n\" must be -1 or more, not -9"),
        ] {
            assert_eq!(parse(options).unwrap_err(), error);
        }
    }
}
