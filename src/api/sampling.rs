//! Options of the sampler, by Ollama's and llama.cpp's names: their types and ranges, the same for every dialect.

use serde_json::Value;

use super::error::Failure;
use super::values::{boolean, count, float, integer, out_of_range, strings, window, wrong_type};
use crate::engine::protocol::{Sampling, Token};

/// The names of all of them.
const NAMES: [&str; 26] = [
    "temperature",
    "dynatemp_range",
    "dynatemp_exponent",
    "top_n_sigma",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "xtc_probability",
    "xtc_threshold",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "repeat_last_n",
    "dry_multiplier",
    "dry_base",
    "dry_allowed_length",
    "dry_penalty_last_n",
    "dry_sequence_breakers",
    "mirostat",
    "mirostat_tau",
    "mirostat_eta",
    "logit_bias",
    "min_tokens",
    "ignore_eos",
    "seed",
];

/// Most that may be added to a logit, or taken from it, as in OpenAI's API.
const MOST_BIAS: f32 = 100.0;

/// Whether the sampler has an option.
pub(super) fn is_option(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Sets an option of the sampler; false if it has none of that name.
///
/// # Errors
/// [`Failure::OptionType`] for a value of the wrong type, [`Failure::Invalid`] for a whole number out of its range.
pub(super) fn set(sampling: &mut Sampling, name: &str, value: &Value) -> Result<bool, Failure> {
    let Sampling { dry, mirostat, .. } = sampling;
    match name {
        "temperature" => sampling.temperature = float(name, value)?,
        "dynatemp_range" => sampling.dynatemp_range = float(name, value)?,
        "dynatemp_exponent" => sampling.dynatemp_exponent = float(name, value)?,
        "top_n_sigma" => sampling.top_n_sigma = float(name, value)?,
        "top_k" => sampling.top_k = count(name, value)?,
        "top_p" => sampling.top_p = float(name, value)?,
        "min_p" => sampling.min_p = float(name, value)?,
        "typical_p" => sampling.typical_p = float(name, value)?,
        "xtc_probability" => sampling.xtc_probability = float(name, value)?,
        "xtc_threshold" => sampling.xtc_threshold = float(name, value)?,
        "repeat_penalty" => sampling.repeat_penalty = float(name, value)?,
        "presence_penalty" => sampling.presence_penalty = float(name, value)?,
        "frequency_penalty" => sampling.frequency_penalty = float(name, value)?,
        "repeat_last_n" => sampling.repeat_last_n = window(name, value)?,
        "dry_multiplier" => dry.multiplier = float(name, value)?,
        "dry_base" => dry.base = float(name, value)?,
        "dry_allowed_length" => dry.allowed_length = count(name, value)?,
        "dry_penalty_last_n" => dry.penalty_last_n = window(name, value)?,
        "dry_sequence_breakers" => dry.sequence_breakers = strings(name, value)?,
        "mirostat" => mirostat.version = count(name, value)?,
        "mirostat_tau" => mirostat.tau = float(name, value)?,
        "mirostat_eta" => mirostat.eta = float(name, value)?,
        "logit_bias" => sampling.logit_bias = biases(name, value)?,
        "min_tokens" => sampling.min_tokens = count(name, value)?,
        "ignore_eos" => sampling.ignore_eos = boolean(name, value)?,
        // -1 draws one.
        "seed" => {
            let n = integer(name, value)?;
            sampling.seed = (n != -1).then_some(n as u64);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Numbers by token ids, which JSON has as texts.
fn biases(name: &str, value: &Value) -> Result<Vec<(Token, f32)>, Failure> {
    let map = value.as_object().ok_or_else(|| wrong_type(name, "object"))?;
    let bias = |(token, bias): (&String, &Value)| {
        let bias = bias.as_f64().ok_or_else(|| wrong_type(name, "an object of numbers"))? as f32;
        let token = token
            .trim()
            .parse()
            .map_err(|_| Failure::Invalid(format!("option {name:?} has {token:?}, which is no token id")))?;
        if (-MOST_BIAS..=MOST_BIAS).contains(&bias) {
            Ok((token, bias))
        } else {
            Err(out_of_range(name, bias, "between -100 and 100 for each token"))
        }
    };
    map.iter().map(bias).collect()
}

/// Checks that the sampler can work with these options.
///
/// # Errors
/// [`Failure::Invalid`] that names the option, its value and its range.
pub(super) fn check(sampling: &Sampling) -> Result<(), Failure> {
    enum Range {
        Unit,
        NotNegative,
        Positive,
        Any,
    }
    use Range::{Any, NotNegative, Positive, Unit};
    let Sampling { dry, mirostat, .. } = sampling;
    let ranges = [
        ("temperature", sampling.temperature, NotNegative),
        ("dynatemp_range", sampling.dynatemp_range, NotNegative),
        ("dynatemp_exponent", sampling.dynatemp_exponent, NotNegative),
        ("top_n_sigma", sampling.top_n_sigma, Any),
        ("top_p", sampling.top_p, Unit),
        ("min_p", sampling.min_p, Unit),
        ("typical_p", sampling.typical_p, Unit),
        ("xtc_probability", sampling.xtc_probability, Unit),
        ("xtc_threshold", sampling.xtc_threshold, Unit),
        ("repeat_penalty", sampling.repeat_penalty, Positive),
        ("presence_penalty", sampling.presence_penalty, Any),
        ("frequency_penalty", sampling.frequency_penalty, Any),
        ("dry_multiplier", dry.multiplier, NotNegative),
        ("dry_base", dry.base, NotNegative),
        ("mirostat_tau", mirostat.tau, NotNegative),
        ("mirostat_eta", mirostat.eta, NotNegative),
    ];
    for (name, value, range) in ranges {
        let (in_range, range) = match range {
            Unit => ((0.0..=1.0).contains(&value), "between 0 and 1"),
            NotNegative => (value >= 0.0, "0 or more"),
            Positive => (value > 0.0, "more than 0"),
            Any => (true, "a finite number"),
        };
        if !in_range || !value.is_finite() {
            return Err(out_of_range(name, value, range));
        }
    }
    if mirostat.version > 2 {
        return Err(out_of_range("mirostat", mirostat.version, "0, 1 or 2"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        check(&Sampling::default()).unwrap();
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        type Change = fn(&mut Sampling);
        let cases: [(Change, &str); 9] = [
            (|s| s.temperature = -0.5, "option \"temperature\" must be 0 or more, not -0.5"),
            (|s| s.temperature = f32::NAN, "option \"temperature\" must be 0 or more, not NaN"),
            (|s| s.top_p = 1.5, "option \"top_p\" must be between 0 and 1, not 1.5"),
            (|s| s.repeat_penalty = 0.0, "option \"repeat_penalty\" must be more than 0, not 0"),
            (
                |s| s.presence_penalty = f32::INFINITY,
                "option \"presence_penalty\" must be a finite number, not inf",
            ),
            (|s| s.xtc_threshold = 2.0, "option \"xtc_threshold\" must be between 0 and 1, not 2"),
            (|s| s.dry.base = -1.0, "option \"dry_base\" must be 0 or more, not -1"),
            (|s| s.mirostat.version = 3, "option \"mirostat\" must be 0, 1 or 2, not 3"),
            (|s| s.top_n_sigma = f32::NAN, "option \"top_n_sigma\" must be a finite number, not NaN"),
        ];
        for (change, error) in cases {
            let mut sampling = Sampling::default();
            change(&mut sampling);
            assert_eq!(check(&sampling).unwrap_err().to_string(), error);
        }
    }

    fn set_one(name: &str, value: Value) -> Result<Sampling, String> {
        let mut sampling = Sampling::default();
        let known = set(&mut sampling, name, &value).map_err(|error| error.to_string())?;
        assert!(known, "{name}");
        Ok(sampling)
    }

    #[test]
    fn every_name_is_an_option_and_changes_something() {
        for name in NAMES {
            let values = [json!(7), json!(true), json!(["x"]), json!({"5": 1})];
            let changed = values.into_iter().find_map(|value| set_one(name, value).ok());
            assert_ne!(changed, Some(Sampling::default()), "{name}");
            assert!(changed.is_some() && is_option(name), "{name}");
            let refused = set_one(name, json!("x")).unwrap_err();
            assert!(refused.starts_with(&format!("option {name:?} must be of type ")), "{refused}");
        }
        assert!(!set(&mut Sampling::default(), "num_ctx", &json!(1)).unwrap());
        assert!(!is_option("num_ctx"));
    }

    #[test]
    fn whole_numbers_have_ranges() {
        for (name, value, error) in [
            ("repeat_last_n", -2, "option \"repeat_last_n\" must be -1 or more, not -2"),
            ("dry_penalty_last_n", -2, "option \"dry_penalty_last_n\" must be -1 or more, not -2"),
            ("min_tokens", -1, "option \"min_tokens\" must be 0 or more, not -1"),
        ] {
            assert_eq!(set_one(name, json!(value)).unwrap_err(), error);
        }
    }

    #[test]
    fn biases_are_numbers_by_token() {
        let found = set_one("logit_bias", json!({"50256": -100, " 7": 1.5})).unwrap().logit_bias;
        assert_eq!(found, [(50256, -100.0), (7, 1.5)]);
        assert_eq!(set_one("logit_bias", json!({})).unwrap(), Sampling::default());
        for (value, error) in [
            (json!([[5, 1]]), "option \"logit_bias\" must be of type object"),
            (json!({"5": false}), "option \"logit_bias\" must be of type an object of numbers"),
            (json!({"a": 1}), "option \"logit_bias\" has \"a\", which is no token id"),
            (json!({"-5": 1}), "option \"logit_bias\" has \"-5\", which is no token id"),
            (json!({"5": 101}), "option \"logit_bias\" must be between -100 and 100 for each token, not 101"),
        ] {
            assert_eq!(set_one("logit_bias", value).unwrap_err(), error);
        }
    }
}
