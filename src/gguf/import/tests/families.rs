//! What the tensors and sizes of every kind of model are called.

use super::*;

/// Replaces tensors of the usual language model.
fn variant(architecture: &str, removed: &[&str], added: &[(&str, &[usize])]) -> Folder {
    let kept =
        LLAMA.iter().filter(|(name, _)| !removed.contains(name)).chain(added).copied().collect::<Vec<_>>();
    Folder::new(config(architecture), &kept)
}

/// Tensors of a layer of a language model with separate weights, in their order.
const LAYER: [(&str, &[u64]); 9] = [
    ("blk.0.attn_norm.weight", &[8]),
    ("blk.0.ffn_norm.weight", &[8]),
    ("blk.0.attn_q.weight", &[8, 8]),
    ("blk.0.attn_k.weight", &[8, 4]),
    ("blk.0.attn_v.weight", &[8, 4]),
    ("blk.0.attn_output.weight", &[8, 8]),
    ("blk.0.ffn_gate.weight", &[8, 6]),
    ("blk.0.ffn_up.weight", &[8, 6]),
    ("blk.0.ffn_down.weight", &[6, 8]),
];

#[test]
fn llama() {
    for architecture in ["LlamaForCausalLM", "MistralForCausalLM"] {
        let written = Folder::new(config(architecture), LLAMA).import().unwrap();
        let whole: [(&str, &[u64]); 3] =
            [("token_embd.weight", &[8, 6]), ("output_norm.weight", &[8]), ("output.weight", &[8, 6])];
        assert_eq!(written.shapes(), whole.into_iter().chain(LAYER).collect::<Vec<_>>());
        for (key, size) in [
            ("block_count", 1),
            ("context_length", 32),
            ("embedding_length", 8),
            ("feed_forward_length", 6),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1),
            ("attention.key_length", 4),
            ("rope.dimension_count", 4),
            ("vocab_size", 6),
        ] {
            assert_eq!(written.get(&format!("llama.{key}")), Some(Value::U32(size)), "{key}");
        }
        assert_eq!(number(&written, "llama.attention.layer_norm_rms_epsilon"), Some(1e-5));
        assert_eq!(number(&written, "llama.rope.freq_base"), Some(5000.0));
        assert_eq!(written.get("llama.rope.scaling.type"), None);
        assert_eq!(written.file.str("general.name"), Some("test"));
    }
}

#[test]
fn biases_and_heads_of_their_own_width() {
    let folder = variant(
        "LlamaForCausalLM",
        &[],
        &[
            ("model.layers.0.self_attn.q_proj.weight", &[12, 8]),
            ("model.layers.0.self_attn.k_proj.weight", &[6, 8]),
            ("model.layers.0.self_attn.v_proj.weight", &[6, 8]),
            ("model.layers.0.self_attn.o_proj.weight", &[8, 12]),
            ("model.layers.0.self_attn.o_proj.bias", &[8]),
            ("model.layers.0.mlp.down_proj.bias", &[8]),
            ("model.layers.0.self_attn.rotary_emb.inv_freq", &[3]),
        ],
    );
    let written = folder.with(json!({"head_dim": 6})).import().unwrap();
    assert_eq!(written.file.architecture_u64("attention.value_length"), Some(6));
    let names = written.names();
    assert!(names.contains(&"blk.0.attn_output.bias") && names.contains(&"blk.0.ffn_down.bias"), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("inv_freq")), "it is computed");
}

#[test]
fn an_output_may_be_the_embeddings() {
    let has_output =
        |folder: Folder| folder.import().map(|written| written.names().contains(&"output.weight"));
    let tied = |tied: Json| Folder::llama().with(json!({"tie_word_embeddings": tied}));
    assert!(has_output(tied(json!(false))).unwrap());
    assert!(!has_output(tied(json!(true))).unwrap(), "written twice by some");
    assert!(!has_output(tied(json!(true)).without("lm_head.weight")).unwrap());
    assert!(has_output(tied(json!(null))).unwrap());
    assert!(!has_output(tied(json!(null)).without("lm_head.weight")).unwrap());
    assert!(
        has_output(tied(json!(false)).without("lm_head.weight")).unwrap_err().to_string().contains("lm_head")
    );
}

#[test]
fn old_configurations_leave_out_what_was_usual() {
    let usual = json!({
        "num_key_value_heads": null, "rms_norm_eps": null, "max_position_embeddings": null, "rope_theta": null,
        "tie_word_embeddings": null,
    });
    let written = Folder::llama()
        .with(usual)
        .tensor("model.layers.0.self_attn.k_proj.weight", &[8, 8])
        .tensor("model.layers.0.self_attn.v_proj.weight", &[8, 8])
        .import()
        .unwrap();
    assert_eq!(written.file.architecture_u64("attention.head_count_kv"), Some(2));
    assert_eq!(written.file.architecture_u64("context_length"), Some(2048));
    assert_eq!(number(&written, "llama.attention.layer_norm_rms_epsilon"), Some(1e-6));
    assert_eq!(written.get("llama.rope.freq_base"), None, "llama.cpp has the usual one");
}

#[test]
fn rope_scaling_of_llama_3_becomes_factors() {
    // What transformers computes for this model, as the quotient of its frequencies.
    let expected = [1.0, 1.0, 1.0, 1.898_843, 8.0, 8.0, 8.0, 8.0];
    let scaling = json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 2048,
    });
    let mut folder =
        Folder::llama().with(json!({"head_dim": 16, "rope_theta": 500_000.0, "rope_scaling": scaling}));
    for (name, rows, columns) in [("q_proj", 32, 8), ("k_proj", 16, 8), ("v_proj", 16, 8), ("o_proj", 8, 32)]
    {
        folder = folder.tensor(&format!("model.layers.0.self_attn.{name}.weight"), &[rows, columns]);
    }
    let written = folder.import().unwrap();
    let factors = written.values("rope_freqs.weight");
    assert_eq!(factors.len(), expected.len());
    for (factor, expected) in factors.iter().zip(expected) {
        assert!((factor - expected).abs() < 1e-5, "{factors:?}");
    }
    assert_eq!(written.get("llama.rope.scaling.type"), None);
}

#[test]
fn other_rope_scalings_are_metadata() {
    let scaled = |scaling: Json| Folder::llama().with(json!({"rope_scaling": scaling})).import().unwrap();
    let linear = scaled(json!({"type": "linear", "factor": 4}));
    assert_eq!(linear.file.str("llama.rope.scaling.type"), Some("linear"));
    assert_eq!(number(&linear, "llama.rope.scaling.factor"), Some(4.0));

    let yarn = scaled(json!({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}));
    assert_eq!(yarn.file.str("llama.rope.scaling.type"), Some("yarn"));
    assert_eq!(yarn.file.u64("llama.rope.scaling.original_context_length"), Some(16));
    assert_eq!(yarn.get("llama.rope.scaling.attn_factor"), None, "llama.cpp has the usual one");
    let own = scaled(json!({"type": "yarn", "factor": 4.0, "attention_factor": 2.0}));
    assert_eq!(own.file.u64("llama.rope.scaling.original_context_length"), Some(32), "that of the model");
    let factor = number(&own, "llama.rope.scaling.attn_factor").unwrap() * (0.1 * 4_f32.ln() + 1.0);
    assert!((factor - 2.0).abs() < 1e-6, "{factor}");

    let dynamic = scaled(json!({"type": "dynamic", "factor": 2.0}));
    assert_eq!(dynamic.get("llama.rope.scaling.type"), None);
    let new = Folder::llama()
        .with(json!({"rope_theta": null, "rope_parameters": {"rope_type": "default", "rope_theta": 7.0}}));
    assert_eq!(number(&new.import().unwrap(), "llama.rope.freq_base"), Some(7.0));

    for (scaling, problem) in [
        (json!({"type": "cubic"}), "only linear, dynamic, yarn, llama3 and longrope"),
        (json!({"type": "linear"}), "has no \"factor\""),
        (json!({"type": "linear", "factor": 0}), "not a number above 0"),
        (json!({"type": "yarn", "factor": 2, "beta_fast": 16}), "llama.cpp computes with 32"),
        (json!({"type": "yarn", "factor": 2, "truncate": false}), "rounds"),
        (json!({"type": "llama3", "low_freq_factor": 4.0}), "below high_freq_factor"),
        (json!({"type": "longrope"}), "Phi-3 only"),
        (json!({"type": 3}), "not a text"),
        (json!([1]), "not an object"),
    ] {
        let error = Folder::llama().with(json!({"rope_scaling": scaling})).error();
        assert!(error.contains(problem) && error.contains("config.json"), "{error}");
    }
    let partial = Folder::llama().with(json!({"partial_rotary_factor": 0.5})).error();
    assert!(partial.contains("rotates whole heads"), "{partial}");
}

#[test]
fn qwen_2_and_3() {
    let biases: [(&str, &[usize]); 3] = [
        ("model.layers.0.self_attn.q_proj.bias", &[8]),
        ("model.layers.0.self_attn.k_proj.bias", &[4]),
        ("model.layers.0.self_attn.v_proj.bias", &[4]),
    ];
    let two = variant("Qwen2ForCausalLM", &[], &biases).import().unwrap();
    assert_eq!(two.file.architecture(), "qwen2");
    assert!(two.names().contains(&"blk.0.attn_k.bias"));
    assert_eq!(two.values("blk.0.attn_q.bias"), numbers(8), "not reordered");

    let norms: [(&str, &[usize]); 2] =
        [("model.layers.0.self_attn.q_norm.weight", &[4]), ("model.layers.0.self_attn.k_norm.weight", &[4])];
    let three = variant("Qwen3ForCausalLM", &[], &norms).import().unwrap();
    assert_eq!(three.file.architecture(), "qwen3");
    assert_eq!(three.data("blk.0.attn_q_norm.weight").0, TensorType::F32);
    assert_eq!(three.names().len(), LLAMA.len() + 2);

    let error = variant("Qwen2ForCausalLM", &[], &[]).with(json!({"head_dim": 6})).error();
    assert!(error.contains("as wide as the hidden state"), "{error}");
}

#[test]
fn embedding_models_have_no_prefix_but_pooling() {
    let mut folder = Folder::new(config("Qwen3Model"), &[]);
    for (name, shape) in LLAMA.iter().filter(|(name, _)| *name != "lm_head.weight") {
        folder = folder.tensor(name.strip_prefix("model.").unwrap(), shape);
    }
    folder =
        folder.with(json!({"tie_word_embeddings": true})).tensor("layers.0.self_attn.q_norm.weight", &[4]);
    folder = folder.tensor("layers.0.self_attn.k_norm.weight", &[4]);
    folder.put_json(
        "modules.json",
        &json!([{"type": "a.Transformer"}, {"path": "1_Pooling", "type": "a.Pooling"}]),
    );
    folder.put_json(
        "1_Pooling/config.json",
        &json!({"pooling_mode_mean_tokens": false, "pooling_mode_lasttoken": true}),
    );
    assert_eq!(folder.import().unwrap().get("qwen3.pooling_type"), Some(Value::U32(3)));

    folder.put_json("1_Pooling/config.json", &json!({"pooling_mode": "mean"}));
    assert_eq!(folder.import().unwrap().get("qwen3.pooling_type"), Some(Value::U32(1)));
    folder.put_json("1_Pooling/config.json", &json!({"pooling_mode_max_tokens": true}));
    assert!(folder.error().contains("1_Pooling/config.json pools otherwise"), "{}", folder.error());
    fs::remove_file(folder.path("1_Pooling/config.json")).unwrap();
    assert!(folder.error().contains("1_Pooling/config.json is missing"), "{}", folder.error());
    folder.put_json("modules.json", &json!([{"path": "2_Dense", "type": "a.Dense"}]));
    assert!(folder.error().contains("has a Dense layer"), "{}", folder.error());
    folder.put("modules.json", "[3]");
    assert!(folder.error().contains("modules.json is no list of modules"), "{}", folder.error());
}

const GEMMA_NORMS: [(&str, &[usize]); 2] = [
    ("model.layers.0.pre_feedforward_layernorm.weight", &[8]),
    ("model.layers.0.post_feedforward_layernorm.weight", &[8]),
];

fn gemma2() -> Folder {
    variant("Gemma2ForCausalLM", &["lm_head.weight"], &GEMMA_NORMS).with(json!({
        "hidden_activation": "gelu_pytorch_tanh", "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
        "sliding_window": 16, "query_pre_attn_scalar": 4, "head_dim": 4, "tie_word_embeddings": null,
    }))
}

#[test]
fn norms_of_gemma_have_one_added() {
    let written = gemma2().import().unwrap();
    assert_eq!(written.file.architecture(), "gemma2");
    let plus_one: Vec<f32> = numbers(8).iter().map(|x| x + 1.0).collect();
    for name in [
        "output_norm",
        "blk.0.attn_norm",
        "blk.0.post_attention_norm",
        "blk.0.ffn_norm",
        "blk.0.post_ffw_norm",
    ] {
        assert_eq!(written.values(&format!("{name}.weight")), plus_one, "{name}");
    }
    assert_eq!(written.values("token_embd.weight"), numbers(48));
    assert_eq!(number(&written, "gemma2.attn_logit_softcapping"), Some(50.0));
    assert_eq!(number(&written, "gemma2.final_logit_softcapping"), Some(30.0));
    assert_eq!(written.file.u64("gemma2.attention.sliding_window"), Some(16));
    assert_eq!(written.get("gemma2.attention.sliding_window_pattern"), None, "it is the usual one");

    let error = gemma2().with(json!({"attn_logit_softcapping": null})).error();
    assert!(error.contains("has no \"attn_logit_softcapping\""), "{error}");
    let error = gemma2().with(json!({"query_pre_attn_scalar": 8})).error();
    assert!(error.contains("llama.cpp computes this model with 4"), "{error}");
    let error = gemma2().with(json!({"hidden_activation": "relu"})).error();
    assert!(error.contains("gelu_pytorch_tanh"), "{error}");
}

fn gemma3() -> Folder {
    let norms: [(&str, &[usize]); 4] = [
        GEMMA_NORMS[0],
        GEMMA_NORMS[1],
        ("model.layers.0.self_attn.q_norm.weight", &[4]),
        ("model.layers.0.self_attn.k_norm.weight", &[4]),
    ];
    variant("Gemma3ForCausalLM", &["lm_head.weight"], &norms).with(json!({
        "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 16, "query_pre_attn_scalar": 4, "head_dim": 4,
        "rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0, "tie_word_embeddings": null,
    }))
}

#[test]
fn gemma_3_has_two_kinds_of_layers() {
    let written = gemma3().import().unwrap();
    assert_eq!(written.file.architecture(), "gemma3");
    assert_eq!(written.values("blk.0.attn_k_norm.weight"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(number(&written, "gemma3.rope.freq_base"), Some(1e6));
    assert_eq!(number(&written, "gemma3.rope.freq_base_swa"), Some(1e4));
    assert_eq!(written.file.u64("gemma3.attention.sliding_window"), Some(16));

    let full = gemma3().with(json!({"layer_types": ["full_attention"]})).import().unwrap();
    assert_eq!(full.get("gemma3.attention.sliding_window"), None);
    assert_eq!(full.get("gemma3.attention.sliding_window_pattern"), Some(vec![false].into()));
    let every = gemma3().with(json!({"sliding_window_pattern": 1})).import().unwrap();
    assert_eq!(every.get("gemma3.attention.sliding_window_pattern"), Some(vec![false].into()));
    let error = gemma3().with(json!({"layer_types": []})).error();
    assert!(error.contains("has 0 layers, not 1"), "{error}");

    let new = gemma3().with(json!({
        "rope_theta": null, "rope_local_base_freq": null,
        "rope_parameters": {
            "full_attention": {"rope_theta": 3e6, "rope_type": "linear", "factor": 8.0},
            "sliding_attention": {"rope_theta": 2e4, "rope_type": "default"},
        },
    }));
    let new = new.import().unwrap();
    assert_eq!(number(&new, "gemma3.rope.freq_base"), Some(3e6));
    assert_eq!(number(&new, "gemma3.rope.freq_base_swa"), Some(2e4));
    assert_eq!(number(&new, "gemma3.rope.scaling.factor"), Some(8.0));
}

#[test]
fn of_a_gemma_3_that_sees_the_text_is_imported() {
    for prefix in ["language_model.model.", "model.language_model."] {
        let text = gemma3();
        let mut config = text.config.clone();
        config.as_object_mut().unwrap().remove("architectures");
        // Where they are the defaults of Gemma 3, bases of rope are left out.
        for key in ["rope_theta", "rope_local_base_freq"] {
            config.as_object_mut().unwrap().remove(key);
        }
        let mut folder = Folder::new(
            json!({"architectures": ["Gemma3ForConditionalGeneration"], "text_config": config}),
            &[],
        );
        for (name, (_, shape)) in &text.tensors {
            folder = folder.tensor(&name.replacen("model.", prefix, 1), shape);
        }
        folder = folder.tensor("vision_tower.vision_model.embeddings.patch_embedding.weight", &[2, 2]);
        folder = folder.tensor("multi_modal_projector.mm_input_projection_weight", &[2, 2]);
        let (written, expected) = (folder.import().unwrap(), text.import().unwrap());
        assert_eq!(written.shapes(), expected.shapes());
        assert_eq!(number(&written, "gemma3.rope.freq_base"), Some(1e6));
        assert_eq!(number(&written, "gemma3.rope.freq_base_swa"), Some(1e4));
    }
}

fn phi3() -> Folder {
    let removed: Vec<&str> = LLAMA
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.contains("self_attn.") || name.contains("mlp."))
        .collect();
    let fused: [(&str, &[usize]); 4] = [
        ("model.layers.0.self_attn.qkv_proj.weight", &[16, 8]),
        ("model.layers.0.self_attn.o_proj.weight", &[8, 8]),
        ("model.layers.0.mlp.gate_up_proj.weight", &[12, 8]),
        ("model.layers.0.mlp.down_proj.weight", &[8, 6]),
    ];
    variant("Phi3ForCausalLM", &removed, &fused).with(json!({"original_max_position_embeddings": 16}))
}

#[test]
fn phi_3_is_fused() {
    let written = phi3().import().unwrap();
    assert_eq!(written.file.architecture(), "phi3");
    let layer: [(&str, &[u64]); 6] = [
        ("blk.0.attn_norm.weight", &[8]),
        ("blk.0.ffn_norm.weight", &[8]),
        ("blk.0.attn_qkv.weight", &[8, 16]),
        ("blk.0.attn_output.weight", &[8, 8]),
        ("blk.0.ffn_up.weight", &[8, 12]),
        ("blk.0.ffn_down.weight", &[6, 8]),
    ];
    assert_eq!(written.shapes()[3..], layer);
    assert_eq!(written.file.u64("phi3.rope.scaling.original_context_length"), Some(16));
    assert_eq!(written.file.u64("phi3.attention.sliding_window"), Some(0));
    assert_eq!(written.file.u64("phi3.rope.dimension_count"), Some(4));
}

#[test]
fn phi_3_may_have_factors() {
    let long = |long: Json, short: Json| {
        let scaling = json!({"type": "su", "long_factor": long, "short_factor": short});
        phi3().with(json!({
            "rope_scaling": scaling, "max_position_embeddings": 131_072, "original_max_position_embeddings": 4096,
        }))
    };
    let written = long(json!([1.5, 2]), json!([1, 1.25])).import().unwrap();
    assert_eq!(written.values("rope_factors_long.weight"), [1.5, 2.0]);
    assert_eq!(written.values("rope_factors_short.weight"), [1.0, 1.25]);
    // The well-known factor of Phi-3 with 128k.
    assert!((number(&written, "phi3.rope.scaling.attn_factor").unwrap() - 1.190_238).abs() < 1e-6);
    let half = long(json!([1.5]), json!([1])).with(json!({"partial_rotary_factor": 0.5})).import().unwrap();
    assert_eq!(half.file.u64("phi3.rope.dimension_count"), Some(2));

    for (folder, problem) in [
        (long(json!([1.5]), json!([1])), "1 long and 1 short factors for rope, but needs 2"),
        (long(json!([1.5, 2]), json!([1])), "2 long and 1 short"),
        (long(json!(null), json!(null)), "0 long"),
        (long(json!([1, "a"]), json!([1, 1])), "not a list of numbers"),
    ] {
        assert!(folder.error().contains(problem), "{}", folder.error());
    }
}

/// llama.cpp goes by the name of a model to see whether special tokens of Phi-3 strip.
#[test]
fn a_name_says_phi_3_where_it_must() {
    let mut json = tokenizer();
    let special = ["</s>", "<unk>", "<s>", "<|endoftext|>", "<|end|>"];
    let added = (1..)
        .zip(special)
        .map(|(id, token)| json!({"id": id, "content": token, "special": true, "rstrip": id == 5}));
    json["added_tokens"] = added.collect();
    json["model"]["vocab"] = json!({"a": 0});
    let name = |folder: &Folder, name: &str| {
        let options = ImportOptions { weights: Weights::F32, name: Some(name.to_owned()) };
        let written = write(&Import::model(&folder.write(), &options).unwrap()).unwrap();
        written.file.str("general.name").unwrap().to_owned()
    };
    let phi = phi3();
    phi.put_json("tokenizer.json", &json);
    assert_eq!(name(&phi, "mine"), "mine (Phi-3)");
    assert_eq!(name(&phi, ""), "Phi-3");
    assert_eq!(name(&phi, "my-Phi3"), "my-Phi3");
    let llama = Folder::llama();
    llama.put_json("tokenizer.json", &json);
    assert_eq!(name(&llama, "mine"), "mine");
    assert_eq!(name(&Folder::llama(), "PHI-3 phi3x"), "Phi 3 Phi 3x", "loading would fail");
    let named = Folder::llama().with(json!({"_name_or_path": "owner/Model-7B/"}));
    let import = Import::model(&named.write(), &ImportOptions::default()).unwrap();
    assert_eq!(write(&import).unwrap().file.str("general.name"), Some("Model-7B"));
}
