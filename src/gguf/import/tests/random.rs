//! Damage at random: it is an error or it is not seen, but nothing else happens.

use proptest::prelude::*;

use super::*;

const FILES: [&str; 5] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors",
    "model.safetensors.index.json",
];

/// One change of a file.
#[derive(Clone, Debug)]
enum Damage {
    Byte(usize, u8),
    Cut(usize),
    Insert(usize, Vec<u8>),
    /// Another number in place of one.
    Number(usize, i64),
}

fn damage() -> impl Strategy<Value = Damage> {
    let numbers =
        prop_oneof![Just(0), Just(1), Just(2), Just(-1), Just(3), Just(i64::from(i32::MAX)), any::<i64>()];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), proptest::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<usize>(), numbers).prop_map(|(at, number)| Damage::Number(at, number)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let len = bytes.len().max(1);
    match damage {
        Damage::Byte(at, byte) => bytes.iter_mut().skip(at % len).take(1).for_each(|b| *b = *byte),
        Damage::Cut(at) => bytes.truncate(at % len),
        Damage::Insert(at, inserted) => {
            let at = (at % len).min(bytes.len());
            bytes.splice(at..at, inserted.clone());
        }
        Damage::Number(at, number) => {
            let digits: Vec<usize> = (0..bytes.len()).filter(|n| bytes[*n].is_ascii_digit()).collect();
            let Some(start) = digits.get(at % digits.len().max(1)).copied() else { return };
            let end = (start..bytes.len()).find(|n| !bytes[*n].is_ascii_digit()).unwrap_or(bytes.len());
            bytes.splice(start..end, number.to_string().into_bytes());
        }
    }
}

proptest! {
    #[test]
    fn damaged_folders_do_no_harm(file in 0..FILES.len(), damages in proptest::collection::vec(damage(), 1..4)) {
        let folder = Folder::llama();
        folder.write();
        folder.put_json("tokenizer_config.json", &json!({
            "bos_token": "<s>", "added_tokens_decoder": {"4": {"content": "<x>", "special": true}},
            "chat_template": [{"name": "default", "template": "x"}],
        }));
        let map: serde_json::Map<String, Json> =
            folder.tensors.keys().map(|name| (name.clone(), json!("model.safetensors"))).collect();
        folder.put_json("model.safetensors.index.json", &json!({"weight_map": map}));
        let mut bytes = fs::read(folder.path(FILES[file])).unwrap();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        folder.put(FILES[file], bytes);
        let files = Files::from_folder(folder.dir.path()).unwrap();
        let options = ImportOptions { weights: Weights::F32, name: None };
        if let Ok(import) = Import::model(&files, &options) {
            // What passes can be written, and loaded.
            write(&import).unwrap();
        }
    }

    #[test]
    fn any_bytes_are_safe_in_any_file(file in 0..FILES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = Folder::llama();
        folder.write();
        folder.put(FILES[file], bytes);
        let files = Files::from_folder(folder.dir.path()).unwrap();
        prop_assert!(Import::model(&files, &ImportOptions::default()).is_err());
    }

    #[test]
    fn any_bytes_are_safe_as_a_sentencepiece_model(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = Folder::llama();
        folder.write();
        fs::remove_file(folder.path("tokenizer.json")).unwrap();
        folder.put("tokenizer.model", bytes);
        let files = Files::from_folder(folder.dir.path()).unwrap();
        prop_assert!(Import::model(&files, &ImportOptions::default()).is_err());
    }
}
