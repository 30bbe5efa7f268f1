//! Tokens, merges, special tokens and templates.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;

use super::*;
use crate::gguf::import::vocabulary::sentencepiece::{ModelProto, Normalizer, Piece, Trainer};

/// A llama with this many tokens.
fn llama(rows: usize) -> Folder {
    Folder::llama().tensor("model.embed_tokens.weight", &[rows, 8]).tensor("lm_head.weight", &[rows, 8])
}

fn with_json(rows: usize, json: &Json) -> Folder {
    let folder = llama(rows);
    folder.put_json("tokenizer.json", json);
    folder
}

fn kinds(written: &Written) -> Vec<i32> {
    match written.get("tokenizer.ggml.token_type") {
        Some(Value::Array(Array::I32(kinds))) => kinds,
        other => panic!("{other:?}"),
    }
}

fn id(written: &Written, name: &str) -> Option<u64> {
    written.file.u64(&format!("tokenizer.ggml.{name}_token_id"))
}

#[test]
fn bpe_over_bytes() {
    let mut json = tokenizer();
    json["model"]["vocab"] = json!({"a": 0, "b": 1, "ab": 2, "Ġ": 4, "aĠ": 5});
    json["model"]["merges"] = json!(["a b", "a Ġ"]);
    json["added_tokens"] = json!([
        {"id": 3, "content": "<s>", "special": true},
        {"id": 7, "content": "<|end|>", "special": false},
        {"id": 8, "content": "▁x", "special": false},
        {"id": 10, "content": "beyond", "special": false},
    ]);
    let written = with_json(10, &json).import().unwrap();
    assert_eq!(written.file.str("tokenizer.ggml.model"), Some("gpt2"));
    assert_eq!(written.file.str("tokenizer.ggml.pre"), Some("gpt-2"));
    let tokens = ["a", "b", "ab", "<s>", "Ġ", "aĠ", "[PAD6]", "<|end|>", " x", "[PAD9]"];
    assert_eq!(written.texts("tokenizer.ggml.tokens"), tokens);
    assert_eq!(kinds(&written), [1, 1, 1, 3, 1, 1, 5, 3, 4, 5]);
    assert_eq!(written.texts("tokenizer.ggml.merges"), ["a b", "a Ġ"]);
    assert_eq!(written.get("tokenizer.ggml.scores"), None);
    assert_eq!(written.file.bool("tokenizer.ggml.add_bos_token"), Some(false));

    json["model"]["merges"] = json!([["a", "b"], ["a", " "]]);
    let written = with_json(10, &json).import().unwrap();
    assert_eq!(
        written.texts("tokenizer.ggml.merges"),
        ["a b", "a Ġ"],
        "pairs since 2024, with spaces as they are"
    );
}

#[test]
fn known_patterns_have_names() {
    const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let split = |regex: &str| json!({"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated"});
    let bytes = |regex: bool| json!({"type": "ByteLevel", "use_regex": regex});
    let sequence = |steps: &[Json]| json!({"type": "Sequence", "pretokenizers": steps});
    let name = |pre: Json, ignore_merges: bool| {
        let mut json = tokenizer();
        json["pre_tokenizer"] = pre;
        json["model"]["ignore_merges"] = json!(ignore_merges);
        let written = with_json(6, &json).import().map_err(|error| error.to_string())?;
        Ok::<_, String>(written.file.str("tokenizer.ggml.pre").unwrap().to_owned())
    };
    let llama3 = sequence(&[split(LLAMA3), bytes(false)]);
    assert_eq!(name(llama3.clone(), true).unwrap(), "llama-bpe");
    assert_eq!(name(llama3, false).unwrap(), "dbrx");
    let qwen2 = split(&LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"));
    assert_eq!(name(sequence(&[qwen2, bytes(false)]), false).unwrap(), "qwen2");
    assert_eq!(name(bytes(true), false).unwrap(), "gpt-2");
    let digits = json!({"type": "Digits", "individual_digits": true});
    assert_eq!(name(sequence(&[digits, bytes(true)]), false).unwrap(), "smollm");
    for unknown in
        [sequence(&[split("x+"), bytes(false)]), json!({"type": "Whitespace"}), Json::Null, bytes(false)]
    {
        let error = name(unknown, false).unwrap_err();
        assert!(error.contains("tokenizer.json cuts text in a way that llama.cpp does not know"), "{error}");
    }
}

#[test]
fn special_tokens_come_from_many_places() {
    let mut json = tokenizer();
    json["added_tokens"] = json!([
        {"id": 3, "content": "<s>", "special": true},
        {"id": 4, "content": "</s>", "special": true},
        {"id": 5, "content": "<end>", "special": true},
    ]);
    json["post_processor"] = json!({"type": "Sequence", "processors": [
        {"type": "ByteLevel"},
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}]},
    ]});
    let folder = with_json(6, &json);
    folder.put_json("tokenizer_config.json", &json!({"eos_token": {"content": "<end>"}, "pad_token": null}));
    folder.put_json("special_tokens_map.json", &json!({"eos_token": "a", "unk_token": "</s>"}));
    folder.put_json("generation_config.json", &json!({"eos_token_id": [5, 4, 0, 99], "pad_token_id": 3}));
    let written = folder.with(json!({"eos_token_id": 2, "bos_token_id": 0})).import().unwrap();
    assert_eq!(id(&written, "bos"), Some(3), "what is put in front");
    assert_eq!(id(&written, "eos"), Some(5));
    assert_eq!(id(&written, "eot"), Some(4), "another end");
    assert_eq!(id(&written, "eom"), None, "ids of ordinary tokens are left over from another vocabulary");
    assert_eq!(id(&written, "unknown"), Some(4));
    assert_eq!(id(&written, "padding"), Some(3));
    assert_eq!(written.file.bool("tokenizer.ggml.add_bos_token"), Some(true));
    assert_eq!(written.file.bool("tokenizer.ggml.add_eos_token"), Some(false));

    // What is put behind a text ends it, whatever else ends an answer.
    json["post_processor"] = json!({"type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}]});
    let folder = with_json(6, &json);
    folder.put_json("tokenizer_config.json", &json!({"eos_token": "<end>", "add_bos_token": true}));
    let written = folder.import().unwrap();
    assert_eq!((id(&written, "eos"), id(&written, "eot")), (Some(4), Some(5)));
    assert_eq!(written.file.bool("tokenizer.ggml.add_eos_token"), Some(true));
    assert_eq!(written.file.bool("tokenizer.ggml.add_bos_token"), Some(false));
}

#[test]
fn chat_templates_come_in_four_forms() {
    let folder = Folder::llama();
    let template = |folder: &Folder| folder.import().unwrap().file.chat_template().map(str::to_owned);
    assert_eq!(template(&folder), None);
    folder.put_json("tokenizer_config.json", &json!({"chat_template": "one"}));
    assert_eq!(template(&folder).as_deref(), Some("one"));
    let named = json!([{"name": "default", "template": "two"}, {"name": "tool_use", "template": "tools"}, {"name": "a b"}]);
    folder.put_json("tokenizer_config.json", &json!({"chat_template": named}));
    let written = folder.import().unwrap();
    assert_eq!(written.file.chat_template(), Some("two"));
    assert_eq!(written.file.str("tokenizer.chat_template.tool_use"), Some("tools"));
    assert_eq!(written.texts("tokenizer.chat_templates"), ["tool_use"]);
    folder.put_json("chat_template.json", &json!({"chat_template": "three"}));
    assert_eq!(template(&folder).as_deref(), Some("three"));
    folder.put("chat_template.jinja", "\u{feff}four");
    assert_eq!(template(&folder).as_deref(), Some("four"));
}

#[test]
fn a_vocabulary_must_fit_the_weights() {
    let error = with_json(2, &tokenizer()).error();
    assert!(
        error.contains("tokenizer.json has token 2, but the embeddings of the model have only 2 rows"),
        "{error}"
    );
    let mut json = tokenizer();
    json["model"]["vocab"] = json!({"a": 0, "b": 0});
    assert!(with_json(6, &json).error().contains("two tokens with id 0"));
    json["model"]["vocab"] = json!({"a": 0, "<s>": 1});
    assert!(with_json(6, &json).error().contains("has the token \"<s>\" twice, with ids 1 and 3"));
    json["model"]["vocab"] = json!({"a\0": 0});
    assert!(with_json(6, &json).error().contains("zero byte"));
    json["model"]["vocab"] = json!({"a": 0});
    json["model"]["merges"] = json!(["ab"]);
    assert!(with_json(6, &json).error().contains("a merge that is no pair"));
    json["model"]["merges"] = json!([]);
    json["model"]["end_of_word_suffix"] = json!("</w>");
    assert!(with_json(6, &json).error().contains("marks parts of words"));
    assert!(
        with_json(6, &json!({"model": {"vocab": 3}})).error().contains("is no tokenizer of Hugging Face")
    );
    assert!(
        with_json(6, &json!({"model": {"type": "WordLevel", "vocab": {}}}))
            .error()
            .contains("is no BPE, WordPiece")
    );
    let folder = Folder::llama();
    fs::remove_file(folder.path("tokenizer.json")).unwrap();
    assert!(
        folder.error().contains("tokenizer.json is missing: the vocabulary is in it"),
        "{}",
        folder.error()
    );
}

/// Three special tokens, all bytes, and pieces.
fn pieces(further: &[(&str, f32, i32)]) -> Vec<Piece> {
    let piece = |text: &str, score, kind| Piece {
        piece: Some(text.to_owned()),
        score: Some(score),
        kind: Some(kind),
    };
    let mut all = vec![piece("<unk>", 0.0, 2), piece("<s>", 0.0, 3), piece("</s>", 0.0, 3)];
    all.extend((0..256).map(|byte| piece(&format!("<0x{byte:02X}>"), 0.0, 6)));
    all.extend(further.iter().map(|(text, score, kind)| piece(text, *score, *kind)));
    all
}

fn with_model(pieces: Vec<Piece>, kind: i32, adds_space: Option<bool>) -> Folder {
    let folder = llama(264);
    fs::remove_file(folder.path("tokenizer.json")).unwrap();
    let trainer = Some(Trainer { model_type: Some(kind) });
    let normalizer = adds_space.map(|yes| Normalizer { add_dummy_prefix: Some(yes) });
    folder.put("tokenizer.model", ModelProto { pieces, trainer, normalizer }.encode_to_vec());
    folder
}

const PIECES: &[(&str, f32, i32)] = &[("▁▁", 0.0, 4), ("▁a", -1.5, 1), ("▁", -2.0, 1), ("a", -3.0, 1)];

#[test]
fn sentencepiece() {
    let written = with_model(pieces(PIECES), 2, None).import().unwrap();
    assert_eq!(written.file.str("tokenizer.ggml.model"), Some("llama"));
    let tokens = written.texts("tokenizer.ggml.tokens");
    assert_eq!((tokens.len(), tokens[3].as_str()), (264, "<0x00>"));
    assert_eq!(tokens[258..], ["<0xFF>", "  ", "▁a", "▁", "a", "[PAD263]"]);
    assert_eq!(kinds(&written)[..4], [2, 3, 3, 6]);
    assert_eq!(kinds(&written)[258..], [6, 4, 1, 1, 1, 5]);
    let Some(Value::Array(Array::F32(scores))) = written.get("tokenizer.ggml.scores") else { panic!() };
    assert_eq!(scores[258..], [0.0, 0.0, -1.5, -2.0, -3.0, -10000.0]);
    assert_eq!(written.file.bool("tokenizer.ggml.add_space_prefix"), Some(true));
    assert_eq!(written.file.bool("tokenizer.ggml.add_bos_token"), Some(true));
    assert_eq!(written.file.bool("tokenizer.ggml.add_eos_token"), Some(false));

    let folder = with_model(pieces(PIECES), 2, Some(false));
    folder.put_json("added_tokens.json", &json!({"<x>": 263, "<y>": 999}));
    let decoder =
        json!({"2": {"content": "</s>", "special": true}, "262": {"content": "<unused3>", "special": false}});
    let config = json!({"added_tokens_decoder": decoder, "add_bos_token": false, "bos_token": "<s>", "eos_token": "</s>"});
    folder.put_json("tokenizer_config.json", &config);
    let written = folder.import().unwrap();
    assert_eq!(written.texts("tokenizer.ggml.tokens")[261..], ["▁", "<unused3>", "<x>"]);
    assert_eq!(kinds(&written)[261..], [1, 3, 4]);
    assert_eq!((id(&written, "bos"), id(&written, "eos")), (Some(1), Some(2)));
    assert_eq!(written.file.bool("tokenizer.ggml.add_space_prefix"), Some(false));
    assert_eq!(written.file.bool("tokenizer.ggml.add_bos_token"), Some(false));
}

#[test]
fn some_sentencepiece_models_are_refused() {
    let mut without = pieces(PIECES);
    without.remove(100);
    let error = with_model(without, 2, None).error();
    assert!(error.contains("tokenizer.model has tokens for 255 of 256 bytes"), "{error}");
    let error = with_model(pieces(PIECES), 1, None).error();
    assert!(error.contains("tokenizer.model is not a BPE"), "{error}");
    let error = with_model(Vec::new(), 2, None).error();
    assert!(error.contains("has no pieces"), "{error}");
    let folder = with_model(pieces(PIECES), 2, None);
    folder.put("tokenizer.model", "IQ== 0\nIg== 1\n");
    assert!(folder.error().contains("tokenizer.model is no model of SentencePiece"), "{}", folder.error());
}

/// What transformers makes of the model above.
fn converted(merges: &Json) -> Json {
    let mut vocab: serde_json::Map<String, Json> =
        pieces(&[]).iter().enumerate().map(|(id, piece)| (piece.piece.clone().unwrap(), json!(id))).collect();
    for (id, text) in (259..).zip(["▁", "a", "b", "▁a", "▁ab", "ab"]) {
        vocab.insert(text.to_owned(), json!(id));
    }
    json!({
        "added_tokens": [{"id": 0, "content": "<unk>", "special": true}, {"id": 1, "content": "<s>", "special": true}],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}]},
        "model": {"type": "BPE", "vocab": vocab, "merges": merges, "unk_token": "<unk>", "byte_fallback": true},
    })
}

#[test]
fn merges_become_scores() {
    let merges = json!([["▁", "a"], ["a", "b"], ["▁a", "b"], ["▁", "ab"]]);
    let written = with_json(265, &converted(&merges)).import().unwrap();
    assert_eq!(written.file.str("tokenizer.ggml.model"), Some("llama"));
    let Some(Value::Array(Array::F32(scores))) = written.get("tokenizer.ggml.scores") else { panic!() };
    assert_eq!(
        scores[259..],
        [0.0, 0.0, 0.0, 0.0, -2.0, -1.0],
        "the place of the first merge that makes a token"
    );
    assert_eq!(kinds(&written)[..4], [2, 3, 1, 6]);
    assert_eq!(written.file.bool("tokenizer.ggml.add_space_prefix"), Some(true));
    assert_eq!(written.get("tokenizer.ggml.merges"), None);

    for (pre, adds) in [
        (json!({"type": "Metaspace", "prepend_scheme": "first"}), true),
        (json!({"type": "Metaspace", "prepend_scheme": "never"}), false),
        (json!({"type": "Metaspace", "add_prefix_space": false}), false),
        (json!({"type": "Split"}), false),
    ] {
        let mut json = converted(&merges);
        json["normalizer"] = json!({"type": "Replace"});
        json["pre_tokenizer"] = pre.clone();
        let written = with_json(265, &json).import().unwrap();
        assert_eq!(written.file.bool("tokenizer.ggml.add_space_prefix"), Some(adds), "{pre}");
    }

    let incomplete = json!([["▁", "a"], ["a", "b"], ["▁a", "b"]]);
    let error = with_json(265, &converted(&incomplete)).error();
    assert!(error.contains("has no merge of \"▁\" and \"ab\""), "{error}");
    let mut no_bytes = converted(&merges);
    no_bytes["model"]["vocab"].as_object_mut().unwrap().remove("<0x41>");
    let error = with_json(265, &no_bytes).error();
    assert!(error.contains("tokenizer.json has tokens for 255 of 256 bytes"), "{error}");
}

#[test]
fn a_model_beside_a_json_has_the_scores() {
    let folder = with_model(pieces(PIECES), 2, Some(false));
    folder.put_json("tokenizer.json", &converted(&json!([])));
    let written = folder.import().unwrap();
    assert_eq!(written.texts("tokenizer.ggml.tokens")[260], "▁a", "from the model");
    assert_eq!(written.file.bool("tokenizer.ggml.add_space_prefix"), Some(true), "from the JSON");
    folder.put_json("tokenizer.json", &tokenizer());
    let written = folder.import().unwrap();
    assert_eq!(written.file.str("tokenizer.ggml.model"), Some("gpt2"), "the model is left over");
}

const WORDS: [&str; 9] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ab", "##ab", "##", "#"];
const SPACED: [&str; 9] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁ab", "ab", "▁##", "▁#"];

fn check_words(written: &Written) {
    assert_eq!(written.file.str("tokenizer.ggml.model"), Some("bert"));
    assert_eq!(written.texts("tokenizer.ggml.tokens"), SPACED);
    assert_eq!(kinds(written), [3, 3, 3, 3, 3, 1, 1, 1, 1]);
    for (name, expected) in
        [("bos", 2), ("cls", 2), ("eos", 3), ("seperator", 3), ("padding", 0), ("unknown", 1), ("mask", 4)]
    {
        assert_eq!(id(written, name), Some(expected), "{name}");
    }
}

#[test]
fn wordpiece() {
    let vocab: serde_json::Map<String, Json> =
        WORDS.iter().zip(0..).map(|(word, id)| ((*word).to_owned(), json!(id))).collect();
    let added: Vec<Json> =
        (0..5).map(|id| json!({"id": id, "content": WORDS[id], "special": true})).collect();
    let json = json!({
        "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "lowercase": false, "strip_accents": null},
        "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]},
        "model": {"type": "WordPiece", "vocab": vocab, "unk_token": "[UNK]", "continuing_subword_prefix": "##"},
    });
    let written = with_json(9, &json).import().unwrap();
    check_words(&written);
    assert_eq!(written.file.bool("tokenizer.ggml.normalizer.lowercase"), Some(false));
    assert_eq!(written.get("tokenizer.ggml.normalizer.strip_accents"), None);

    let folder = llama(9);
    fs::remove_file(folder.path("tokenizer.json")).unwrap();
    folder.put("vocab.txt", WORDS.join("\r\n"));
    check_words(&folder.import().unwrap());
    folder.put_json("tokenizer_config.json", &json!({"do_lower_case": false, "strip_accents": true}));
    let written = folder.import().unwrap();
    check_words(&written);
    assert_eq!(written.file.bool("tokenizer.ggml.normalizer.lowercase"), Some(false));
    assert_eq!(written.file.bool("tokenizer.ggml.normalizer.strip_accents"), Some(true));

    let mut other = json;
    other["model"]["continuing_subword_prefix"] = json!("@@");
    assert!(with_json(9, &other).error().contains("otherwise than with ##"));
}

#[test]
fn unigram() {
    let map = [4_u32.to_le_bytes().as_slice(), &[0; 6]].concat();
    let json = |map: &[u8]| {
        json!({
            "added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 5, "content": "<mask>", "special": true}],
            "normalizer": {"type": "Sequence", "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": BASE64_STANDARD.encode(map)},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ]},
            "pre_tokenizer": {"type": "Metaspace", "add_prefix_space": true},
            "model": {"type": "Unigram", "unk_id": 1, "vocab": [["<s>", 0.0], ["<unk>", 0.0], ["▁a", -1.5], ["a", -2.5]]},
        })
    };
    let written = with_json(6, &json(&map)).import().unwrap();
    assert_eq!(written.file.str("tokenizer.ggml.model"), Some("t5"));
    assert_eq!(written.texts("tokenizer.ggml.tokens"), ["<s>", "<unk>", "▁a", "a", "[PAD4]", "<mask>"]);
    assert_eq!(kinds(&written), [3, 2, 1, 1, 5, 3]);
    assert_eq!(written.get("tokenizer.ggml.precompiled_charsmap"), Some(map.clone().into()));
    assert_eq!(written.file.bool("tokenizer.ggml.remove_extra_whitespaces"), Some(true));
    assert_eq!(written.file.bool("tokenizer.ggml.add_space_prefix"), Some(true));
    assert_eq!(with_json(6, &json(&[])).import().unwrap().get("tokenizer.ggml.precompiled_charsmap"), None);
    for damaged in [&map[..2], &map[..8]] {
        assert!(with_json(6, &json(damaged)).error().contains("damaged \"precompiled_charsmap\""));
    }
    let mut bytes = json(&map);
    bytes["model"]["byte_fallback"] = json!(true);
    assert!(with_json(6, &bytes).error().contains("tokens for bytes"));
}
