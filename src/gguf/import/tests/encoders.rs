//! The same for models that make embeddings.

use super::*;

const BERT: &[(&str, &[usize])] = &[
    ("embeddings.word_embeddings.weight", &[6, 8]),
    ("embeddings.position_embeddings.weight", &[10, 8]),
    ("embeddings.token_type_embeddings.weight", &[2, 8]),
    ("embeddings.LayerNorm.weight", &[8]),
    ("embeddings.LayerNorm.bias", &[8]),
    ("encoder.layer.0.attention.self.query.weight", &[8, 8]),
    ("encoder.layer.0.attention.self.query.bias", &[8]),
    ("encoder.layer.0.attention.self.key.weight", &[8, 8]),
    ("encoder.layer.0.attention.self.key.bias", &[8]),
    ("encoder.layer.0.attention.self.value.weight", &[8, 8]),
    ("encoder.layer.0.attention.self.value.bias", &[8]),
    ("encoder.layer.0.attention.output.dense.weight", &[8, 8]),
    ("encoder.layer.0.attention.output.dense.bias", &[8]),
    ("encoder.layer.0.attention.output.LayerNorm.weight", &[8]),
    ("encoder.layer.0.attention.output.LayerNorm.bias", &[8]),
    ("encoder.layer.0.intermediate.dense.weight", &[6, 8]),
    ("encoder.layer.0.intermediate.dense.bias", &[6]),
    ("encoder.layer.0.output.dense.weight", &[8, 6]),
    ("encoder.layer.0.output.dense.bias", &[8]),
    ("encoder.layer.0.output.LayerNorm.weight", &[8]),
    ("encoder.layer.0.output.LayerNorm.bias", &[8]),
    ("pooler.dense.weight", &[8, 8]),
    ("embeddings.position_ids", &[1, 10]),
];

fn bert(architecture: &str) -> Folder {
    let config = json!({
        "architectures": [architecture], "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": 10, "layer_norm_eps": 1e-12, "type_vocab_size": 2,
        "hidden_act": "gelu", "pad_token_id": 1,
    });
    Folder::new(config, BERT)
}

#[test]
fn bert_is_an_encoder() {
    let written = bert("BertModel").import().unwrap();
    let expected: [(&str, &[u64]); 21] = [
        ("token_embd.weight", &[8, 6]),
        ("position_embd.weight", &[8, 10]),
        ("token_types.weight", &[8, 2]),
        ("token_embd_norm.weight", &[8]),
        ("token_embd_norm.bias", &[8]),
        ("blk.0.attn_q.weight", &[8, 8]),
        ("blk.0.attn_q.bias", &[8]),
        ("blk.0.attn_k.weight", &[8, 8]),
        ("blk.0.attn_k.bias", &[8]),
        ("blk.0.attn_v.weight", &[8, 8]),
        ("blk.0.attn_v.bias", &[8]),
        ("blk.0.attn_output.weight", &[8, 8]),
        ("blk.0.attn_output.bias", &[8]),
        ("blk.0.attn_output_norm.weight", &[8]),
        ("blk.0.attn_output_norm.bias", &[8]),
        ("blk.0.ffn_up.weight", &[8, 6]),
        ("blk.0.ffn_up.bias", &[6]),
        ("blk.0.ffn_down.weight", &[6, 8]),
        ("blk.0.ffn_down.bias", &[8]),
        ("blk.0.layer_output_norm.weight", &[8]),
        ("blk.0.layer_output_norm.bias", &[8]),
    ];
    assert_eq!(written.shapes(), expected);
    assert_eq!(written.file.bool("bert.attention.causal"), Some(false));
    assert_eq!(written.file.u64("bert.context_length"), Some(10));
    assert_eq!(number(&written, "bert.attention.layer_norm_epsilon"), Some(1e-12));
    assert_eq!(written.file.u64("tokenizer.ggml.token_type_count"), Some(2));
    assert_eq!(written.get("bert.pooling_type"), None);
    // These two are added to vectors.
    let half = import(&bert("BertModel").write(), Weights::F16).unwrap();
    assert_eq!(half.data("position_embd.weight").0, TensorType::F32);
    assert_eq!(half.data("token_types.weight").0, TensorType::F32);
    assert_eq!(half.data("token_embd.weight").0, TensorType::F16);
}

#[test]
fn names_of_bert_vary() {
    let mut folder = bert("BertForMaskedLM");
    folder.tensors = std::mem::take(&mut folder.tensors)
        .into_iter()
        .map(|(name, tensor)| {
            let name = name
                .replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta");
            (format!("bert.{name}"), tensor)
        })
        .collect();
    folder = folder.tensor("cls.predictions.bias", &[6]);
    assert_eq!(folder.import().unwrap().shapes(), bert("BertModel").import().unwrap().shapes());
    let error = bert("BertModel").with(json!({"position_embedding_type": "relative_key"})).error();
    assert!(error.contains("only absolute positions"), "{error}");
}

#[test]
fn roberta_never_uses_its_first_positions() {
    for architecture in ["RobertaModel", "XLMRobertaModel"] {
        let written = bert(architecture).import().unwrap();
        assert_eq!(written.file.u64("bert.context_length"), Some(8));
        assert_eq!(written.values("position_embd.weight"), numbers(80)[16..]);
    }
    let error = bert("RobertaModel").with(json!({"pad_token_id": 9})).error();
    assert!(error.contains("the first 10 are never used"), "{error}");
}

#[test]
fn distilbert_has_other_names() {
    let renames = [
        ("encoder.layer.", "transformer.layer."),
        ("attention.self.query", "attention.q_lin"),
        ("attention.self.key", "attention.k_lin"),
        ("attention.self.value", "attention.v_lin"),
        ("attention.output.dense", "attention.out_lin"),
        ("attention.output.LayerNorm", "sa_layer_norm"),
        ("intermediate.dense", "ffn.lin1"),
        (".output.dense", ".ffn.lin2"),
        (".output.LayerNorm", ".output_layer_norm"),
    ];
    let config = json!({
        "architectures": ["DistilBertForMaskedLM"], "dim": 8, "hidden_dim": 6, "n_layers": 1, "n_heads": 2,
        "max_position_embeddings": 10, "activation": "gelu",
    });
    let mut folder = Folder::new(config, &[]).tensor("vocab_layer_norm.weight", &[8]);
    for (name, shape) in
        BERT.iter().filter(|(name, _)| !name.contains("token_type") && !name.contains("pooler"))
    {
        let name = renames.iter().fold((*name).to_owned(), |name, (from, to)| name.replace(from, to));
        folder = folder.tensor(&format!("distilbert.{name}"), shape);
    }
    let written = folder.import().unwrap();
    let bert = bert("BertModel").import().unwrap();
    let expected: Vec<_> =
        bert.shapes().into_iter().filter(|(name, _)| *name != "token_types.weight").collect();
    assert_eq!(written.shapes(), expected);
    assert_eq!(written.file.u64("tokenizer.ggml.token_type_count"), Some(1));
}

fn nomic() -> Folder {
    let config = json!({
        "architectures": ["NomicBertModel"], "n_embd": 8, "n_head": 2, "n_inner": 6, "n_layer": 1, "n_positions": 8192,
        "layer_norm_epsilon": 1e-12, "rotary_emb_base": 1000, "activation_function": "swiglu", "qkv_proj_bias": false,
    });
    let tensors: [(&str, &[usize]); 13] = [
        ("embeddings.word_embeddings.weight", &[6, 8]),
        ("embeddings.token_type_embeddings.weight", &[2, 8]),
        ("emb_ln.weight", &[8]),
        ("emb_ln.bias", &[8]),
        ("encoder.layers.0.attn.Wqkv.weight", &[24, 8]),
        ("encoder.layers.0.attn.out_proj.weight", &[8, 8]),
        ("encoder.layers.0.norm1.weight", &[8]),
        ("encoder.layers.0.norm1.bias", &[8]),
        ("encoder.layers.0.mlp.fc11.weight", &[6, 8]),
        ("encoder.layers.0.mlp.fc12.weight", &[6, 8]),
        ("encoder.layers.0.mlp.fc2.weight", &[8, 6]),
        ("encoder.layers.0.norm2.weight", &[8]),
        ("encoder.layers.0.norm2.bias", &[8]),
    ];
    Folder::new(config, &tensors)
}

#[test]
fn nomic_rotates() {
    let written = nomic().import().unwrap();
    assert_eq!(written.file.architecture(), "nomic-bert");
    assert_eq!(written.file.architecture_u64("context_length"), Some(2048), "that it was trained with");
    assert_eq!(number(&written, "nomic-bert.rope.freq_base"), Some(1000.0));
    assert!(written.shapes().contains(&("blk.0.attn_qkv.weight", &[8, 24])));
    let error = nomic().with(json!({"moe_every_n_layers": 2})).error();
    assert!(error.contains("experts"), "{error}");
    let error = nomic().with(json!({"qkv_proj_bias": true})).error();
    assert!(error.contains("nomic-bert has not"), "{error}");
}
