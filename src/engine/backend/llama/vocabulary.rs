//! The vocabulary of a model.

use quipu_llama::Vocab;

use crate::engine::backend::{Infill, Vocabulary};
use crate::engine::protocol::Token;

/// The vocabulary of a model, with the bytes of all tokens at hand.
pub struct LlamaVocabulary {
    vocab: Vocab,
    bytes: Vec<u8>,
    /// Where the bytes of each token end.
    ends: Vec<u32>,
    end_tokens: Vec<bool>,
}

impl LlamaVocabulary {
    pub(super) fn new(vocab: Vocab) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(vocab.len() as usize));
        for token in 0..vocab.len() {
            vocab.piece(token, false, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        let end_tokens = (0..vocab.len()).map(|t| vocab.is_end(t)).collect();
        Self { vocab, bytes, ends, end_tokens }
    }

    /// The text of a special token, as a template spells it.
    fn spelled_if(&self, token: Option<Token>) -> String {
        let bytes = token.map(|token| self.spelled(token)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Begin-of-sequence as text; empty if there is none.
    #[must_use]
    pub fn bos(&self) -> String {
        self.spelled_if(self.vocab.bos())
    }

    /// End-of-sequence as text; empty if there is none.
    #[must_use]
    pub fn eos(&self) -> String {
        self.spelled_if(self.vocab.eos())
    }
}

impl Vocabulary for LlamaVocabulary {
    fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
        self.vocab.tokenize(text, true, true).map_err(|e| e.to_string())
    }

    fn plain(&self, text: &str) -> Result<Vec<Token>, String> {
        self.vocab.tokenize(text, false, false).map_err(|e| e.to_string())
    }

    fn detokenize(&self, tokens: &[Token]) -> Result<String, String> {
        self.vocab.detokenize(tokens).map_err(|e| e.to_string())
    }

    fn piece(&self, token: Token) -> &[u8] {
        let token = token as usize;
        let Some(&end) = self.ends.get(token) else { return &[] };
        let start = token.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..end as usize]
    }

    fn special(&self, text: &str) -> Vec<(Token, Vec<u8>)> {
        // A text that the vocabulary cannot spell holds none of its tokens.
        let tokens = self.vocab.tokenize(text, false, true).unwrap_or_default();
        let hidden = tokens.into_iter().filter(|token| self.piece(*token).is_empty());
        let spelled = hidden.map(|token| (token, self.spelled(token)));
        // A character that is no token is one that stands for the unknown, whose name the text has not.
        spelled
            .filter(|(_, token)| !token.is_empty() && text.contains(&*String::from_utf8_lossy(token)))
            .collect()
    }

    fn len(&self) -> u32 {
        self.vocab.len()
    }

    fn spelled(&self, token: Token) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.vocab.piece(token, true, &mut bytes);
        bytes
    }

    fn is_end(&self, token: Token) -> bool {
        self.end_tokens.get(token as usize).copied().unwrap_or(false)
    }

    fn leading(&self) -> Option<Token> {
        self.vocab.adds_bos().then(|| self.vocab.bos()).flatten()
    }

    fn trailing(&self) -> Option<Token> {
        self.vocab.trailing()
    }

    fn infill(&self) -> Option<Infill> {
        let [prefix, suffix, middle] = self.vocab.infill()?;
        Some(Infill { prefix, suffix, middle })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use quipu_llama::{Model, ModelParams};

    use super::*;

    #[test]
    fn special_tokens_have_text_only_where_it_is_asked_for() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/chasqui/chasqui.gguf");
        let model =
            Model::load(&path, &ModelParams { gpu_layers: Some(0), count: false }, &mut |_| true).unwrap();
        let vocabulary = LlamaVocabulary::new(model.vocab());
        let special = vocabulary.special("a <|im_start|> b");
        assert_eq!(special.len(), 1, "{special:?}");
        let (token, text) = &special[0];
        assert_eq!(text, b"<|im_start|>");
        assert!(vocabulary.piece(*token).is_empty());
        assert!(vocabulary.special("plain text").is_empty());
    }
}
