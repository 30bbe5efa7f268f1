//! Embedding models of the BERT kind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Family, Rewrite};
use crate::gguf::{Text, Value};

/// How characters are normalised, as SentencePiece compiles it. llama.cpp reads bytes; snowflake-arctic-embed2 has
/// them in base64, one character a string.
const CHARSMAP: &str = "tokenizer.ggml.precompiled_charsmap";

pub(super) const SNOWFLAKE: Family =
    Family { architectures: &["bert"], is_old: |file| charsmap(file.get(CHARSMAP)).is_some(), correct };

fn correct(rewrite: &mut Rewrite) {
    if let Some(bytes) = charsmap(rewrite.get(CHARSMAP)) {
        rewrite.set(CHARSMAP, bytes);
    }
}

fn charsmap(value: Option<&Value>) -> Option<Vec<u8>> {
    let characters = value?.as_array()?.as_strings()?;
    STANDARD.decode(characters.iter().map(Text::as_bytes).collect::<Vec<_>>().concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_in_base64_one_character_a_string() {
        let value = Value::from(["S", "G", "V", "5", "A", "A", "=", "="].as_slice());
        assert_eq!(charsmap(Some(&value)), Some(b"Hey\0".to_vec()));
        assert_eq!(charsmap(Some(&vec![72_u8].into())), None);
        assert_eq!(charsmap(Some(&["?"].as_slice().into())), None);
        assert_eq!(charsmap(None), None);
    }
}
