//! Manifests, media types and configs as texts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// As a registry sends it: with spaces, and fields that nobody here knows.
fn received() -> String {
    let hex = "0".repeat(63);
    format!(
        r#"{{ "schemaVersion": 2,
  "mediaType":"application/vnd.docker.distribution.manifest.v2+json", "annotations": {{"a": [1.50]}},
  "config": {{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:{hex}1","size":7}},
  "layers": [
    {{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{hex}2","size":100,"urls":["u"]}},
    {{"mediaType":"application/vnd.ollama.image.license","digest":"sha256:{hex}3","size":20,"from":"n/m"}},
    {{"mediaType":"application/x-new","digest":"sha256-{hex}4","size":3,"name":"tensor"}}
  ]}}
"#
    )
}

#[test]
fn a_manifest_is_its_bytes() {
    let text = received();
    let manifest = Manifest::parse(text.clone().into_bytes()).unwrap();
    assert_eq!(manifest.bytes(), text.as_bytes());
    assert_eq!(manifest.digest(), digest(&text));
    assert_eq!(manifest.size(), 130);
    assert_eq!((manifest.config().size, manifest.layers().len(), manifest.blobs().count()), (7, 3, 4));
    let model = manifest.layers_of(&MediaType::Model).next().unwrap();
    assert_eq!((model.size, model.from.as_deref(), &model.other["urls"]), (100, None, &json!(["u"])));
    assert_eq!(manifest.layers()[1].from.as_deref(), Some("n/m"));
    let new = &manifest.layers()[2];
    assert_eq!(new.media_type, MediaType::Other("application/x-new".to_owned()));
    assert_eq!(new.name.as_deref(), Some("tensor"));
}

#[test]
fn layers_keep_what_is_not_understood() {
    let received = Manifest::parse(received().into_bytes()).unwrap();
    let made = Manifest::new(received.config().clone(), received.layers().to_vec());
    let again = Manifest::parse(made.bytes().to_vec()).unwrap();
    assert_eq!(again.layers(), received.layers());
    assert_eq!(again.digest(), made.digest());
    assert_ne!(made.digest(), received.digest());
}

#[test]
fn a_new_manifest_is_written_as_ollama_does() {
    let hex = digest("{}").hex();
    assert_eq!(
        String::from_utf8_lossy(manifest(&[]).bytes()),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:{hex}","size":2}},"layers":[]}}"#
        )
    );
}

#[test]
fn what_is_no_manifest_is_refused_with_the_reason() {
    let bad = |text: &str| Manifest::parse(text.as_bytes().to_vec()).unwrap_err().to_string();
    let with = |from: &str, to: &str| {
        assert!(received().contains(from), "{from}");
        bad(&received().replacen(from, to, 1))
    };
    assert!(bad("").contains("EOF"));
    assert!(bad("<html>").contains("expected value"));
    assert!(bad("{}").contains("missing field `config`"));
    assert!(bad(&received()[..200]).contains("EOF"));
    assert!(bad(&"[".repeat(10_000)).contains("invalid type"));
    assert!(with("sha256:", "sha1:").contains("invalid digest format"));
    assert!(with("sha256:0", "sha256:../").contains("invalid digest format"));
    assert!(with("\"size\":100", "\"size\":-1").contains("invalid value"));
    assert!(with("\"size\":100", "\"size\":\"100\"").contains("invalid type"));
    assert!(with("\"layers\"", "\"manifests\"").contains("missing field `layers`"));
}

#[test]
fn sizes_that_lie_do_not_overflow() {
    let text = received().replace("\"size\":100", &format!("\"size\":{}", u64::MAX));
    assert_eq!(Manifest::parse(text.into_bytes()).unwrap().size(), u64::MAX);
}

#[test]
fn media_types_are_their_texts() {
    for (name, media_type) in [
        ("model", MediaType::Model),
        ("projector", MediaType::Projector),
        ("adapter", MediaType::Adapter),
        ("draft", MediaType::Draft),
        ("template", MediaType::Template),
        ("prompt", MediaType::Prompt),
        ("system", MediaType::System),
        ("params", MediaType::Params),
        ("messages", MediaType::Messages),
        ("license", MediaType::License),
        ("embed", MediaType::Embed),
        ("tensor", MediaType::Tensor),
        ("json", MediaType::Json),
    ] {
        let text = format!("application/vnd.ollama.image.{name}");
        assert_eq!(media_type.to_string(), text);
        assert_eq!(MediaType::from(text), media_type);
    }
    let config = "application/vnd.docker.container.image.v1+json".to_owned();
    assert_eq!(MediaType::from(config.clone()), MediaType::Config);
    assert_eq!(String::from(MediaType::Config), config);
}

#[test]
fn a_config_keeps_all_that_it_says() {
    let text = json!({
        "model_format": "gguf", "model_family": "llama", "model_families": ["llama", "clip"],
        "model_type": "3.2B", "file_type": "Q4_K_M", "renderer": "r", "parser": "p", "requires": "0.1.2",
        "remote_host": "h", "remote_model": "m", "capabilities": ["tools"], "context_length": 8192,
        "embedding_length": 3072, "base_name": "b",
        "draft": {"model_format": "gguf", "architecture": "a", "tensor_prefix": "t", "config": "c.json"},
        "architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:x"]},
    });
    let config: ModelConfig = serde_json::from_value(text.clone()).unwrap();
    assert_eq!((config.model_type.as_str(), config.context_length), ("3.2B", Some(8192)));
    assert_eq!(config.draft.as_ref().unwrap().tensor_prefix, "t");
    assert_eq!(serde_json::to_value(&config).unwrap(), text);
}

#[test]
fn a_config_with_nothing_in_it_is_one() {
    let empty: ModelConfig = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, ModelConfig::default());
    let nulls = r#"{"model_families":null,"model_format":null,"context_length":null,"capabilities":null}"#;
    assert_eq!(serde_json::from_str::<ModelConfig>(nulls).unwrap(), empty);
    assert_eq!(
        serde_json::to_string(&empty).unwrap(),
        r#"{"model_format":"","model_family":"","model_families":[],"model_type":"","file_type":"","architecture":"amd64","os":"linux"}"#
    );
}

/// Any JSON, of small size.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(manifest(&[]).config().digest.to_string())),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = prop_oneof!["config|layers|digest|size|mediaType|model_families|draft", ".{0,4}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..5).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_and_no_cut_makes_it_panic(value in json_value(), cut in 0..900_usize) {
        let _ = Manifest::parse(value.to_string().into_bytes());
        let _ = serde_json::from_value::<ModelConfig>(value);
        let text = received();
        let cut = cut.min(text.trim_end().len() - 1);
        prop_assert!(Manifest::parse(text.as_bytes()[..cut].to_vec()).is_err());
    }
}
