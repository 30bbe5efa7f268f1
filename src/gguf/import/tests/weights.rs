//! Types of weights, and what becomes of the weights on their way.

use super::*;

const Q: &str = "blk.0.attn_q.weight";

#[test]
fn matrices_have_the_type_that_was_asked_for() {
    let types = [
        (Weights::F16, TensorType::F16, "F16"),
        (Weights::BF16, TensorType::BF16, "BF16"),
        (Weights::F32, TensorType::F32, "F32"),
    ];
    for source in [Dtype::F32, Dtype::F16, Dtype::BF16] {
        let files_of = Folder::llama().dtype(source);
        let files = files_of.write();
        for (weights, tensor_type, name) in types {
            let written = import(&files, weights).unwrap();
            for tensor in written.file.tensors() {
                let exact = tensor.dims.len() == 1;
                let expected = if exact { TensorType::F32 } else { tensor_type };
                assert_eq!(tensor.tensor_type, expected, "{} from {source:?} as {name}", tensor.name);
            }
            assert_eq!(written.file.quantization(), name);
            // All types hold these small numbers.
            assert_eq!(written.values("output_norm.weight"), numbers(8), "from {source:?} as {name}");
            assert_eq!(written.values("blk.0.ffn_gate.weight"), numbers(48), "from {source:?} as {name}");
        }
    }
}

#[test]
fn numbers_are_rounded_to_the_nearest() {
    let folder = Folder::llama();
    folder.write();
    let weights =
        [1.0 + 1.0 / 2048.0, 1.0 + 3.0 / 2048.0, 1.0 / 3.0, -65504.0, 6e-8, f32::INFINITY, 1e-30, 0.0];
    let mut values = numbers(48);
    values[..8].copy_from_slice(&weights);
    replace(&folder, "lm_head.weight", &values);
    let files = Files::from_folder(folder.dir.path()).unwrap();
    let half = import(&files, Weights::F16).unwrap();
    let expected: Vec<f32> = values.iter().map(|x| f16::from_f32(*x).to_f32()).collect();
    assert_eq!(half.values("output.weight"), expected);
    assert_eq!(&expected[..2], [1.0, 1.0 + 2.0 / 1024.0], "ties go to even");
    let brain = import(&files, Weights::BF16).unwrap();
    let expected: Vec<f32> = values.iter().map(|x| bf16::from_f32(*x).to_f32()).collect();
    assert_eq!(brain.values("output.weight"), expected);
    assert_eq!(import(&files, Weights::F32).unwrap().values("output.weight"), values);
}

#[test]
fn what_f16_cannot_hold_is_an_error() {
    let folder = Folder::llama();
    folder.write();
    for (weight, fits) in [(65519.0, true), (65520.0, false), (-1e9, false)] {
        let mut values = numbers(48);
        values[47] = weight;
        replace(&folder, "model.layers.0.mlp.up_proj.weight", &values);
        let files = Files::from_folder(folder.dir.path()).unwrap();
        match import(&files, Weights::F16) {
            Ok(_) => assert!(fits, "{weight}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!fits && error.contains("up_proj") && error.contains("import as BF16"), "{error}");
            }
        }
        assert!(import(&files, Weights::BF16).is_ok());
    }
}

/// Overwrites the data of a tensor of 32 bits.
fn replace(folder: &Folder, tensor: &str, values: &[f32]) {
    let path = folder.path("model.safetensors");
    let stored = checkpoint::read_header("model.safetensors", &path).unwrap();
    let stored = stored.iter().find(|stored| stored.name == tensor).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let data = bytes_of(values, Dtype::F32);
    bytes[stored.offset as usize..][..data.len()].copy_from_slice(&data);
    fs::write(&path, bytes).unwrap();
}

/// The rows of a matrix by the number of their first weight.
fn rows(written: &Written, name: &str, columns: usize) -> Vec<usize> {
    written.values(name).chunks(columns).map(|row| row[0] as usize / columns).collect()
}

#[test]
fn heads_of_llama_are_reordered() {
    for source in [Dtype::F32, Dtype::BF16] {
        let written = Folder::llama()
            .tensor("model.layers.0.self_attn.q_proj.bias", &[8])
            .tensor("model.layers.0.self_attn.k_proj.bias", &[4])
            .dtype(source)
            .import()
            .unwrap();
        assert_eq!(rows(&written, Q, 8), [0, 2, 1, 3, 4, 6, 5, 7]);
        assert_eq!(rows(&written, "blk.0.attn_k.weight", 8), [0, 2, 1, 3], "one head of keys");
        assert_eq!(rows(&written, "blk.0.attn_v.weight", 8), [0, 1, 2, 3]);
        assert_eq!(written.values("blk.0.attn_q.bias"), [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
        assert_eq!(written.values("blk.0.attn_k.bias"), [0.0, 2.0, 1.0, 3.0]);
        // Whole rows move.
        assert_eq!(written.values(Q)[8..16], numbers(24)[16..24]);
    }
}

#[test]
fn wide_heads_are_reordered_in_pieces() {
    // A head has 3 · 2^19 weights, more than a piece.
    let (width, head, heads) = (12288, 128, 3);
    let mut folder = Folder::llama().with(json!({
        "hidden_size": width, "head_dim": head, "num_attention_heads": heads, "num_key_value_heads": heads,
    }));
    for (name, (_, shape)) in &mut folder.tensors {
        shape.iter_mut().filter(|n| **n == 8).for_each(|n| *n = width);
        match name.rsplit('.').nth(1) {
            Some("q_proj" | "k_proj" | "v_proj") => shape[0] = head * heads,
            Some("o_proj") => shape[1] = head * heads,
            _ => {}
        }
    }
    let written = folder.import().unwrap();
    let expected: Vec<usize> =
        (0..heads).flat_map(|h| (0..head).map(move |r| h * head + r / 2 + (r % 2) * head / 2)).collect();
    // Beyond 2^24, neighbours are one number in 32 bits: the first weights of rows are multiples of 2^12.
    assert_eq!(rows(&written, Q, width), expected);
    assert_eq!(written.values("blk.0.attn_v.weight"), numbers(width * head * heads), "copied in pieces");
}

#[test]
fn other_models_keep_their_heads() {
    let written = Folder::new(config("Qwen2ForCausalLM"), LLAMA).import().unwrap();
    assert_eq!(rows(&written, Q, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
}
