//! A byte-level BPE vocabulary of any size: all bytes, words with the space before them and all their beginnings, and
//! three special tokens at the end.
//!
//! Merges only ever add a letter to the beginning of a word. So a word that is in the vocabulary is always one token,
//! whatever stands around it, and the harness's own words are all in it, room provided.

use std::collections::HashSet;

use rand_core::SeedableRng;
use rand_pcg::Pcg64;

use crate::stats::below;
use crate::words::WORDS;

const BYTES: usize = 256;
/// Beginning, start of a message, end of a message.
const SPECIAL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
/// How GPT-2's alphabet writes a space.
const SPACE: char = 'Ġ';
/// Token types of llama.cpp.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
/// Letters of a made-up word, at most; each is a consonant and a vowel.
const SYLLABLES: usize = 5;

/// The tokens of a model.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokens: Vec<String>,
    merges: Vec<String>,
}

impl Vocabulary {
    /// Makes one of so many tokens; for bytes and special tokens there is always room.
    pub(super) fn new(size: u32) -> Self {
        let size = size as usize;
        let mut vocabulary =
            Self { tokens: (0..=u8::MAX).map(|byte| letter(byte).to_string()).collect(), merges: Vec::new() };
        let mut known: HashSet<String> = vocabulary.tokens.iter().cloned().collect();
        let room = size.saturating_sub(SPECIAL.len());
        for word in WORDS {
            vocabulary.add(word, room, &mut known);
        }
        let mut rng = Pcg64::seed_from_u64(0);
        while vocabulary.tokens.len() < room {
            vocabulary.add(&made_up(&mut rng), room, &mut known);
        }
        vocabulary.tokens.extend(SPECIAL.map(str::to_owned));
        vocabulary
    }

    /// Adds a word with the space before it, and all its beginnings, as far as there is room.
    fn add(&mut self, word: &str, room: usize, known: &mut HashSet<String>) {
        let mut token = SPACE.to_string();
        for letter in word.chars() {
            let merge = format!("{token} {letter}");
            token.push(letter);
            if known.contains(&token) {
                continue;
            }
            if self.tokens.len() >= room {
                return;
            }
            known.insert(token.clone());
            self.tokens.push(token.clone());
            self.merges.push(merge);
        }
    }

    pub(super) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    pub(super) fn merges(&self) -> &[String] {
        &self.merges
    }

    pub(super) fn types(&self) -> Vec<i32> {
        let special = self.tokens.len() - SPECIAL.len();
        (0..self.tokens.len()).map(|id| if id < special { NORMAL } else { CONTROL }).collect()
    }

    pub(super) fn beginning(&self) -> u32 {
        (self.tokens.len() - SPECIAL.len()) as u32
    }

    pub(super) fn end(&self) -> u32 {
        self.tokens.len() as u32 - 1
    }

    /// Whether a reply may hold it: it is text by itself, and no special token. Prompts end with one of these, be it the
    /// end of a line that the template puts there.
    pub(super) fn may_be_said(&self, id: usize) -> bool {
        let byte = id as u8;
        let is_text = id >= BYTES || matches!(byte, b' ' | b'\n') || byte.is_ascii_graphic();
        is_text && id < self.tokens.len() - SPECIAL.len()
    }
}

/// The letter that GPT-2 writes for a byte: itself if it can be printed, else one from 256 on.
fn letter(byte: u8) -> char {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if printable(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|byte| !printable(*byte)).count() as u32;
    char::from_u32(256 + before).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn made_up(rng: &mut Pcg64) -> String {
    const CONSONANTS: &[u8] = b"bcdfghjklmnpqrstvwxz";
    const VOWELS: &[u8] = b"aeiouy";
    let mut word = String::new();
    for _ in 0..1 + below(rng, SYLLABLES) {
        word.push(char::from(CONSONANTS[below(rng, CONSONANTS.len())]));
        word.push(char::from(VOWELS[below(rng, VOWELS.len())]));
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact_and_tokens_differ() {
        for size in [512, 1000, 32_000] {
            let vocabulary = Vocabulary::new(size);
            let different: HashSet<&String> = vocabulary.tokens().iter().collect();
            assert_eq!((vocabulary.tokens().len(), different.len()), (size as usize, size as usize));
            assert_eq!(vocabulary.merges().len(), size as usize - BYTES - SPECIAL.len());
            assert_eq!(vocabulary.types().len(), size as usize);
        }
    }

    #[test]
    fn merges_join_tokens_to_tokens() {
        let vocabulary = Vocabulary::new(2000);
        let known: HashSet<&str> = vocabulary.tokens().iter().map(String::as_str).collect();
        for merge in vocabulary.merges() {
            let (left, right) = merge.split_once(' ').unwrap();
            assert!(
                known.contains(left) && known.contains(right) && known.contains(&*format!("{left}{right}"))
            );
        }
        assert!(WORDS.iter().all(|word| known.contains(&*format!("{SPACE}{word}"))));
    }

    #[test]
    fn bytes_are_written_as_gpt_2_does() {
        assert_eq!([b' ', b'\n', b'a', 0, 0x7f, 0xad, 0xff].map(letter), ['Ġ', 'Ċ', 'a', 'Ā', 'ġ', 'Ń', 'ÿ']);
    }

    #[test]
    fn what_may_be_said() {
        let vocabulary = Vocabulary::new(600);
        let said = |id: usize| vocabulary.may_be_said(id);
        assert!([b'a', b' ', b'\n'].iter().all(|byte| said(usize::from(*byte))) && said(300));
        assert!(!said(0) && !said(0x80) && !said(599) && !said(597) && !said(usize::from(b'\r')));
    }
}
