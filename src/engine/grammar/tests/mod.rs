//! Tests of the whole way from a constraint to the masks of an answer.

mod calls;
mod forms;
mod instances;
mod refusals;
mod schemas;
mod tools;

use std::sync::{Arc, LazyLock};

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use super::*;
use crate::engine::backend::Vocabulary;
use crate::engine::protocol::{Constraint, Form, Token};
use crate::engine::sampler::Mask;

/// A vocabulary of given texts; those of [`CONTROL`] are control tokens, and the last of all ends an answer.
pub(super) struct Vocab {
    texts: Vec<Vec<u8>>,
    pieces: Vec<Vec<u8>>,
}

const CONTROL: &[&str] = &["<|end|>", "<|start|>"];

impl Vocab {
    pub(super) fn new(texts: &[&str]) -> Self {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).chain([b"<|end|>".to_vec()]);
        Self::of(texts.collect(), CONTROL)
    }

    fn of(texts: Vec<Vec<u8>>, control: &[&str]) -> Self {
        let control = |text: &[u8]| control.iter().any(|control| control.as_bytes() == text);
        let pieces = texts.iter().map(|text| if control(text) { Vec::new() } else { text.clone() }).collect();
        Self { texts, pieces }
    }

    /// All bytes, and tokens as a model has them: parts of words and of JSON, some of them across its parts.
    fn rich() -> Self {
        Self::with(&[], CONTROL)
    }

    /// The same with more tokens; `control` are the control tokens among all.
    fn with(marks: &[&str], control: &[&str]) -> Self {
        let more = [
            "<|start|>",
            "<think>",
            "</think>",
            "<tool_call>",
            "</tool_call>",
            "</think>{",
            ">\n",
            ">{",
            "{\"",
            "\":",
            "\": \"",
            "\",",
            "\", \"",
            "\"}",
            "}}",
            "\"]",
            "],",
            "[]",
            "{}",
            "  ",
            "\n  ",
            "\n\n",
            "true",
            "false",
            "null",
            " true",
            "name",
            "arguments",
            "get_",
            "city",
            "the",
            " and",
            "ing",
            "er",
            "10",
            "00",
            "20",
            "-1",
            "1.",
            ".5",
            "e+",
            "é",
            "日本",
            "\\n",
            "\\u",
            "\\\"",
            "abc",
            "kind",
            "a\":",
            "circle",
            "@",
            ".com",
        ];
        let bytes = (0..=255).map(|byte| vec![byte]);
        let marks = marks.iter().filter(|mark| !more.contains(mark));
        let more = more.iter().chain(marks).map(|text| text.as_bytes().to_vec());
        Self::of(bytes.chain(more).chain([b"<|end|>".to_vec()]).collect(), control)
    }

    fn end(&self) -> Token {
        self.texts.len() as Token - 1
    }
}

impl Vocabulary for Vocab {
    fn tokenize(&self, _: &str) -> Result<Vec<Token>, String> {
        Err("never asked".into())
    }

    fn plain(&self, _: &str) -> Result<Vec<Token>, String> {
        Err("never asked".into())
    }

    fn detokenize(&self, _: &[Token]) -> Result<String, String> {
        Err("never asked".into())
    }

    fn len(&self) -> u32 {
        self.texts.len() as u32
    }

    fn piece(&self, token: Token) -> &[u8] {
        &self.pieces[token as usize]
    }

    fn spelled(&self, token: Token) -> Vec<u8> {
        self.texts[token as usize].clone()
    }

    fn special(&self, _: &str) -> Vec<(Token, Vec<u8>)> {
        Vec::new()
    }

    fn is_end(&self, token: Token) -> bool {
        token == self.end()
    }

    fn trailing(&self) -> Option<Token> {
        None
    }

    fn leading(&self) -> Option<Token> {
        None
    }
}

/// A vocabulary, and what the machinery of grammars knows of it.
type Tongue = (Vocab, Arc<Words>);

fn tongue(vocab: Vocab) -> Tongue {
    let words = Arc::new(Words::new(&vocab).unwrap());
    (vocab, words)
}

static RICH: LazyLock<Tongue> = LazyLock::new(|| tongue(Vocab::rich()));

/// A guide for a constraint over the rich vocabulary.
fn guide(constraint: &Constraint) -> Result<(Guide, Next), GrammarError> {
    Grammars::new(Arc::clone(&RICH.1)).guide(constraint)
}

fn form(form: Form) -> Constraint {
    Constraint::new(form)
}

fn schema(schema: &serde_json::Value) -> Constraint {
    form(Form::JsonSchema(schema.to_string()))
}

fn rng(seed: u64) -> Pcg64 {
    Pcg64::seed_from_u64(seed)
}

fn below(rng: &mut Pcg64, n: usize) -> usize {
    (rng.next_u64() % n as u64) as usize
}

fn mask(next: &Next) -> Option<&Mask> {
    match next {
        Next::Token(mask) => Some(mask),
        Next::End => None,
    }
}

/// What became of an answer that was written under masks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Written {
    /// It is complete.
    Whole,
    /// It may go on, and may not end.
    Part,
    /// No token that goes on with it is allowed, after so many bytes.
    Refused(usize),
}

/// Writes a text in tokens that are cut at random, as far as the masks allow it.
fn write(constraint: &Constraint, text: &str, seed: u64) -> Written {
    write_in(&RICH, constraint, text, seed)
}

fn write_in((vocab, words): &Tongue, constraint: &Constraint, text: &str, seed: u64) -> Written {
    let (mut guide, mut next) = Grammars::new(Arc::clone(words)).guide(constraint).unwrap();
    let (mut rng, mut at) = (rng(seed), 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let fits = |token: &Token| {
            let bytes = &vocab.texts[*token as usize];
            rest.starts_with(bytes) && mask(&next).is_some_and(|mask| mask.allows(*token))
        };
        let mut choice: Vec<Token> = (0..vocab.end()).filter(fits).collect();
        // What is a control token is not spelled out.
        if let Some(&control) = choice.iter().find(|token| vocab.pieces[**token as usize].is_empty()) {
            choice = vec![control];
        }
        if choice.is_empty() {
            return Written::Refused(at);
        }
        let token = choice[below(&mut rng, choice.len())];
        at += vocab.texts[token as usize].len();
        next = guide.advance(token).unwrap();
    }
    match mask(&next) {
        None => Written::Whole,
        Some(mask) if mask.allows(vocab.end()) => Written::Whole,
        Some(_) => Written::Part,
    }
}

/// Chooses tokens at random until the answer is complete; `None` if that takes more than some hundreds.
fn wander(constraint: &Constraint, seed: u64) -> Option<String> {
    wander_in(&RICH, constraint, &["\"", "}", "]"], seed)
}

/// `closing`: tokens that lead towards an end.
fn wander_in(
    (vocab, words): &Tongue,
    constraint: &Constraint,
    closing: &[&str],
    seed: u64,
) -> Option<String> {
    let (mut guide, mut next) = Grammars::new(Arc::clone(words)).guide(constraint).unwrap();
    let (mut rng, mut text) = (rng(seed), Vec::new());
    for _ in 0..600 {
        let Some(mask) = mask(&next) else { return Some(String::from_utf8(text).unwrap()) };
        let allowed: Vec<Token> = (0..vocab.len()).filter(|&token| mask.allows(token)).collect();
        assert!(!allowed.is_empty(), "a dead end after {:?}", String::from_utf8_lossy(&text));
        // Walks that are as likely to go on as to end would never come back.
        let ends = |token: &&Token| {
            let closes = |text: &&str| text.as_bytes() == vocab.texts[**token as usize];
            **token == vocab.end() || closing.iter().any(closes)
        };
        let closing: Vec<Token> = allowed.iter().filter(ends).copied().collect();
        let choice = if !closing.is_empty() && below(&mut rng, 3) > 0 { &closing } else { &allowed };
        let token = choice[below(&mut rng, choice.len())];
        if token == vocab.end() {
            return Some(String::from_utf8(text).unwrap());
        }
        text.extend_from_slice(&vocab.texts[token as usize]);
        next = guide.advance(token).unwrap_or_else(|error| {
            panic!("{error} after {:?} of {constraint:?}", String::from_utf8_lossy(&text))
        });
    }
    None
}
