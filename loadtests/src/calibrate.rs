//! Prompts of an exact number of tokens, for any server.
//!
//! Not every server tells how it tokenizes, but all count the tokens of a prompt. So the harness looks for words that
//! are one token each: a prompt of a group of words must count as many tokens more than one without them as there are
//! words; groups that do not are halved and tried again. What a prompt counts beyond its words, for the template and
//! the word that starts every text, is the *overhead*. A last prompt, of many words, checks the sum.
//!
//! The prompts that are measured are never sent before: they would be in the server's prefix cache.

use rand_core::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::dialect::{Message, Role};
use crate::error::LoadError;
use crate::stats::below;
use crate::words::{STARTER, WORDS};

/// Words that are tried together first.
const GROUP: usize = 32;
/// With so many words, nobody looks for more.
const ENOUGH: usize = 64;
/// With fewer words, prompts would be too much alike.
const FEWEST: usize = 8;
/// Words of the prompt that checks the sum.
const CHECK: usize = 48;

/// What is known of a server's tokenizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Words to build prompts of.
    #[serde(skip)]
    pub words: Vec<String>,
    /// Tokens of a word: 1 if the calibration is exact, else the mean.
    pub tokens_per_word: f64,
    /// Tokens of a prompt of one message beyond its words.
    pub overhead: u32,
    /// The same, with a system message before.
    pub system_overhead: u32,
    /// Whether counts can be foretold.
    pub exact: bool,
}

impl Calibration {
    /// Nothing is known: a word counts as a token.
    #[must_use]
    pub fn unknown() -> Self {
        let words = WORDS.map(str::to_owned).to_vec();
        Self { words, tokens_per_word: 1.0, overhead: 0, system_overhead: 0, exact: false }
    }

    /// The words that a prompt of so many tokens needs; at least 1.
    #[must_use]
    pub fn words_for(&self, tokens: u32, with_system: bool) -> u32 {
        let words = f64::from(tokens.saturating_sub(self.overhead(with_system))) / self.tokens_per_word;
        (words.round() as u32).max(1)
    }

    /// The tokens that a prompt of so many words will count; `None` if that cannot be foretold.
    #[must_use]
    pub fn tokens_of(&self, words: u32, with_system: bool) -> Option<u32> {
        self.exact.then(|| words + self.overhead(with_system))
    }

    fn overhead(&self, with_system: bool) -> u32 {
        if with_system { self.system_overhead } else { self.overhead }
    }
}

/// A text of these words, with the starter before them.
#[must_use]
pub fn text<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = STARTER.to_owned();
    for word in words {
        text.push(' ');
        text.push_str(word);
    }
    text
}

fn message(role: Role, words: &[&str]) -> Message {
    Message { role, content: text(words.iter().copied()) }
}

/// Finds out what a server makes of `candidates`. `count` asks for the number of tokens of a conversation.
///
/// # Errors
/// Those of `count`.
pub async fn calibrate(
    candidates: &[String],
    count: impl AsyncFn(Vec<Message>) -> Result<u32, LoadError>,
) -> Result<Calibration, LoadError> {
    let plain = async |words: &[&str]| count(vec![message(Role::User, words)]).await;
    let overhead = plain(&[]).await?;
    let mut words: Vec<&str> = Vec::new();
    // Groups still to be tried; the first ones last.
    let mut groups: Vec<Vec<&str>> =
        candidates.chunks(GROUP).rev().map(|group| group.iter().map(String::as_str).collect()).collect();
    while let Some(group) = groups.pop() {
        if words.len() >= ENOUGH {
            break;
        }
        let tokens = plain(&group).await?.saturating_sub(overhead);
        if tokens as usize == group.len() {
            words.extend(group);
        } else if group.len() > 1 {
            let (first, second) = group.split_at(group.len() / 2);
            groups.extend([second.to_vec(), first.to_vec()]);
        }
    }
    let exact = words.len() >= FEWEST;
    if !exact {
        words = candidates.iter().map(String::as_str).collect();
    }
    let mut rng = Pcg64::seed_from_u64(0);
    let mut mixed = || -> Vec<&str> { (0..CHECK).map(|_| words[below(&mut rng, words.len())]).collect() };
    let tokens = plain(&mixed()).await?.saturating_sub(overhead);
    let halves = [message(Role::System, &mixed()), message(Role::User, &mixed())];
    let with_system = count(halves.to_vec()).await?;
    let tokens_per_word = f64::from(tokens).max(1.0) / CHECK as f64;
    Ok(Calibration {
        exact: exact && tokens as usize == CHECK,
        tokens_per_word: if exact { 1.0 } else { tokens_per_word },
        overhead,
        system_overhead: with_system.saturating_sub((2.0 * CHECK as f64 * tokens_per_word).round() as u32),
        words: words.into_iter().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts as a tokenizer would that knows words of up to `longest` letters, with a template of `template` tokens
    /// for each message.
    fn counter(longest: usize, template: u32) -> impl AsyncFn(Vec<Message>) -> Result<u32, LoadError> {
        async move |messages| {
            let tokens =
                |text: &str| text.split(' ').map(|word| word.len().div_ceil(longest) as u32).sum::<u32>();
            Ok(messages.iter().map(|message| tokens(&message.content) + template).sum())
        }
    }

    fn run(longest: usize, template: u32) -> Calibration {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let candidates = Calibration::unknown().words;
        runtime.block_on(calibrate(&candidates, counter(longest, template))).unwrap()
    }

    #[test]
    fn words_of_one_token_are_found() {
        let calibration = run(4, 5);
        assert!(calibration.exact && calibration.words.len() >= FEWEST);
        assert!(calibration.words.iter().all(|word| word.len() <= 4), "{:?}", calibration.words);
        // "Please" is two tokens here.
        assert_eq!((calibration.overhead, calibration.system_overhead), (7, 14));
        assert_eq!(calibration.words_for(100, false), 93);
        assert_eq!(calibration.tokens_of(93, false), Some(100));
        assert_eq!(calibration.words_for(3, true), 1);
    }

    #[test]
    fn without_words_of_one_token_lengths_are_estimates() {
        let calibration = run(1, 0);
        assert!(!calibration.exact);
        assert!(calibration.tokens_per_word > 2.0, "{calibration:?}");
        assert_eq!(calibration.tokens_of(10, false), None);
        let words = calibration.words_for(200, false);
        assert!((30..100).contains(&words), "{words}");
    }
}
