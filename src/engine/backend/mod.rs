//! The border between policy and computation.
//!
//! The scheduler, the prefix cache and the page accounting speak to a [`Backend`]: a pool of cells, sequences
//! that own cells, and a forward pass. Two implementations: [`llama`] (llama.cpp) and [`mock`], which computes
//! nothing, checks everything, and makes every answer depend on the whole past of its sequence.

pub mod llama;
pub mod mock;

use std::ops::Range;

use super::protocol::{DeviceMemory, Token};

/// A sequence id, `0..Capabilities::sequences`.
pub type SeqId = u32;

/// What a backend can do, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Cells of the pool; each holds one token of one or more sequences.
    pub cells: u32,
    /// Most tokens in one forward pass.
    pub batch_tokens: u32,
    /// Sequence ids.
    pub sequences: u32,
    /// Tokens in the vocabulary.
    pub vocab: u32,
    /// Whether a part of a sequence can be copied and removed. Recurrent memories cannot: they are one
    /// state, good for the whole sequence only.
    pub partial: bool,
    /// Whether decode tokens and prompt chunks fit into one forward pass. Where they do not (recurrent and
    /// hybrid models under llama.cpp), mixing them costs extra passes.
    pub mixed: bool,
    /// After how many rows of forward passes a cell that nobody uses has cost as much as computing it anew
    /// would: every row looks at the mask of every cell. `None` if that is not known, or never.
    pub keep_rows: Option<u32>,
}

/// One token of a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchToken {
    /// The token.
    pub token: Token,
    /// Its position in the sequence, from 0.
    pub position: u32,
    /// The sequence.
    pub sequence: SeqId,
    /// Whether its logits are wanted.
    pub output: bool,
}

/// Why a forward pass failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No free cells; nothing was done.
    #[error("no free cells in the KV pool")]
    NoSlot,
    /// The pass failed. The sequences of the batch may hold more than before, and nothing behind what they
    /// held can be trusted.
    #[error("{0}")]
    Failed(String),
}

/// A pool of cells and the forward pass over it.
pub trait Backend {
    /// What it can do. Constant.
    fn capabilities(&self) -> Capabilities;

    /// One forward pass. The positions of each sequence go on where its cells end.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn decode(&mut self, batch: &[BatchToken]) -> Result<(), DecodeError>;

    /// Logits of the `row`-th output of the last pass, one for each token of the vocabulary.
    fn logits(&self, row: usize) -> &[f32];

    /// Adds the cells of `from` at `positions` to sequence `to`. No data moves.
    fn copy(&mut self, from: SeqId, to: SeqId, positions: Range<u32>);

    /// Lets `to` give up its own cells at `positions` and share those of `from`, which hold the same tokens
    /// after the same past. Only for backends that can do it in part, as [`Self::copy`] and
    /// [`Self::remove`].
    fn replace(&mut self, from: SeqId, to: SeqId, positions: Range<u32>);

    /// Takes the cells from `positions.start` on from a sequence; those that belong to no other become free.
    /// `positions.end` is its end.
    fn remove(&mut self, sequence: SeqId, positions: Range<u32>);

    /// Takes all cells from a sequence.
    fn clear(&mut self, sequence: SeqId);

    /// How many positions a sequence holds, from 0 on without gaps.
    fn held(&mut self, sequence: SeqId) -> u32;
}

/// What an [`Embedder`] takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbedderSizes {
    /// Most tokens of the texts that share a pass.
    pub pass_tokens: u32,
    /// Most texts that share a pass.
    pub texts: u32,
    /// Most tokens of one text; more than `pass_tokens` if it is alone.
    pub text_tokens: u32,
    /// Numbers in a vector.
    pub width: u32,
}

/// Tokens to vectors, one for each text. Keeps nothing from one call to the next.
pub trait Embedder: Send {
    /// What it takes. Constant.
    fn sizes(&self) -> EmbedderSizes;

    /// One vector for each text, not normalised. There is one text at least, none is empty, and together they are
    /// within [`Self::sizes`].
    ///
    /// # Errors
    /// With the reason, if the pass failed.
    fn embed(&mut self, texts: &[&[Token]]) -> Result<Vec<Vec<f32>>, String>;

    /// What the whole engine takes of each device, this context included. Longer texts can make it more. Empty if nothing
    /// is known.
    fn memory(&self) -> Vec<DeviceMemory> {
        Vec::new()
    }
}

/// The tokens around text that a model is to insert: `prefix`, the text in front, `suffix`, the text behind, `middle`,
/// and then the model goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Infill {
    /// Before the text in front.
    pub prefix: Token,
    /// Before the text behind.
    pub suffix: Token,
    /// Before what is inserted.
    pub middle: Token,
}

/// Text to tokens and back. Shared by the threads of an engine.
pub trait Vocabulary: Send + Sync {
    /// Tokenises with special tokens recognised and those added that the vocabulary wants.
    ///
    /// # Errors
    /// With the reason, if the model has no tokenizer.
    fn tokenize(&self, text: &str) -> Result<Vec<Token>, String>;

    /// Tokenises without recognising or adding special tokens.
    ///
    /// # Errors
    /// As [`Self::tokenize`].
    fn plain(&self, text: &str) -> Result<Vec<Token>, String>;

    /// Text of tokens, with special tokens spelled out and added ones removed.
    ///
    /// # Errors
    /// With the reason, if an id is not in the vocabulary.
    fn detokenize(&self, tokens: &[Token]) -> Result<String, String>;

    /// Tokens in the vocabulary.
    fn len(&self) -> u32;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of one token; empty for control tokens.
    fn piece(&self, token: Token) -> &[u8];

    /// The special tokens that a text holds, which [`Self::piece`] leaves out, and how they are spelled.
    fn special(&self, text: &str) -> Vec<(Token, Vec<u8>)>;

    /// The bytes of one token, with control tokens spelled out as templates write them.
    fn spelled(&self, token: Token) -> Vec<u8>;

    /// Whether a token ends generation.
    fn is_end(&self, token: Token) -> bool;

    /// The token that [`Self::tokenize`] puts in front, if it does.
    fn leading(&self) -> Option<Token>;

    /// The token that [`Self::tokenize`] puts behind a text, if it does.
    fn trailing(&self) -> Option<Token>;

    /// The tokens around text that the model is to insert, if it was trained to.
    fn infill(&self) -> Option<Infill> {
        None
    }
}
