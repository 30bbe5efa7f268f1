//! `tokenizer.model`: the protocol buffer of SentencePiece, as far as it matters. Numbers are those of its
//! `sentencepiece_model.proto`.

use prost::Message;

use super::super::error::ImportError;

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pub pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    pub trainer: Option<Trainer>,
    #[prost(message, optional, tag = "3")]
    pub normalizer: Option<Normalizer>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Piece {
    #[prost(string, optional, tag = "1")]
    pub piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub score: Option<f32>,
    /// 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
    #[prost(int32, optional, tag = "3")]
    pub kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Trainer {
    /// 1 unigram, 2 BPE, 3 words, 4 characters.
    #[prost(int32, optional, tag = "3")]
    pub model_type: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Normalizer {
    #[prost(bool, optional, tag = "3")]
    pub add_dummy_prefix: Option<bool>,
}

const BPE: i32 = 2;

impl ModelProto {
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, ImportError> {
        let model = Self::decode(bytes)
            .map_err(|error| ImportError::file(file, format!("is no model of SentencePiece: {error}")))?;
        if model.pieces.is_empty() {
            return Err(ImportError::file(file, "is no model of SentencePiece: it has no pieces"));
        }
        // A missing type is unigram.
        if model.trainer.as_ref().and_then(|trainer| trainer.model_type) != Some(BPE) {
            return Err(ImportError::file(
                file,
                "is not a BPE, the only kind that is imported: add tokenizer.json",
            ));
        }
        Ok(model)
    }

    /// Whether a space is put in front of texts; the default is that it is.
    pub(super) fn adds_space(&self) -> bool {
        self.normalizer.as_ref().and_then(|normalizer| normalizer.add_dummy_prefix).unwrap_or(true)
    }
}
