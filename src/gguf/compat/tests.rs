//! What is recognised, what is not, and how the corrected file is read. Whole models are in `tests/compat/`; here
//! are those that are too large to be made up, or that are not loaded for text.

use std::io::{Cursor, Read, Seek, SeekFrom};

use proptest::prelude::*;

use super::*;
use crate::gguf::{GgufWriter, TensorType, Text, Value};

/// A model with this architecture and nothing else that is needed.
fn file(architecture: &str) -> GgufWriter {
    GgufWriter::new().metadata("general.architecture", architecture)
}

fn read(writer: GgufWriter) -> (GgufFile, Vec<u8>) {
    let mut tensors = writer.start(Vec::new()).unwrap();
    let mut n = 0_u8;
    while let Some(len) = tensors.next_len() {
        // Data that says where it is from.
        n += 1;
        tensors
            .write(&(0..len).map(|i| n.wrapping_mul(31).wrapping_add(i as u8)).collect::<Vec<_>>())
            .unwrap();
    }
    let bytes = tensors.finish().unwrap();
    (GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap(), bytes)
}

/// The corrected header; also checks that nothing is left to correct in it.
#[track_caller]
fn corrected(writer: GgufWriter) -> GgufFile {
    let (file, _) = read(writer);
    let rewrite = Rewrite::of(&file).expect("an old conversion");
    let header = Overlay::new(&file, rewrite).unwrap().header().clone();
    assert_eq!(Rewrite::of(&header), None, "a corrected header is right");
    header.validate().unwrap();
    header
}

#[track_caller]
fn is_left_alone(writer: GgufWriter) {
    assert_eq!(Rewrite::of(&read(writer).0), None);
}

fn names(file: &GgufFile) -> Vec<&str> {
    file.tensors().iter().map(|tensor| tensor.name.as_str()).collect()
}

const F32: TensorType = TensorType::F32;

#[test]
fn other_models_are_left_alone() {
    for architecture in
        ["llama", "qwen2", "qwen3", "gemma2", "phi3", "bert", "mllama", "glmocr", "clip", "new"]
    {
        is_left_alone(file(architecture).tensor("v.blk.0.attn_q.weight", [8, 8], F32));
    }
    is_left_alone(GgufWriter::new());
}

#[test]
fn files_that_llama_cpp_made_are_left_alone() {
    is_left_alone(file("gemma3").metadata("gemma3.attention.layer_norm_rms_epsilon", 1e-6_f32));
    is_left_alone(file("gemma4").metadata("tokenizer.ggml.model", "gemma4"));
    is_left_alone(file("lfm2").tensor("token_embd_norm.weight", [8], F32));
    is_left_alone(file("mistral3").metadata("mistral3.rope.scaling.yarn_beta_fast", 32.0_f32));
    is_left_alone(
        file("qwen35")
            .metadata("qwen35.attention.head_count_kv", 2_u32)
            .metadata("qwen35.rope.dimension_sections", vec![2, 1, 1, 0])
            .tensor("blk.0.ssm_dt.bias", [8], F32),
    );
    is_left_alone(file("qwen3vl").metadata("qwen3vl.rope.dimension_sections", vec![24, 20, 20, 0]));
    is_left_alone(file("nemotron_h_moe").tensor("blk.0.ffn_latent_down.weight", [8, 8], F32));
    is_left_alone(file("laguna").tensor("blk.0.attn_gate.weight", [8, 8], F32));
    is_left_alone(file("llama4").tensor("blk.0.attn_q.weight", [8, 8], F32));
    let charsmap = "tokenizer.ggml.precompiled_charsmap";
    is_left_alone(file("bert").metadata(charsmap, vec![1_u8, 2]));
    is_left_alone(file("gemma3n").tensor("token_embd.weight", [8, 4], F32).tensor(
        "per_layer_token_embd.weight",
        [8, 4],
        F32,
    ));
}

#[test]
fn what_needs_other_numbers_is_left_alone() {
    // Gates and the rest of the experts in turns.
    is_left_alone(file("gptoss").tensor("blk.0.ffn_gate_up_exps.weight", [8, 16, 2], F32));
    // Value heads in another order.
    is_left_alone(file("qwen35").metadata("qwen35.ssm.v_head_reordered", false).tensor(
        "blk.0.ssm_dt",
        [8],
        F32,
    ));
    // A part of a split model.
    is_left_alone(file("olmo3").metadata("split.count", 2_u16));
}

#[test]
fn an_embedding_gemma_is_no_gemma3() {
    let header = corrected(
        file("gemma3")
            .metadata("gemma3.block_count", 24_u32)
            .metadata("gemma3.attention.layer_norm_rms_epsilon", 1e-6_f32)
            .metadata("gemma3.pooling_type", 1_u32)
            .tensor("dense.0.weight", [8, 16], F32)
            .tensor("dense.1.weight", [16, 8], F32)
            .tensor("norm.weight", [8], F32)
            .tensor("blk.0.attn_norm.weight", [8], F32),
    );
    assert_eq!(header.architecture(), "gemma-embedding");
    assert_eq!(header.architecture_u64("block_count"), Some(24));
    assert_eq!(header.architecture_u64("pooling_type"), Some(1));
    let sizes = ["dense_2_feat_in", "dense_2_feat_out", "dense_3_feat_in", "dense_3_feat_out"];
    assert_eq!(sizes.map(|name| header.architecture_u64(name).unwrap()), [8, 16, 16, 8]);
    assert_eq!(header.f64("gemma-embedding.rope.freq_base_swa"), Some(1e4));
    let expected = ["dense_2.weight", "dense_3.weight", "output_norm.weight", "blk.0.attn_norm.weight"];
    assert_eq!(names(&header), expected);
    assert!(header.metadata().iter().all(|(key, _)| !key.starts_with("gemma3.")));
}

#[test]
fn gemma3n_loses_tokens_without_embeddings_in_each_layer() {
    let tokens = ["<pad>", "<0x41>", "<unused7>", "a", "<image>", "<sound>"];
    let writer = file("gemma3n")
        .metadata("tokenizer.ggml.model", "gpt2")
        .metadata("tokenizer.ggml.tokens", tokens.as_slice())
        .metadata("tokenizer.ggml.scores", vec![0.0_f32; 6])
        .metadata("tokenizer.ggml.token_type", vec![3, 1, 3, 1, 3, 3])
        .tensor("a.conv.weight", [8], F32)
        .tensor("token_embd.weight", [32, 6], TensorType::Q8_0)
        .tensor("per_layer_token_embd.weight", [8, 4], F32);
    let (file, bytes) = read(writer.clone());
    let header = corrected(writer);
    assert_eq!(header.str("tokenizer.ggml.model"), Some("llama"));
    assert_eq!(header.get("tokenizer.ggml.token_type"), Some(&vec![3, 6, 1, 1].into()));
    assert_eq!(header.array("tokenizer.ggml.tokens").unwrap().len(), 4);
    assert_eq!(header.array("tokenizer.ggml.scores").unwrap().len(), 4);
    assert_eq!(names(&header), ["token_embd.weight", "per_layer_token_embd.weight"]);
    assert_eq!(header.tensors()[0].dims, [32, 4]);

    let overlay = Overlay::new(&file, Rewrite::of(&file).unwrap()).unwrap();
    let mut data = vec![0; 4 * 34];
    let mut reader = overlay.over(Cursor::new(&bytes));
    reader.seek(SeekFrom::Start(header.data_offset())).unwrap();
    reader.read_exact(&mut data).unwrap();
    let start = (file.data_offset() + file.tensors()[1].offset) as usize;
    assert_eq!(data, bytes[start..start + 4 * 34], "the first rows are what they were");
}

#[test]
fn gemma4_gets_its_tokenizer_and_keeps_its_experts() {
    let writer = file("gemma4")
        .metadata("gemma4.expert_count", 2_u32)
        .metadata("gemma4.expert_used_count", 1_u32)
        .metadata("tokenizer.ggml.model", "llama")
        .tensor("model.vision_tower.x", [8], F32)
        .tensor("blk.0.ffn_gate_exps.weight", [8, 8, 2], F32)
        .tensor("blk.0.ffn_gate_inp.per_expert_scale", [2], F32);
    let header = corrected(writer);
    assert_eq!(header.str("tokenizer.ggml.model"), Some("gemma4"));
    assert_eq!(names(&header), ["blk.0.ffn_gate_exps.weight", "blk.0.ffn_down_exps.scale"]);
}

#[test]
fn llama3_gets_its_pre_tokenizer() {
    let vocabulary = |pre: Option<&str>| {
        let mut tokens: Vec<Text> = (0..128_010).map(|id| Text::from(format!("t{id}"))).collect();
        tokens[128_000] = "<|begin_of_text|>".into();
        tokens[128_009] = "<|eot_id|>".into();
        let writer = file("llama")
            .metadata("tokenizer.ggml.model", "gpt2")
            .metadata("tokenizer.ggml.eos_token_id", 128_001_u32)
            .metadata("tokenizer.ggml.tokens", tokens);
        pre.into_iter().fold(writer, |writer, pre| writer.metadata("tokenizer.ggml.pre", pre))
    };
    for pre in [None, Some(""), Some("default")] {
        let header = corrected(vocabulary(pre));
        assert_eq!(header.str("tokenizer.ggml.pre"), Some("llama-bpe"));
        assert_eq!(
            header.u64("tokenizer.ggml.eos_token_id"),
            Some(128_001),
            "llama.cpp knows ends by their text"
        );
    }
    is_left_alone(vocabulary(Some("llama-bpe")));
    is_left_alone(vocabulary(Some("smaug-bpe")));
    is_left_alone(file("llama").metadata("tokenizer.ggml.model", "gpt2"));
}

#[test]
fn experts_do_not_change_what_hybrids_are_called() {
    let header = corrected(file("lfm2moe").tensor("output_norm.weight", [8], F32).tensor(
        "blk.0.ffn_gate.weight",
        [8, 16],
        F32,
    ));
    assert_eq!(names(&header), ["token_embd_norm.weight", "blk.0.ffn_gate.weight"]);
    assert_eq!(header.architecture_u64("feed_forward_length"), Some(16));
    let header = corrected(
        file("qwen35moe")
            .metadata("qwen35moe.attention.head_count", 4_u32)
            .metadata("qwen35moe.attention.key_length", 8_u32)
            .metadata("qwen35moe.attention.head_count_kv", vec![0_u32, 0, 0, 2])
            .tensor("blk.0.ssm_dt", [8], F32),
    );
    assert_eq!(header.get("qwen35moe.attention.head_count_kv"), Some(&Value::U32(2)));
    assert_eq!(names(&header), ["blk.0.ssm_dt.bias"]);
    let header = corrected(file("qwen3vlmoe").metadata("qwen3vlmoe.block_count", 2_u32));
    assert_eq!(header.get("qwen3vlmoe.rope.dimension_sections"), Some(&vec![24, 20, 20, 0].into()));
    assert_eq!(header.architecture_u64("n_deepstack_layers"), Some(0));
}

#[test]
fn a_mistral_that_is_not_stretched_has_no_method() {
    let header = corrected(
        file("mistral3")
            .metadata("mistral3.rope.scaling.type", "")
            .metadata("mistral3.rope.scaling.factor", 0.0_f32)
            .metadata("tokenizer.ggml.pre", "tekken"),
    );
    assert_eq!((header.get("mistral3.rope.scaling.type"), header.metadata().len()), (None, 2));
}

#[test]
fn a_map_of_characters_becomes_bytes() {
    let key = "tokenizer.ggml.precompiled_charsmap";
    let header = corrected(file("bert").metadata(key, ["S", "G", "V", "5"].as_slice()));
    assert_eq!(header.get(key), Some(&b"Hey".to_vec().into()));
}

#[test]
fn a_correction_that_makes_no_sound_file_is_an_error() {
    let (file, _) = read(file("laguna").tensor("blk.0.attn_g.weight", [8], F32).tensor(
        "blk.0.attn_gate.weight",
        [8],
        F32,
    ));
    let error = Overlay::new(&file, Rewrite::of(&file).unwrap()).unwrap_err();
    assert!(error.to_string().contains("blk.0.attn_gate.weight"), "{error}");
}

#[test]
fn files_are_opened_as_llama_cpp_sees_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let write = |writer| std::fs::write(&path, read(writer).1).unwrap();
    write(file("olmo3").metadata("olmo3.context_length", 64_u32));
    let model = open(&path).unwrap();
    assert_eq!((model.file().architecture(), model.as_loaded().architecture()), ("olmo3", "olmo2"));
    assert_eq!(model.as_loaded().architecture_u64("context_length"), Some(64));
    assert_eq!(model.into_file().architecture(), "olmo3");
    write(file("olmo2"));
    let model = open(&path).unwrap();
    assert!(model.overlay().is_none());
    assert_eq!(model.as_loaded().architecture(), "olmo2");
    // What llama.cpp is told is checked, and not what it is not told.
    write(file("mistral3").metadata("mistral3.rope.scaling.type", ""));
    assert!(open(&path).is_ok() && crate::gguf::open(&path).is_err());
    write(file("olmo3").metadata("olmo3.block_count", 0_u32));
    assert!(open(&path).unwrap_err().to_string().contains("olmo2.block_count is 0"));
}

#[test]
fn a_file_that_got_shorter_is_an_error() {
    let (file, bytes) = read(file("olmo3").tensor("t", [100], F32));
    let overlay = Overlay::new(&file, Rewrite::of(&file).unwrap()).unwrap();
    let mut all = Vec::new();
    let error = overlay.over(Cursor::new(&bytes[..bytes.len() - 100])).read_to_end(&mut all).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

proptest! {
    /// Wherever one seeks to, and however much one reads, it is a part of the same file, which is a GGUF file with
    /// the data of the original.
    #[test]
    fn an_overlay_is_one_file(steps in proptest::collection::vec((0_u8..3, 0_u64..1500, 0_usize..700), 0..40)) {
        let (file, bytes) = read(
            file("llama4")
                .tensor("v.x", [7], F32)
                .tensor("one", [33], TensorType::I8)
                .tensor("mm.x", [100], F32)
                .tensor("two", [9], F32)
                .tensor("three", [1], F32),
        );
        let overlay = Overlay::new(&file, Rewrite::of(&file).unwrap()).unwrap();
        let mut whole = Vec::new();
        overlay.over(Cursor::new(&bytes)).read_to_end(&mut whole).unwrap();
        let header = GgufFile::read(whole.as_slice(), whole.len() as u64).unwrap();
        prop_assert_eq!(&header, overlay.header());
        for tensor in header.tensors() {
            let old = file.tensors().iter().find(|old| old.name == tensor.name).unwrap();
            let part = |from: &[u8], start: u64| from[start as usize..][..tensor.bytes as usize].to_vec();
            let old = part(&bytes, file.data_offset() + old.offset);
            prop_assert_eq!(part(&whole, header.data_offset() + tensor.offset), old);
        }

        let (mut reader, mut twin) = (overlay.over(Cursor::new(&bytes)), Cursor::new(&whole));
        for (from, by, len) in steps {
            let to = match from {
                0 => SeekFrom::Start(by),
                1 => SeekFrom::Current(by as i64 - 750),
                _ => SeekFrom::End(-(by as i64)),
            };
            prop_assert_eq!(reader.seek(to).ok(), twin.seek(to).ok());
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            (&mut reader).take(len as u64).read_to_end(&mut found).unwrap();
            (&mut twin).take(len as u64).read_to_end(&mut expected).unwrap();
            prop_assert_eq!(found, expected);
        }
    }
}
