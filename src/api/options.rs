//! Options of a request or model, by Ollama's names: what type they have, and what they become. Other dialects
//! translate theirs.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::{debug, warn};

use crate::api::error::Failure;
use crate::api::sampling;
use crate::api::values::{boolean, count, integer, strings};
use crate::engine::protocol::{Limits, Sampling};
use crate::modelfile::is_deprecated;

/// The smallest context that a request gets, whatever it asks for.
const SMALLEST_CONTEXT: u32 = 4;

/// The `num_predict` that ends an answer when the context is full.
const FILL_CONTEXT: i64 = -2;

/// Names of ignored options that are logged aloud.
const MOST_SAID: usize = 64;
/// Most bytes of such a name.
const LONGEST_SAID: usize = 64;

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
        sampling::check(&options.sampling)?;
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
        let Self { limits, stop, .. } = self;
        if sampling::set(&mut self.sampling, name, value)? {
            return Ok(());
        }
        match name {
            "num_predict" => {
                let tokens = integer(name, value)?;
                // Negative: no limit but the model's and the context's.
                limits.max_new = u32::try_from(tokens).ok();
                limits.fill = tokens == FILL_CONTEXT;
            }
            "num_ctx" => limits.context = context(name, value)?,
            // Negative: the whole prompt.
            "num_keep" => limits.keep = u32::try_from(integer(name, value)?).unwrap_or(i32::MAX as u32),
            // An empty one would end every answer before it begins.
            "stop" => *stop = strings(name, value)?,
            "num_batch" | "num_gpu" | "main_gpu" | "num_thread" | "draft_num_predict" => {
                let value = integer(name, value)?;
                ignored(
                    name,
                    &value,
                    "how a model is loaded is the server's choice, not that of one request",
                );
            }
            "use_mmap" => {
                let value = boolean(name, value)?;
                ignored(
                    name,
                    &value,
                    "how a model is loaded is the server's choice, not that of one request",
                );
            }
            // Of a model: `fleet/catalog.rs` reads them.
            "cache_type_k" | "cache_type_v" => debug!(name, "counts in a Modelfile only"),
            _ if is_deprecated(name) => debug!(name, "obsolete option ignored"),
            _ => ignored(name, value, "there is no such option"),
        }
        Ok(())
    }
}

/// Says that an option is ignored: aloud for the first time, since clients send the same ones again and again.
fn ignored(name: &str, value: &dyn std::fmt::Display, why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if is_new(&mut SAID.lock(), name) {
        warn!(name, %value, why, "option ignored");
    } else {
        debug!(name, %value, why, "option ignored");
    }
}

/// Whether a name is new to a set, which gets it. A full set knows all: names are the clients', and without end.
fn is_new(said: &mut BTreeSet<String>, name: &str) -> bool {
    said.len() < MOST_SAID && name.len() <= LONGEST_SAID && said.insert(name.to_owned())
}

/// The options of a request over those of its model.
fn over(model: &Map<String, Value>, request: &Map<String, Value>) -> Map<String, Value> {
    let mut all = model.clone();
    let given = request.iter().filter(|(_, value)| !value.is_null());
    all.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    all
}

/// 0 leaves it to the server.
fn context(name: &str, value: &Value) -> Result<Option<u32>, Failure> {
    let tokens = count(name, value)?;
    Ok((tokens > 0).then_some(tokens.max(SMALLEST_CONTEXT)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::protocol::{Dry, Mirostat};

    fn parse(options: Value) -> Result<Options, String> {
        Options::parse(options.as_object().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn every_option_finds_its_place() {
        let options = parse(json!({
            "temperature": 0.5, "top_k": 7, "top_p": 0.8, "min_p": 0.1, "typical_p": 0.7, "repeat_penalty": 1.2,
            "presence_penalty": 0.3, "frequency_penalty": -0.4, "repeat_last_n": -1, "seed": 42, "num_predict": 9,
            "num_ctx": 128, "num_keep": 2, "stop": ["a", "", "b"], "dry_multiplier": 0.8, "dry_base": 1.5,
            "dry_allowed_length": 3, "dry_penalty_last_n": -1, "dry_sequence_breakers": ["\n", ""],
            "xtc_probability": 0.5, "xtc_threshold": 0.2, "mirostat": 2, "mirostat_tau": 4.0, "mirostat_eta": 0.2,
            "top_n_sigma": 1.5, "dynatemp_range": 0.25, "dynatemp_exponent": 2, "logit_bias": {"5": -1},
            "min_tokens": 3, "ignore_eos": true,
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
                dry: Dry {
                    multiplier: 0.8,
                    base: 1.5,
                    allowed_length: 3,
                    penalty_last_n: -1,
                    sequence_breakers: vec!["\n".into()],
                },
                xtc_probability: 0.5,
                xtc_threshold: 0.2,
                mirostat: Mirostat { version: 2, tau: 4.0, eta: 0.2 },
                top_n_sigma: 1.5,
                dynatemp_range: 0.25,
                dynatemp_exponent: 2.0,
                logit_bias: vec![(5, -1.0)],
                min_tokens: 3,
                ignore_eos: true,
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
        let ignored = json!({"penalize_newline": 1, "tfs_z": 1.0, "numa": true, "frobnicate": {"a": 1}, "num_gpu": 5, "use_mmap": true});
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
        let fills = limits(json!({"num_predict": -2}));
        assert_eq!((fills.max_new, fills.fill), (None, true));
        assert!(!limits(json!({"num_predict": -1})).fill && !limits(json!({"num_predict": 5})).fill);
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

    #[test]
    fn an_ignored_option_is_told_of_once() {
        let mut said = BTreeSet::new();
        assert!(is_new(&mut said, "num_gpu") && is_new(&mut said, "frobnicate"));
        assert!(!is_new(&mut said, "num_gpu"));
        assert!(!is_new(&mut said, &"x".repeat(1000)));
        assert_eq!((0..1000).filter(|i| is_new(&mut said, &i.to_string())).count(), MOST_SAID - 2);
    }
}
