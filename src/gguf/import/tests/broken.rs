//! Folders that are not as they should be, and what is said of them.

use super::*;

fn has(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn nothing_is_no_model() {
    let error = Import::model(&Files::default(), &ImportOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "no files provided to convert");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x"), "").unwrap();
    let files = Files::from_folder(folder.path()).unwrap();
    has(&import(&files, Weights::F32).unwrap_err().to_string(), &["config.json is missing"]);
    let error = Files::from_folder(&folder.path().join("absent")).unwrap_err().to_string();
    has(&error, &["cannot read", "absent"]);
}

#[test]
fn unknown_architectures_are_named_in_the_words_of_ollama() {
    let error = Folder::new(config("FooForCausalLM"), LLAMA).error();
    assert!(error.starts_with("unsupported architecture \"FooForCausalLM\""), "{error}");
    has(&error, &["LlamaForCausalLM", "Qwen3ForCausalLM", "BertModel", "GGUF"]);
    has(
        &Folder::llama().with(json!({"architectures": null})).error(),
        &["config.json lacks \"architectures\", which must name"],
    );
    has(&Folder::llama().with(json!({"architectures": "x"})).error(), &["which is not a list of texts"]);
}

#[test]
fn configurations_must_be_complete_and_make_sense() {
    for key in ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"] {
        has(&Folder::llama().with(json!({key: null})).error(), &["config.json has no", key]);
    }
    for (change, problem) in [
        (json!({"hidden_size": "8"}), "\"hidden_size\" = \"8\", which is not a whole number"),
        (json!({"hidden_size": -8}), "not a whole number"),
        (json!({"hidden_size": 8.5}), "not a whole number"),
        (json!({"hidden_size": 1_u64 << 31}), "not a whole number"),
        (json!({"hidden_size": 0}), "must be at least 1"),
        (json!({"num_attention_heads": 3}), "does not divide the width 8"),
        (json!({"num_key_value_heads": 0}), "does not divide 2 heads"),
        (json!({"num_key_value_heads": 3}), "does not divide 2 heads"),
        (json!({"head_dim": 3}), "must be even"),
        (json!({"num_hidden_layers": 513}), "512 layers are the most"),
        (json!({"rms_norm_eps": 0}), "not a number above 0"),
        (json!({"tie_word_embeddings": 1}), "not true or false"),
        (json!({"hidden_act": "gelu"}), "llama.cpp computes such models with silu"),
        (json!({"quantization_config": {"quant_method": "gptq"}}), "quantised (gptq)"),
        (json!({"num_hidden_layers": 2}), "tensor \"layers.1.input_layernorm.weight\" is missing"),
    ] {
        has(&Folder::llama().with(change).error(), &[problem]);
    }
    let folder = Folder::llama();
    let files = folder.write();
    for (contents, problem) in [
        (&b"{"[..], "config.json is not JSON"),
        (b"[]", "config.json is not a JSON object"),
        (b"{\"a\": \"\xff\"}", "config.json is not text: it is not UTF-8"),
    ] {
        folder.put("config.json", contents);
        has(&import(&files, Weights::F32).unwrap_err().to_string(), &[problem]);
    }
}

#[test]
fn tensors_must_be_those_of_the_configuration() {
    let query = "model.layers.0.self_attn.q_proj.weight";
    has(
        &Folder::llama().without(query).error(),
        &["model.safetensors", "layers.0.self_attn.q_proj.weight", "is missing"],
    );
    has(
        &Folder::llama().without("model.embed_tokens.weight").error(),
        &["embed_tokens.weight", "is missing"],
    );
    let error = Folder::llama().tensor(query, &[4, 16]).error();
    has(&error, &[query, "has shape [4, 16], but config.json makes it [8, 8]"]);
    has(&Folder::llama().tensor(query, &[64]).error(), &["has shape [64]"]);
    has(&Folder::llama().tensor("model.embed_tokens.weight", &[8]).error(), &["not two dimensions"]);
    has(
        &Folder::llama()
            .tensor("model.embed_tokens.weight", &[0, 8])
            .tensor("lm_head.weight", &[0, 8])
            .error(),
        &["empty"],
    );
    let error = Folder::llama().tensor("model.layers.0.self_attn.q_norm.weight", &[4]).error();
    has(&error, &["q_norm.weight", "is none that llama.cpp's llama has"]);
    has(
        &Folder::llama().tensor("model.layers.1.mlp.up_proj.weight", &[6, 8]).error(),
        &["layers.1.mlp", "is none that"],
    );
    has(&Folder::llama().tensor("norm.weight", &[8]).error(), &["is there under two names"]);
}

#[test]
fn types_that_are_not_read_are_named() {
    for (dtype, name) in [(Dtype::F64, "F64"), (Dtype::I8, "I8"), (Dtype::F8_E4M3, "F8_E4M3")] {
        has(
            &Folder::llama().dtype(dtype).error(),
            &["model.safetensors: tensor", &format!("has type {name}, only F32")],
        );
    }
}

/// Replaces model.safetensors.
fn with_weights(weights: &[u8]) -> String {
    let folder = Folder::llama();
    let files = folder.write();
    folder.put("model.safetensors", weights);
    import(&files, Weights::F32).map(|_| ()).unwrap_err().to_string()
}

fn file_of(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn damaged_files_are_seen_before_anything_is_written() {
    let folder = Folder::llama();
    folder.write();
    let sound = fs::read(folder.path("model.safetensors")).unwrap();
    has(&with_weights(&sound[..sound.len() - 1]), &["model.safetensors has", "truncated"]);
    has(&with_weights(&[sound.clone(), vec![0]].concat()), &["bytes of weights where its header tells of"]);
    has(&with_weights(&sound[..100]), &["says that its header has", "truncated"]);
    has(&with_weights(&sound[..7]), &["has 7 bytes, fewer than any"]);
    has(&with_weights(b""), &["has 0 bytes"]);
    has(&with_weights(&[0xff; 64]), &["says that its header has 18446744073709551615 bytes"]);
    has(&with_weights(&file_of("{", 0)), &["has a damaged header"]);
    has(&with_weights(&file_of("{\"a\": \"\u{0}\"}", 0)), &["has a damaged header"]);
    has(&with_weights(&[8_u64.to_le_bytes().as_slice(), &[0xff; 8]].concat()), &["has a damaged header"]);
    let header = |first: &str, second: &str| {
        format!(
            r#"{{"a": {{"dtype": "F32", "shape": [2], "data_offsets": {first}}}, "b": {{"dtype": "F32", "shape": [2], "data_offsets": {second}}}}}"#
        )
    };
    for (first, second, data, problem) in [
        ("[0, 8]", "[4, 12]", 12, "invalid offset"),
        ("[0, 8]", "[12, 20]", 20, "invalid offset"),
        ("[0, 8]", "[8, 12]", 12, "invalid shape"),
        ("[8, 0]", "[8, 16]", 16, "invalid offset"),
        ("[0, 8]", "[8, 18446744073709551615]", 16, "invalid shape"),
    ] {
        has(&with_weights(&file_of(&header(first, second), data)), &["has a damaged header", problem]);
    }
    let huge = r#"{"a": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}}"#;
    has(&with_weights(&file_of(huge, 0)), &["overflow"]);
}

#[test]
fn parts_must_be_complete() {
    let folder = Folder::llama();
    folder.put_json("config.json", &folder.config);
    let names: Vec<&str> = folder.tensors.keys().map(String::as_str).collect();
    let error = || {
        import(&Files::from_folder(folder.dir.path()).unwrap(), Weights::F32)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    has(&error(), &["model.safetensors is missing: there are no weights"]);
    folder.put("pytorch_model.bin", "");
    has(&error(), &["pytorch_model.bin is a pickle, which is not read"]);
    folder.shard("model-00001-of-00003.safetensors", &names[..4]);
    has(&error(), &["model-00002-of-00003.safetensors is missing"]);
    folder.shard("model-00002-of-00003.safetensors", &names[4..]);
    folder.shard("model-00003-of-00003.safetensors", &names[4..5]);
    has(&error(), &["is there twice", names[4]]);

    let index = |map: Json| folder.put_json("model.safetensors.index.json", &json!({"weight_map": map}));
    index(json!({"a": "absent.safetensors"}));
    has(&error(), &["absent.safetensors is missing: it has a part of the weights"]);
    index(json!({"a": "model-00001-of-00003.safetensors"}));
    has(
        &error(),
        &[
            "model-00001-of-00003.safetensors: tensor \"a\" is missing, but model.safetensors.index.json names it",
        ],
    );
    index(
        json!({names[0]: "model-00001-of-00003.safetensors", names[5]: "model-00001-of-00003.safetensors"}),
    );
    has(&error(), &[names[5], "is missing, but"]);
    let (one, two) = ("model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors");
    index(json!({names[0]: one, names[4]: two, names[5]: one}));
    has(&error(), &[one, names[5], "is missing, but"]);
    index(json!({"a": 3}));
    has(&error(), &["model.safetensors.index.json (weight_map) has \"a\" = 3, which is not a text"]);
    folder.put_json("model.safetensors.index.json", &json!({}));
    has(&error(), &["has no \"weight_map\""]);
}

#[test]
fn what_changes_under_the_import_is_an_error() {
    let folder = Folder::llama();
    let import = Import::model(&folder.write(), &ImportOptions::default()).unwrap();
    folder.put("model.safetensors", "short");
    let error = import.write(Vec::new(), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(&error, ImportError::Read { file, .. } if file == "model.safetensors"), "{error}");
    fs::remove_file(folder.path("model.safetensors")).unwrap();
    assert!(import.write(Vec::new(), &mut |_, _| ControlFlow::Continue(())).is_err());
}

#[test]
fn a_folder_in_place_of_a_file_is_an_error() {
    let folder = Folder::llama();
    folder.write();
    let files = Files::new([
        ("config.json".to_owned(), folder.path("config.json")),
        ("tokenizer.json".to_owned(), folder.path("tokenizer.json")),
        ("model.safetensors".to_owned(), folder.dir.path().to_owned()),
    ]);
    has(
        &import(&files, Weights::F32).unwrap_err().to_string(),
        &["cannot read model.safetensors", "not a file"],
    );
}
