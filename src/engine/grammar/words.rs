//! The vocabulary as the machinery of grammars needs it.

use std::sync::Arc;

use llguidance::ParserFactory;
use llguidance::toktrie::{
    ApproximateTokEnv, INVALID_TOKEN, InferenceCapabilities, TokEnv, TokRxInfo, TokTrie,
};

use super::gbnf;
use crate::engine::backend::Vocabulary;
use crate::engine::protocol::Token;

/// How llguidance tells tokens that are no text, such as `<|im_end|>`, from text that looks the same.
const NO_TEXT: u8 = TokTrie::SPECIAL_TOKEN_MARKER;

/// States that the lexer of one grammar may have, of one or two kilobytes each.
const LEXER_STATES: usize = 100_000;

/// Expressions that a lexer may make for one token. Lengths beside patterns take more than llguidance's own limit of a tenth of
/// that, which shows only while an answer is written.
const STEP_FUEL: u64 = 2_000_000;

/// The tokens of a model, by their bytes, and what is known of them once and for all.
pub struct Words {
    pub(super) factory: ParserFactory,
    /// The bytes of each token, control tokens spelled out.
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Tokens that end generation, lower ids first.
    end_tokens: Vec<Token>,
    /// The set of tokens that are nothing but white space.
    spaces: Vec<u32>,
    /// Tokens that are no text, the longest first.
    marks: Vec<Token>,
}

impl Words {
    /// Reads a vocabulary. Takes some 0.1 s for 150,000 tokens.
    ///
    /// # Errors
    /// If it is larger than llguidance can have it.
    pub fn new(vocabulary: &dyn Vocabulary) -> Result<Self, String> {
        let count = vocabulary.len();
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(count as usize));
        let mut texts = Vec::with_capacity(count as usize);
        let (mut end_tokens, mut spaces) = (Vec::new(), vec![0_u32; (count as usize).div_ceil(32)]);
        let mut marks = Vec::new();
        for token in 0..count {
            let spelled = vocabulary.spelled(token);
            let piece = vocabulary.piece(token);
            if vocabulary.is_end(token) {
                end_tokens.push(token);
            }
            if !piece.is_empty() && piece.iter().all(u8::is_ascii_whitespace) {
                spaces[token as usize / 32] |= 1 << (token % 32);
            }
            if piece.is_empty() && !spelled.is_empty() {
                marks.push((spelled.len(), token));
            }
            texts.push(text(vocabulary, token, piece, &spelled));
            bytes.extend_from_slice(&spelled);
            ends.push(bytes.len() as u32);
        }
        // Tokens that end generation are allowed where a grammar is complete. Where a vocabulary has none, no token
        // is, and guides say themselves that they are at their end.
        let mut trie = TokTrie::from(&TokRxInfo::new(count, INVALID_TOKEN), &texts);
        if !end_tokens.is_empty() {
            trie = trie.with_eos_tokens(&end_tokens);
        }
        // "Approximate": it cannot say which tokens the model's own tokenizer would choose, which only matters when
        // text is forced on a model without asking it.
        let environment: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let slices = llguidance::earley::SlicedBiasComputer::general_slices();
        let mut factory = ParserFactory::new(&environment, InferenceCapabilities::default(), &slices)
            .map_err(|error| error.to_string())?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        factory.limits_mut().max_lexer_states = LEXER_STATES;
        factory.limits_mut().step_lexer_fuel = STEP_FUEL;
        marks.sort_unstable_by_key(|&(length, token)| (std::cmp::Reverse(length), token));
        let marks = marks.into_iter().map(|(_, token)| token).collect();
        Ok(Self { factory, bytes, ends, end_tokens, spaces, marks })
    }

    /// Tokens in the vocabulary.
    pub(super) fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    /// The bytes of a token, control tokens spelled out; none for an id that is no token.
    pub(super) fn spelled(&self, token: Token) -> &[u8] {
        let token = token as usize;
        let Some(&end) = self.ends.get(token) else { return &[] };
        let start = token.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..end as usize]
    }

    /// A text up to the first token that is no text, and the rest.
    pub(super) fn split<'t>(&self, text: &'t str) -> (&'t str, &'t str) {
        let is_mark = |(at, _): &(usize, char)| {
            self.marks.iter().any(|mark| text.as_bytes()[*at..].starts_with(self.spelled(*mark)))
        };
        text.split_at(text.char_indices().find(is_mark).map_or(text.len(), |(at, _)| at))
    }

    /// A text as Lark: what is spelled as a token that is no text is that token. Nothing for nothing.
    pub(super) fn lark(&self, text: &str) -> String {
        let (mut lark, mut plain, mut rest) = (String::new(), String::new(), text);
        let flush = |lark: &mut String, plain: &mut String| {
            if !plain.is_empty() {
                *lark += &format!(" /{}/", gbnf::literal(&std::mem::take(plain)));
            }
        };
        while let Some(first) = rest.chars().next() {
            let mark = |token: &&Token| rest.as_bytes().starts_with(self.spelled(**token));
            let Some(&token) = self.marks.iter().find(mark) else {
                plain.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            flush(&mut lark, &mut plain);
            lark += &format!(" <[{token}]>");
            rest = &rest[self.spelled(token).len()..];
        }
        flush(&mut lark, &mut plain);
        lark
    }

    /// Tokens that end generation, lower ids first.
    pub(super) fn end_tokens(&self) -> &[Token] {
        &self.end_tokens
    }

    /// The set of tokens that are nothing but white space.
    pub(super) fn spaces(&self) -> &[u32] {
        &self.spaces
    }

    /// Whether a token is nothing but white space.
    pub(super) fn is_space(&self, token: Token) -> bool {
        self.spaces.get(token as usize / 32).is_some_and(|word| word >> (token % 32) & 1 == 1)
    }

    /// Whether a set holds nothing but white space and tokens that end generation.
    pub(super) fn only_space(&self, set: &[u32]) -> bool {
        set.iter().enumerate().all(|(index, &word)| {
            let rest = word & !self.spaces.get(index).copied().unwrap_or(0);
            let ends = || self.end_tokens.iter().filter(|&&token| token as usize / 32 == index);
            rest == 0 || rest & !ends().fold(0, |bits, token| bits | 1 << (token % 32)) == 0
        })
    }
}

/// What llguidance reads of a token; nothing for tokens that can be no part of a text.
fn text(vocabulary: &dyn Vocabulary, token: Token, piece: &[u8], spelled: &[u8]) -> Vec<u8> {
    if vocabulary.is_end(token) || piece.is_empty() {
        let name = if spelled.is_empty() { format!("<[{token}]>").into_bytes() } else { spelled.to_vec() };
        return [&[NO_TEXT], name.as_slice()].concat();
    }
    // No character has this byte, and llguidance would take it for the mark.
    if piece.contains(&NO_TEXT) { Vec::new() } else { piece.to_vec() }
}
