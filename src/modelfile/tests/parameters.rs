//! Names, types and values of `PARAMETER`.

use serde_json::json;

use super::*;

fn refused_value(name: &str, value: &str) -> String {
    parameter_value(name, &[value]).unwrap_err().to_string()
}

#[test]
fn every_parameter_has_its_type() {
    for name in [
        "num_ctx",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "num_thread",
        "draft_num_predict",
        "num_keep",
        "seed",
        "num_predict",
        "top_k",
        "repeat_last_n",
        "dry_allowed_length",
        "dry_penalty_last_n",
        "mirostat",
        "min_tokens",
    ] {
        assert_eq!(parameter_value(name, &["7"]).unwrap(), json!(7), "{name}");
        assert_eq!(refused_value(name, "x"), "invalid int value [x]", "{name}");
    }
    for name in [
        "top_p",
        "min_p",
        "typical_p",
        "temperature",
        "repeat_penalty",
        "presence_penalty",
        "frequency_penalty",
        "dynatemp_range",
        "dynatemp_exponent",
        "top_n_sigma",
        "xtc_probability",
        "xtc_threshold",
        "dry_multiplier",
        "dry_base",
        "mirostat_tau",
        "mirostat_eta",
    ] {
        assert_eq!(parameter_value(name, &["0.5"]).unwrap(), json!(0.5), "{name}");
        assert_eq!(refused_value(name, "x"), "invalid float value [x]", "{name}");
    }
    for name in ["use_mmap", "ignore_eos"] {
        assert_eq!(parameter_value(name, &["false"]).unwrap(), json!(false));
        assert_eq!(refused_value(name, "x"), "invalid bool value [x]");
    }
    for name in ["stop", "dry_sequence_breakers"] {
        assert_eq!(parameter_value(name, &["a", "b"]).unwrap(), json!(["a", "b"]));
    }
    assert_eq!(parameter_value("logit_bias", &["{\"5\":", "-1.5}"]).unwrap(), json!({"5": -1.5}));
    assert_eq!(refused_value("logit_bias", "5"), "invalid object value [5]");
}

#[test]
fn integers() {
    for (text, value) in [
        ("-1", -1),
        ("+5", 5),
        ("007", 7),
        ("9223372036854775807", i64::MAX),
        ("1e+06", 1_000_000),
        ("1.048576e+06", 1_048_576),
        ("-1E3", -1000),
    ] {
        assert_eq!(parameter_value("num_ctx", &[text]).unwrap(), json!(value), "{text}");
    }
    for text in [
        "",
        "1.5",
        "4096.0",
        " 1",
        "1_000",
        "9223372036854775808",
        "1e-1",
        "1e17",
        "1e300",
        "1e",
        "0x10",
        "NaN",
    ] {
        assert_eq!(refused_value("num_ctx", text), format!("invalid int value [{text}]"));
    }
}

#[test]
fn floats_are_rounded_to_32_bits() {
    for (text, json) in [
        ("0.7", "0.7"),
        ("1", "1"),
        ("1.0", "1"),
        ("-2", "-2"),
        (".5", "0.5"),
        ("1e-5", "0.00001"),
        ("0.123456789012", "0.12345679"),
        ("0.1e1", "1"),
        ("1e-60", "0"),
    ] {
        let value = parameter_value("temperature", &[text]).unwrap();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(json).unwrap(), "{text}");
    }
    assert_eq!(parameter_value("temperature", &["1.0"]).unwrap().to_string(), "1");
    for text in ["", "warm", "0,7", "inf", "-Infinity", "NaN", "1e39", "0.5f", "1 2"] {
        assert_eq!(refused_value("temperature", text), format!("invalid float value [{text}]"));
    }
}

#[test]
fn booleans() {
    for text in ["1", "t", "T", "true", "TRUE", "True"] {
        assert_eq!(parameter_value("use_mmap", &[text]).unwrap(), json!(true), "{text}");
    }
    for text in ["0", "f", "F", "false", "FALSE", "False"] {
        assert_eq!(parameter_value("use_mmap", &[text]).unwrap(), json!(false), "{text}");
    }
    for text in ["", "yes", "tRUE", "2"] {
        assert_eq!(refused_value("use_mmap", text), format!("invalid bool value [{text}]"));
    }
}

#[test]
fn unknown_and_missing() {
    assert_eq!(refused_value("cache_type_k", "q2"), "invalid cache type value [q2]");
    assert_eq!(refused_value("temprature", "1"), "unknown parameter 'temprature'");
    assert_eq!(refused_value("Temperature", "1"), "unknown parameter 'Temperature'");
    assert_eq!(refused_value("", "1"), "unknown parameter ''");
    assert_eq!(parameter_value("seed", &[]).unwrap_err().to_string(), "invalid int value []");
    assert_eq!(parameter_value("seed", &["a", "b"]).unwrap_err().to_string(), "invalid int value [a b]");
}
