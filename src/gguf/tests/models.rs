//! Sound files with models that llama.cpp would not survive.

use super::*;

/// A llama model with one entry more, or another value for it.
fn with(key: &str, value: impl Into<Value>) -> GgufWriter {
    let file = GgufFile::read(bytes_of(llama()).as_slice(), u64::MAX).unwrap();
    let others = file.metadata().iter().filter(|(k, _)| k != key);
    let writer = others.fold(GgufWriter::new(), |writer, (k, v)| writer.metadata(k.as_str(), v.clone()));
    let tensors = file.tensors().iter();
    let writer = tensors.fold(writer, |w, t| w.tensor(t.name.as_str(), t.dims.clone(), t.tensor_type));
    writer.metadata(key, value)
}

#[track_caller]
fn fails_with(writer: GgufWriter, words: &str) {
    match read(&bytes_of(writer)) {
        Err(error @ GgufError::Model { .. }) => assert!(error.to_string().contains(words), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn passes(writer: GgufWriter) {
    read(&bytes_of(writer)).unwrap();
}

#[test]
fn a_model_needs_an_architecture() {
    fails_with(GgufWriter::new(), "general.architecture is missing");
    fails_with(with("general.architecture", ""), "general.architecture is missing");
    fails_with(with("general.architecture", 1_u32), "general.architecture is missing");
    fails_with(with("general.architecture", "llama\0"), "no name");
}

#[test]
fn further_parts_of_a_split_model_need_nothing_else() {
    let part = |no: u16| GgufWriter::new().metadata("split.no", no).tensor("t", [1], TensorType::F32);
    passes(part(1));
    fails_with(part(0), "general.architecture");
    fails_with(GgufWriter::new().metadata("split.no", 1_u32), "split.no is not a 16-bit");
}

#[test]
fn the_number_of_layers_is_limited() {
    fails_with(with("llama.block_count", 0_u32), "llama.block_count is 0, not 1 to 512");
    fails_with(with("llama.block_count", 513_u32), "is 513");
    passes(with("llama.block_count", 512_u32));
    passes(with("llama.nextn_predict_layers", 1_u32));
    fails_with(with("llama.nextn_predict_layers", 2_u32), "more than all 1 layers");
}

#[test]
fn experts_must_be_countable() {
    let experts =
        |count: u32, used: u32| with("llama.expert_count", count).metadata("llama.expert_used_count", used);
    passes(experts(8, 2));
    passes(experts(0, 0));
    fails_with(experts(1025, 2), "expert_count is 1025");
    fails_with(experts(8, 9), "expert_used_count is 9 of 8");
    fails_with(experts(8, 0), "expert_used_count is 0 of 8");
    fails_with(experts(0, 1), "expert_used_count is 1 of 0");
    let weights = llama().tensor("blk.0.ffn_up_exps.weight", [8, 8, 8], TensorType::F32);
    fails_with(weights, "there are weights of experts");

    let per_layer =
        |used: Vec<i32>| with("llama.expert_count", 8_u32).metadata("llama.expert_used_count", used);
    passes(per_layer(vec![0, 2]));
    fails_with(per_layer(vec![2, 9]), "is 9 of 8");
    fails_with(per_layer(vec![2, -1]), "not a number that can be counted to");

    let groups = |count: u32, used: u32| {
        experts(8, 2)
            .metadata("llama.expert_group_count", count)
            .metadata("llama.expert_group_used_count", used)
    };
    passes(groups(4, 2));
    passes(groups(1, 1));
    fails_with(groups(8, 2), "expert_group_count is 8 for 8");
    fails_with(groups(3, 2), "expert_group_count is 3 for 8");
    fails_with(groups(4, 0), "expert_group_used_count is 0 of 4");
    fails_with(groups(4, 4), "expert_group_used_count is 4 of 4");
    fails_with(with("llama.expert_group_count", 1_u32), "expert_group_count is 1 for 0");
}

#[test]
fn one_expert_is_none_where_llama_cpp_says_so() {
    let one = |architecture: &str| {
        GgufWriter::new()
            .metadata("general.architecture", architecture)
            .metadata(format!("{architecture}.expert_count"), 1_u32)
    };
    passes(one("hunyuan-dense"));
    fails_with(one("llama"), "expert_used_count is 0 of 1");
}

#[test]
fn heads_must_share_out_evenly() {
    const KV: &str = "llama.attention.head_count_kv";
    const HEADS: &str = "llama.attention.head_count";
    fails_with(with(KV, 3_u32), "is 3, which does not divide 4 heads");
    fails_with(with(KV, vec![2, 3]), "is 3, which does not divide 4 heads");
    passes(with(KV, vec![2, 0]));
    passes(with(KV, 0_u32));
    fails_with(with(HEADS, 0_u32), "there is attention");
    passes(
        GgufWriter::new()
            .metadata("general.architecture", "mamba")
            .metadata("mamba.attention.head_count", 0_u32),
    );
    fails_with(with(HEADS, 6_u32), "is 6, which does not divide the width 8");
    passes(with(HEADS, 6_u32).metadata("llama.attention.key_length", 2_u32));
}

#[test]
fn rope_must_be_known() {
    fails_with(with("llama.rope.dimension_count", 3_u32), "is 3, which is odd");
    fails_with(with("llama.rope.scaling.type", "su"), "is \"su\", an unknown method");
    fails_with(with("llama.rope.scaling.type", Text::from(vec![0xff])), "unknown method");
    passes(with("llama.rope.scaling.type", "yarn"));
}

#[test]
fn norms_need_an_epsilon_that_is_not_negative() {
    const KEY: &str = "llama.attention.layer_norm_rms_epsilon";
    passes(with(KEY, 1e-6_f32));
    passes(with(KEY, 0.0_f32));
    fails_with(with(KEY, -1e-6_f32), "layer_norm_rms_epsilon is -0.0000");
    fails_with(with(KEY, f32::NAN), "is NaN, not at least 0");
}

#[test]
fn tensors_must_suit_llama_cpp() {
    let one = |name: &str, tensor_type| llama().tensor(name, [256], tensor_type);
    passes(one("rope_freqs.weight", TensorType::F32));
    passes(one("blk.0.attn_k.weight", TensorType::Q6_K));
    passes(one("blk.0.ffn_gate_tid2eid.weight", TensorType::I32));
    passes(one("d2t", TensorType::I64));
    passes(one("v.blk.0.attn_q.bias", TensorType::F16));
    fails_with(one("rope_freqs.weight", TensorType::F16), "tensor \"rope_freqs.weight\" has type F16");
    fails_with(one("blk.0.ffn_up_exps.bias", TensorType::BF16), "has type BF16");
    fails_with(one("output_norm.weight", TensorType::Q8_0), "has type Q8_0");
    fails_with(one("blk.0.attn_k.weight", TensorType::I8), "has type I8");
    fails_with(one("t", TensorType::Q8_K), "has type Q8_K");
    fails_with(llama().metadata("general.alignment", 1_u32), "not at a multiple of 32");
}

#[test]
fn tokens_must_differ() {
    let tokens = |tokens: &[&str]| {
        GgufWriter::new().metadata("general.architecture", "llama").metadata("tokenizer.ggml.tokens", tokens)
    };
    passes(tokens(&["a", "b", ""]));
    fails_with(tokens(&["a", "b", "a"]), "has \"a\" twice");
    fails_with(tokens(&["a\0x", "a\0y"]), "has \"a\" twice");
    fails_with(tokens(&["[EMPTY_1]", ""]), "has \"[EMPTY_1]\" twice");
    fails_with(with("tokenizer.ggml.tokens", vec![1_u8]), "not an array of strings");
}

#[test]
fn every_token_needs_a_score_and_a_type() {
    fails_with(with("tokenizer.ggml.scores", vec![0.0_f32; 3]), "scores is not an array of 4");
    fails_with(with("tokenizer.ggml.token_type", vec![1; 3]), "token_type is not an array of 4");
    fails_with(with("tokenizer.ggml.token_type", 4_u32), "token_type is not an array of 4");
    passes(with("tokenizer.ggml.scores", vec![0.0_f32; 5]));
}

#[test]
fn tokens_around_a_prompt_must_exist() {
    passes(with("tokenizer.ggml.padding_token_id", u32::MAX));
    passes(with("tokenizer.ggml.bos_token_id", u32::MAX).metadata("tokenizer.ggml.add_bos_token", true));
    let gemma = |id: u32| {
        let writer = with("tokenizer.ggml.model", "gemma4").metadata("tokenizer.ggml.add_bos_token", true);
        writer.metadata("tokenizer.ggml.bos_token_id", id)
    };
    passes(gemma(3));
    fails_with(gemma(4), "bos_token_id names none of the 4 tokens");
    fails_with(with("tokenizer.ggml.model", "bert"), "bos_token_id names none");
    let bert = with("tokenizer.ggml.model", "bert").metadata("tokenizer.ggml.bos_token_id", 0_u32);
    fails_with(bert, "seperator_token_id names none");
}

#[test]
fn bert_has_no_tokens_for_bytes() {
    let with_type = |kind: i32| {
        let vocabulary = GgufWriter::new().metadata("tokenizer.ggml.tokens", ["a", "b"].as_slice());
        vocabulary
            .metadata("general.architecture", "bert")
            .metadata("tokenizer.ggml.model", "bert")
            .metadata("tokenizer.ggml.bos_token_id", 0_u32)
            .metadata("tokenizer.ggml.seperator_token_id", 1_u32)
            .metadata("tokenizer.ggml.token_type", vec![1, kind])
    };
    passes(with_type(3));
    fails_with(with_type(6), "has tokens for bytes");
}

#[test]
fn a_vocabulary_that_is_made_up_is_limited() {
    fails_with(
        with("tokenizer.ggml.model", "none").metadata("llama.vocab_size", u32::MAX),
        "llama.vocab_size is",
    );
    fails_with(
        with("tokenizer.ggml.model", "none\0").metadata("llama.vocab_size", u32::MAX),
        "llama.vocab_size is",
    );
    passes(with("tokenizer.ggml.model", "none").metadata("llama.vocab_size", 512_u32));
}

#[test]
fn a_projector_is_no_model_but_a_sound_file() {
    passes(
        GgufWriter::new()
            .metadata("general.architecture", "clip")
            .metadata("clip.vision.block_count", 27_u32),
    );
}
