//! Tables that say which tensors a kind of model has, what they are called on either side, and their shapes.

use super::tensor::Change;

/// A size that shapes are made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dim {
    /// Tokens of the vocabulary.
    Vocabulary,
    /// The hidden state.
    Width,
    /// All heads of the queries.
    Queries,
    /// All heads of the keys, which is also that of the values.
    Keys,
    /// Queries, keys and values in one.
    Fused,
    /// One head.
    Head,
    /// The feed-forward network.
    FeedForward,
    /// Two of these in one: gate and up.
    GateAndUp,
    /// Positions that have an embedding.
    Positions,
    /// Kinds of sentences, in BERT.
    TokenTypes,
}

/// The sizes of a model.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sizes {
    pub vocabulary: u64,
    pub width: u64,
    pub heads: u64,
    pub kv_heads: u64,
    pub head: u64,
    pub feed_forward: u64,
    pub positions: u64,
    pub token_types: u64,
}

impl Sizes {
    /// No overflow: sizes are below 2^31, see `Object::size`.
    pub(super) fn of(&self, dim: Dim) -> u64 {
        match dim {
            Dim::Vocabulary => self.vocabulary,
            Dim::Width => self.width,
            Dim::Queries => self.heads * self.head,
            Dim::Keys => self.kv_heads * self.head,
            Dim::Fused => self.of(Dim::Queries) + 2 * self.of(Dim::Keys),
            Dim::Head => self.head,
            Dim::FeedForward => self.feed_forward,
            Dim::GateAndUp => 2 * self.feed_forward,
            Dim::Positions => self.positions,
            Dim::TokenTypes => self.token_types,
        }
    }
}

/// A tensor that a kind of model has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Its name in the checkpoint, without what stands in front of all names and without the layer.
    pub theirs: &'static str,
    /// Its name in GGUF, without the layer.
    pub ours: &'static str,
    /// Its shape, rows first.
    pub shape: &'static [Dim],
    pub change: RowChange,
    /// Whether models without it exist.
    pub optional: bool,
}

/// A [`Change`] whose numbers depend on the model.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowChange {
    None,
    PlusOne,
    Heads,
}

pub(super) const fn row(theirs: &'static str, ours: &'static str, shape: &'static [Dim]) -> Row {
    Row { theirs, ours, shape, change: RowChange::None, optional: false }
}

impl Row {
    /// Models without it exist.
    pub(super) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Its heads are reordered, see [`Change::Heads`].
    pub(super) const fn heads(self) -> Self {
        Self { change: RowChange::Heads, ..self }
    }

    /// One is added, see [`Change::PlusOne`].
    pub(super) const fn plus_one(self) -> Self {
        Self { change: RowChange::PlusOne, ..self }
    }

    pub(super) fn change(&self, sizes: &Sizes) -> Change {
        match self.change {
            RowChange::None => Change::None,
            RowChange::PlusOne => Change::PlusOne,
            RowChange::Heads => Change::Heads { rows: sizes.head },
        }
    }
}
