//! Vocabularies: the tokens of a model, and how text is cut into them.
//!
//! ```text
//!  what the folder has                                   tokenizer.ggml.model    module
//!  tokenizer.json  BPE over bytes (GPT-2, Llama 3, Qwen)  gpt2                    bytes
//!                  BPE over characters                    llama                   pieces
//!                  WordPiece                              bert                    words
//!                  Unigram                                t5                      unigram
//!  tokenizer.model SentencePiece BPE (Llama 2, Gemma)     llama                   pieces
//!  vocab.txt       WordPiece                              bert                    words
//! ```
//!
//! There are as many tokens as the embeddings have rows: ids without a token are filled up, and added tokens
//! beyond are left out, since llama.cpp wants both to agree.

mod bytes;
mod json;
mod pieces;
mod pre;
pub(super) mod sentencepiece;
mod special;
mod unigram;
mod words;

use std::collections::HashMap;

use super::error::ImportError;
use super::files::Files;
use super::header::Header;
use crate::gguf::{Text, Value};
use json::{Added, TokenizerJson};

const JSON: &str = "tokenizer.json";
const MODEL: &str = "tokenizer.model";
const CONFIG: &str = "tokenizer_config.json";

/// More tokens than any vocabulary has.
const MAX_TOKENS: u64 = 1 << 24;
/// The score of tokens that are added to a vocabulary with scores.
const ADDED_SCORE: f32 = -1000.0;
/// The score of ids that have no token.
const UNUSED_SCORE: f32 = -10000.0;
/// Stands for a space in SentencePiece.
const SPACE: char = '▁';

/// What a token is for: the numbers are those of `tokenizer.ggml.token_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal = 1,
    Unknown = 2,
    /// Matched only where special tokens are wanted, and not shown.
    Control = 3,
    /// Matched in all texts before they are cut.
    UserDefined = 4,
    Unused = 5,
    /// A single byte, for what the other tokens have not.
    Byte = 6,
}

#[derive(Clone, Debug)]
struct Token {
    text: String,
    score: f32,
    kind: Kind,
}

/// The tokens of a model by id.
#[derive(Debug)]
struct Tokens {
    /// The file that the ids come from, for messages.
    file: &'static str,
    slots: Vec<Option<Token>>,
}

impl Tokens {
    fn new(file: &'static str, rows: u64) -> Result<Self, ImportError> {
        if rows > MAX_TOKENS {
            return Err(ImportError::file(
                file,
                format!("cannot have the {rows} tokens that the weights are made for"),
            ));
        }
        Ok(Self { file, slots: vec![None; rows as usize] })
    }

    /// Sets a token of the vocabulary proper.
    fn set(&mut self, id: u64, text: &str, score: f32, kind: Kind) -> Result<(), ImportError> {
        let rows = self.slots.len();
        let Some(slot) = usize::try_from(id).ok().and_then(|id| self.slots.get_mut(id)) else {
            let problem = format!("has token {id}, but the embeddings of the model have only {rows} rows");
            return Err(ImportError::file(self.file, problem));
        };
        if let Some(token) = slot {
            let problem = format!("has two tokens with id {id}: {:?} and {text:?}", token.text);
            return Err(ImportError::file(self.file, problem));
        }
        *slot = Some(Token { text: text.to_owned(), score, kind });
        Ok(())
    }

    /// Adds or replaces a token. Beyond the rows of the embeddings, it could never be used.
    fn add(&mut self, added: &Added) {
        let Some(slot) = usize::try_from(added.id).ok().and_then(|id| self.slots.get_mut(id)) else { return };
        let was_unknown = slot.as_ref().is_some_and(|t| t.kind == Kind::Unknown && t.text == added.content);
        let (kind, text) = if was_unknown {
            (Kind::Unknown, added.content.clone())
        } else if added.special || looks_special(&added.content) {
            (Kind::Control, added.content.clone())
        } else {
            // Such tokens are looked for in the text as it is, with its spaces.
            (Kind::UserDefined, added.content.replace(SPACE, " "))
        };
        *slot = Some(Token { text, score: ADDED_SCORE, kind });
    }

    /// All tokens, with something for every id. llama.cpp aborts if two are alike.
    fn finish(self) -> Result<Vec<Token>, ImportError> {
        let unused = |id| Token { text: format!("[PAD{id}]"), score: UNUSED_SCORE, kind: Kind::Unused };
        let tokens: Vec<Token> =
            self.slots.into_iter().enumerate().map(|(id, slot)| slot.unwrap_or_else(|| unused(id))).collect();
        let mut ids = HashMap::with_capacity(tokens.len());
        for (id, token) in tokens.iter().enumerate() {
            if token.text.contains('\0') {
                return Err(ImportError::file(self.file, format!("has a zero byte in token {id}")));
            }
            if let Some(other) = ids.insert(&token.text, id) {
                let problem = format!("has the token {:?} twice, with ids {other} and {id}", token.text);
                return Err(ImportError::file(self.file, problem));
            }
        }
        Ok(tokens)
    }
}

/// Some vocabularies do not mark as special what is: llama.cpp would show such tokens to users.
fn looks_special(text: &str) -> bool {
    let framed = |start, end| text.starts_with(start) && text.ends_with(end);
    ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(&text)
        || framed("<|", "|>")
        || framed("<｜", "｜>")
        || framed("<unused", ">")
}

/// A vocabulary, ready to be written.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// `tokenizer.ggml.model`.
    model: &'static str,
    /// `tokenizer.ggml.pre`: how text is cut before it is tokenised.
    pre: &'static str,
    tokens: Vec<Token>,
    /// Pairs of tokens that become one, in order, with a space between.
    merges: Option<Vec<String>>,
    /// Further entries, without `tokenizer.ggml.`.
    extra: Vec<(&'static str, Value)>,
    /// The tokens around texts, as tokenizer.json has them.
    frame: Option<special::Frame>,
    /// Whether special tokens take the white space behind them with them.
    strips: bool,
}

impl Vocabulary {
    /// Reads the vocabulary of a model whose embeddings have this many rows.
    pub(super) fn read(files: &Files, rows: u64) -> Result<Self, ImportError> {
        let json = match files.text(JSON)? {
            Some(text) => Some(TokenizerJson::parse(JSON, &text)?),
            None => None,
        };
        let mut vocabulary = match &json {
            Some(json) if json.is_unigram() => unigram::read(json, rows)?,
            Some(json) if json.is_words() => words::from_json(json, files, rows)?,
            Some(json) if json.is_bytes() => bytes::read(json, files, rows)?,
            Some(_) if files.contains(MODEL) => pieces::from_model(json.as_ref(), files, rows)?,
            Some(json) => pieces::from_json(json, files, rows)?,
            None if files.contains(MODEL) => pieces::from_model(None, files, rows)?,
            None if files.contains("vocab.txt") => words::from_text(files, rows)?,
            None => return Err(ImportError::missing(JSON, "the vocabulary is in it")),
        };
        vocabulary.frame = json.as_ref().and_then(special::Frame::read);
        vocabulary.strips = json.as_ref().is_some_and(TokenizerJson::strips);
        Ok(vocabulary)
    }

    fn new(model: &'static str, tokens: Vec<Token>) -> Self {
        Self { model, pre: "default", tokens, merges: None, extra: Vec::new(), frame: None, strips: false }
    }

    /// Whether special tokens take the white space behind them with them.
    pub(super) fn strips(&self) -> bool {
        self.strips
    }

    /// Adds the entries to the metadata, together with those for special tokens and the chat template.
    pub(super) fn describe(self, files: &Files, header: &mut Header) -> Result<(), ImportError> {
        header.set("tokenizer.ggml.model", self.model);
        header.set("tokenizer.ggml.pre", self.pre);
        special::describe(&self, files, header)?;
        let texts: Vec<Text> = self.tokens.iter().map(|token| Text::from(token.text.as_str())).collect();
        let kinds: Vec<i32> = self.tokens.iter().map(|token| token.kind as i32).collect();
        header.set("tokenizer.ggml.tokens", texts);
        header.set("tokenizer.ggml.token_type", kinds);
        if matches!(self.model, "llama" | "t5") {
            header.set(
                "tokenizer.ggml.scores",
                self.tokens.iter().map(|token| token.score).collect::<Vec<f32>>(),
            );
        }
        if let Some(merges) = self.merges {
            header.set("tokenizer.ggml.merges", merges.into_iter().map(Text::from).collect::<Vec<_>>());
        }
        for (name, value) in self.extra {
            header.set(format!("tokenizer.ggml.{name}"), value);
        }
        Ok(())
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.id(text).is_some()
    }

    /// The id of a token by its text.
    fn id(&self, text: &str) -> Option<u32> {
        let id = self.tokens.iter().position(|token| token.text == text)?;
        u32::try_from(id).ok()
    }

    /// An id, if it is that of a special token.
    fn special(&self, id: u64) -> Option<u32> {
        let token = self.tokens.get(usize::try_from(id).ok()?)?;
        matches!(token.kind, Kind::Control | Kind::Unknown).then_some(u32::try_from(id).ok()?)
    }
}
