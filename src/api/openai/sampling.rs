//! Sampling options of OpenAI's requests, and what they become.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::error::Failure;
use crate::api::options::Options;
use crate::api::sampling::is_option;
use crate::api::values::out_of_range;

/// Options that chat and text completions have in common. Quipu also takes all other options of the sampler, by the
/// names that `options` of `/api/chat` has for them: `top_k`, `min_p`, `min_tokens`, `dry_multiplier` and so on.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct SamplingFields {
    /// 0 chooses the likeliest token. 1 if absent.
    temperature: Option<f32>,
    /// Keep the likeliest tokens whose probabilities reach this sum. 1 if absent.
    top_p: Option<f32>,
    /// Subtracted from the logits of recent tokens, for each occurrence.
    frequency_penalty: Option<f32>,
    /// Subtracted from the logits of recent tokens, once.
    presence_penalty: Option<f32>,
    /// The same seed and request give the same answer when nothing else runs.
    #[schema(value_type = Option<i64>)]
    seed: Option<f64>,
    /// One or more strings that end the answer.
    #[schema(value_type = Option<Vec<String>>)]
    stop: Option<Value>,
    /// Most tokens of the answer.
    #[schema(value_type = Option<u32>)]
    max_tokens: Option<f64>,
    /// The newer name of `max_tokens`.
    #[schema(value_type = Option<u32>)]
    max_completion_tokens: Option<f64>,
    /// Number of answers. Only 1 is supported yet.
    #[schema(value_type = Option<u32>)]
    n: Option<f64>,
    /// By token ids of the model, numbers between -100 and 100 that are added to their logits.
    #[schema(value_type = Option<Object>)]
    logit_bias: Option<Map<String, Value>>,
    /// What else the request holds.
    #[serde(flatten)]
    #[schema(ignore)]
    others: Map<String, Value>,
}

impl SamplingFields {
    /// The options by Ollama's names: what is absent here is the model's.
    ///
    /// # Errors
    /// For values out of range, and for what is not built yet.
    pub(super) fn resolve(self) -> Result<Map<String, Value>, Failure> {
        if self.n.is_some_and(|n| n > 1.0) {
            return Err(Failure::NotSupported("more than one answer (n)"));
        }
        let max_new = match (self.max_completion_tokens, self.max_tokens) {
            (Some(n), _) => Some(token_limit("max_completion_tokens", n)?),
            (None, Some(n)) => Some(token_limit("max_tokens", n)?),
            (None, None) => None,
        };
        let mut options: Map<_, _> = self.others.into_iter().filter(|(name, _)| is_option(name)).collect();
        let mut set = |name: &str, value: Option<Value>| {
            options.extend(value.map(|value| (name.to_owned(), value)));
        };
        // OpenAI's defaults of these two win over the model's.
        set("temperature", Some(self.temperature.unwrap_or(1.0).into()));
        set("top_p", Some(self.top_p.unwrap_or(1.0).into()));
        set("frequency_penalty", self.frequency_penalty.map(Into::into));
        set("presence_penalty", self.presence_penalty.map(Into::into));
        set("seed", self.seed.map(|seed| (seed as i64).into()));
        set("num_predict", max_new.map(Into::into));
        set("logit_bias", self.logit_bias.filter(|bias| !bias.is_empty()).map(Into::into));
        let stop = stop_strings(self.stop)?;
        set("stop", (!stop.is_empty()).then(|| stop.into()));
        Options::parse(&options)?;
        Ok(options)
    }
}

fn token_limit(name: &str, n: f64) -> Result<u32, Failure> {
    // A limit beyond four thousand million tokens is as good as none.
    if n >= 0.0 { Ok(n as u32) } else { Err(out_of_range(name, n, "0 or more")) }
}

fn stop_strings(stop: Option<Value>) -> Result<Vec<String>, Failure> {
    let invalid = |value: &Value| Failure::Invalid(format!("invalid type for 'stop' field: {value}"));
    let strings = match stop {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                other => Err(invalid(&other)),
            })
            .collect::<Result<_, _>>()?,
        Some(other) => return Err(invalid(&other)),
    };
    // An empty string is found everywhere, and would end every answer before it begins.
    Ok(strings.into_iter().filter(|text| !text.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve(fields: Value) -> Result<Value, String> {
        let fields: SamplingFields = serde_json::from_value(fields).unwrap();
        fields.resolve().map(Value::Object).map_err(|e| e.to_string())
    }

    #[test]
    fn absent_and_null_options_are_openais_defaults() {
        let nulls = json!({
            "temperature": null, "top_p": null, "frequency_penalty": null, "presence_penalty": null, "seed": null,
            "stop": null, "max_tokens": null, "max_completion_tokens": null, "n": null, "logit_bias": null,
        });
        for fields in [json!({}), nulls, json!({"n": 1, "logit_bias": {}, "stop": []})] {
            assert_eq!(resolve(fields).unwrap(), json!({"temperature": 1.0, "top_p": 1.0}));
        }
    }

    #[test]
    fn options_arrive() {
        let options = resolve(json!({
            "temperature": 0, "top_p": 0.5, "frequency_penalty": 1, "presence_penalty": -1, "seed": 7.0,
            "stop": "end", "max_tokens": 10, "logit_bias": {"5": -100}, "top_k": 3, "min_tokens": 2,
            "num_ctx": 5, "messages": [], "best_of": 1,
        }));
        let expected = json!({
            "top_k": 3, "min_tokens": 2, "logit_bias": {"5": -100},
            "temperature": 0.0, "top_p": 0.5, "frequency_penalty": 1.0, "presence_penalty": -1.0, "seed": 7,
            "num_predict": 10, "stop": ["end"],
        });
        assert_eq!(options.unwrap(), expected);
    }

    #[test]
    fn the_newer_token_limit_wins() {
        let limit = |fields| resolve(fields).unwrap()["num_predict"].clone();
        assert_eq!(limit(json!({"max_completion_tokens": 5})), 5);
        assert_eq!(limit(json!({"max_completion_tokens": 5, "max_tokens": 9})), 5);
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (fields, error) in [
            (json!({"max_tokens": -1}), "option \"max_tokens\" must be 0 or more, not -1"),
            (json!({"temperature": -1}), "option \"temperature\" must be 0 or more, not -1"),
            (json!({"stop": ["a", 1]}), "invalid type for 'stop' field: 1"),
            (json!({"n": 2}), "more than one answer (n) is not supported yet"),
            (
                json!({"logit_bias": {"5": -101}}),
                "option \"logit_bias\" must be between -100 and 100 for each token, not -101",
            ),
            (json!({"top_k": "x"}), "option \"top_k\" must be of type integer"),
        ] {
            assert_eq!(resolve(fields).unwrap_err(), error);
        }
    }
}
