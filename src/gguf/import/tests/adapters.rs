//! LoRA adapters.

use super::*;

/// Tensors by name.
type Shapes<'a> = [(&'a str, &'a [usize])];

/// A base model: a llama of two heads of queries and one of keys.
fn base() -> GgufFile {
    Folder::llama().import().unwrap().file
}

fn adapter(config: Json, tensors: &Shapes<'_>) -> Folder {
    Folder::new(config, tensors)
}

fn settings() -> Json {
    json!({"peft_type": "LORA", "r": 2, "lora_alpha": 6, "bias": "none", "alpha_pattern": {}, "rank_pattern": {}})
}

const TENSORS: &Shapes<'_> = &[
    ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", &[2, 8]),
    ("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", &[8, 2]),
    ("base_model.model.model.layers.0.self_attn.k_proj.lora_A.default.weight", &[2, 8]),
    ("base_model.model.model.layers.0.self_attn.k_proj.lora_B.default.weight", &[4, 2]),
    ("base_model.model.model.layers.0.mlp.down_proj.lora_A.weight", &[3, 6]),
    ("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight", &[8, 3]),
    ("base_model.model.model.embed_tokens.lora_embedding_A", &[2, 6]),
    ("base_model.model.model.embed_tokens.lora_embedding_B", &[8, 2]),
    ("base_model.model.lm_head.lora_A.weight", &[2, 8]),
    ("base_model.model.lm_head.lora_B.weight", &[6, 2]),
];

fn import_on(base: &GgufFile, folder: &Folder) -> Result<Written, ImportError> {
    let names: Vec<&str> = folder.tensors.keys().map(String::as_str).collect();
    folder.shard("adapter_model.safetensors", &names);
    folder.put_json("adapter_config.json", &folder.config);
    let files = Files::from_folder(folder.dir.path()).unwrap();
    let options = ImportOptions { weights: Weights::F32, name: None };
    let import = Import::adapter(&files, base, &options)?;
    let mut bytes = Vec::new();
    import.write(&mut bytes, &mut |_, _| ControlFlow::Continue(()))?;
    let file = GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap();
    Ok(Written { file, bytes })
}

fn import_adapter(folder: &Folder) -> Result<Written, ImportError> {
    import_on(&base(), folder)
}

#[test]
fn an_adapter_is_made_for_its_base() {
    let written = import_adapter(&adapter(settings(), TENSORS)).unwrap();
    assert_eq!(written.file.str("general.type"), Some("adapter"));
    assert_eq!(written.file.str("general.architecture"), Some("llama"));
    assert_eq!(written.file.str("adapter.type"), Some("lora"));
    assert_eq!(written.get("adapter.lora.alpha"), Some(Value::F32(6.0)));
    let mut shapes = written.shapes();
    shapes.sort_unstable();
    let expected: [(&str, &[u64]); 10] = [
        ("blk.0.attn_k.weight.lora_a", &[8, 2]),
        ("blk.0.attn_k.weight.lora_b", &[2, 4]),
        ("blk.0.attn_q.weight.lora_a", &[8, 2]),
        ("blk.0.attn_q.weight.lora_b", &[2, 8]),
        ("blk.0.ffn_down.weight.lora_a", &[6, 3]),
        ("blk.0.ffn_down.weight.lora_b", &[3, 8]),
        ("output.weight.lora_a", &[8, 2]),
        ("output.weight.lora_b", &[2, 6]),
        ("token_embd.weight.lora_a", &[2, 6]),
        ("token_embd.weight.lora_b", &[2, 8]),
    ];
    assert_eq!(shapes, expected);
    // The second factor has the rows of the weight, and so its order.
    let rows =
        |name: &str| written.values(name).iter().step_by(2).map(|x| *x as usize / 2).collect::<Vec<_>>();
    assert_eq!(rows("blk.0.attn_q.weight.lora_b"), [0, 2, 1, 3, 4, 6, 5, 7]);
    assert_eq!(rows("blk.0.attn_k.weight.lora_b"), [0, 2, 1, 3]);
    assert_eq!(written.values("blk.0.attn_q.weight.lora_a"), numbers(16));
    // The embedding is looked up by rows.
    let transposed: Vec<f32> = (0..6).flat_map(|token| [token as f32, token as f32 + 6.0]).collect();
    assert_eq!(written.values("token_embd.weight.lora_a"), transposed);
}

#[test]
fn rank_stabilised_adapters_have_another_scale() {
    let folder = |r: Json| adapter(settings(), TENSORS).with(json!({"use_rslora": true, "r": r}));
    let Some(Value::F32(alpha)) = import_adapter(&folder(json!(4))).unwrap().get("adapter.lora.alpha") else {
        panic!()
    };
    assert_eq!(alpha, 12.0, "6 / sqrt(4) = 12 / 4");
    assert!(import_adapter(&folder(json!(null))).is_err());
}

#[test]
fn other_adapters_are_refused() {
    let error = |config: Json, tensors: &Shapes<'_>| {
        import_adapter(&adapter(settings(), tensors).with(config)).map(|_| ()).unwrap_err().to_string()
    };
    for (config, problem) in [
        (json!({"peft_type": "LOHA"}), "only LORA is imported"),
        (json!({"use_dora": true}), "\"use_dora\" = true, which llama.cpp does not know"),
        (json!({"alpha_pattern": {"q_proj": 3}}), "one alpha for all"),
        (json!({"use_rslora": true, "rank_pattern": {"q_proj": 3}}), "rank_pattern"),
        (json!({"lora_alpha": null}), "has no \"lora_alpha\""),
    ] {
        let error = error(config, TENSORS);
        assert!(error.contains(problem) && error.contains("adapter_config.json"), "{error}");
    }
    let q = "base_model.model.model.layers.0.self_attn.q_proj";
    let (a, b) = (format!("{q}.lora_A.weight"), format!("{q}.lora_B.weight"));
    let (a, b) = (a.as_str(), b.as_str());
    let other = "base_model.model.model.layers.7.mlp.up_proj";
    let norm = "base_model.model.model.layers.0.input_layernorm";
    let cases: [(&Shapes<'_>, &str); 9] = [
        (&[(a, &[2, 8])], "has no partner"),
        (&[(b, &[8, 2])], "has no partner"),
        (&[(a, &[2, 9]), (b, &[8, 2])], "which do not adapt a matrix of 8 by 8"),
        (&[(a, &[2, 8]), (b, &[8, 3])], "which do not adapt a matrix"),
        (&[(a, &[16]), (b, &[8, 2])], "which do not adapt a matrix"),
        (&[(a, &[2, 8]), (b, &[9, 2])], "has 9 rows, which are not the heads"),
        (&[("base_model.model.lm_head.weight", &[6, 8])], "is no part of a LoRA"),
        (
            &[(&format!("{other}.lora_A.weight"), &[2, 8]), (&format!("{other}.lora_B.weight"), &[6, 2])],
            "is it another model?",
        ),
        (
            &[(&format!("{norm}.lora_A.weight"), &[2, 8]), (&format!("{norm}.lora_B.weight"), &[8, 2])],
            "which is no matrix",
        ),
    ];
    for (tensors, problem) in cases {
        let error = error(json!({}), tensors);
        assert!(error.contains(problem), "{error}");
    }
    let odd = "base_model.model.model.layers.0.odd";
    let error = error(
        json!({}),
        &[(&format!("{odd}.lora_A.weight"), &[2, 8]), (&format!("{odd}.lora_B.weight"), &[8, 2])],
    );
    assert!(error.contains("adapts model.layers.0.odd.weight, which llama.cpp's llama has not"), "{error}");
}

#[test]
fn embeddings_that_are_the_output_too_cannot_be_adapted() {
    let tied = Folder::llama().with(json!({"tie_word_embeddings": true})).import().unwrap().file;
    let embedding = adapter(settings(), &TENSORS[6..8]);
    let error = import_on(&tied, &embedding).unwrap_err().to_string();
    assert!(error.contains("also uses for its output"), "{error}");
    assert!(import_on(&tied, &adapter(settings(), &TENSORS[..6])).is_ok());
}

#[test]
fn files_must_be_there_and_the_base_known() {
    let folder = adapter(settings(), TENSORS);
    let import = |files: &Files, base: &GgufFile| {
        Import::adapter(files, base, &ImportOptions::default()).unwrap_err().to_string()
    };
    let files = Files::from_folder(folder.dir.path()).unwrap();
    assert!(import(&files, &base()).contains("adapter_config.json is missing"));
    folder.put_json("adapter_config.json", &folder.config);
    let files = Files::from_folder(folder.dir.path()).unwrap();
    assert!(import(&files, &base()).contains("adapter_model.safetensors is missing"));
    assert_eq!(import(&Files::default(), &base()), "no files provided to convert");

    let mut other = base();
    let (_, architecture) = other.metadata.iter_mut().find(|(key, _)| key == "general.architecture").unwrap();
    *architecture = "gpt2".into();
    let error = import_on(&other, &folder).unwrap_err().to_string();
    assert!(error.starts_with("unsupported architecture \"gpt2\""), "{error}");
    assert!(error.contains("adapters for llama, qwen2"), "{error}");
}
