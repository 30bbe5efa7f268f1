//! A request inside the engine: from a [`Submit`] to a sequence that the scheduler takes.

use std::time::Instant;

use super::backend::Vocabulary;
use super::grammar::Guided;
use super::infill::Insertion;
use super::protocol::{FinishReason, Limits, Prompt, RequestError, Submit, Summary, Token};
use super::sampler::Sampler;
use super::sequence::Sequence;
use super::text::TextStream;

/// Fewer tokens of context are of no use to anybody (Ollama's minimum).
const LEAST_CONTEXT: u32 = 4;
/// A request without limit ends after that many contexts, so that a looping model does.
const MOST_CONTEXTS: u32 = 10;

/// What the engine attaches to a sequence.
pub struct Request {
    /// Chooses tokens.
    pub sampler: Sampler,
    /// Says which tokens the form of the answer leaves; `None` for free text.
    pub guide: Option<Guided>,
    /// Turns them into text.
    pub text: TextStream,
    /// Special tokens that have text in this request.
    pub visible: Visible,
    /// Alternatives to report with each token's log-probability.
    pub logprobs: Option<u8>,
    /// Tokens to keep at the head when the context is full; `None` ends the request then.
    pub shift_keep: Option<u32>,
    /// Report all token ids at the end.
    pub return_tokens: bool,
    /// Tokens of the prompt as submitted.
    pub prompt_tokens: u32,
    /// Tokens generated in this step, not reported yet.
    pub unreported: u32,
    /// When what happened.
    pub times: Times,
}

/// Special tokens that have text in one request: those of the marks around its tool calls and thoughts.
pub struct Visible(Vec<(Token, Vec<u8>)>);

impl Visible {
    fn new(texts: &[String], vocabulary: &dyn Vocabulary) -> Self {
        Self(texts.iter().flat_map(|text| vocabulary.special(text)).collect())
    }

    /// The bytes of a token in the answer.
    pub fn piece<'a>(&'a self, token: Token, vocabulary: &'a dyn Vocabulary) -> &'a [u8] {
        match vocabulary.piece(token) {
            [] => self.0.iter().find(|(visible, _)| *visible == token).map_or(&[], |(_, text)| text),
            piece => piece,
        }
    }
}

/// The moments of a request.
#[derive(Clone, Copy)]
pub struct Times {
    submitted: Instant,
    scheduled: Option<Instant>,
    first_token: Option<Instant>,
}

impl Times {
    /// The request was part of a forward pass that began at `now`.
    pub fn scheduled(&mut self, now: Instant) {
        self.scheduled.get_or_insert(now);
    }

    /// A token was chosen.
    pub fn token(&mut self, now: Instant) {
        self.first_token.get_or_insert(now);
    }
}

/// Sizes that decide what a prompt may be.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Context of a request that names none.
    pub context: u32,
    /// Cells of the pool.
    pub pool: u32,
}

/// Tokenises a request and applies its limits. `guide` is what became of its constraint.
///
/// # Errors
/// [`RequestError::PromptTooLong`], [`RequestError::EmptyPrompt`], [`RequestError::Tokenize`],
/// [`RequestError::NoInfill`].
pub fn prepare(
    submit: Submit,
    submitted: Instant,
    vocabulary: &dyn Vocabulary,
    sizes: Sizes,
    guide: Option<Guided>,
) -> Result<Sequence<Request>, RequestError> {
    let limits = &submit.limits;
    let limit = limits.context.unwrap_or(sizes.context).max(LEAST_CONTEXT).min(sizes.pool);
    let Prepared { tokens, keep } = tokens(submit.prompt, limits, limit, vocabulary)?;
    let most = limit.saturating_mul(MOST_CONTEXTS);
    let request = Request {
        sampler: Sampler::new(&submit.sampling, vocabulary, random_seed()),
        guide,
        text: TextStream::new(submit.stop),
        visible: Visible::new(&submit.visible, vocabulary),
        logprobs: submit.logprobs,
        shift_keep: keep.filter(|_| limits.shift && !limits.fill),
        return_tokens: submit.return_tokens,
        prompt_tokens: tokens.len() as u32,
        unreported: 0,
        times: Times { submitted, scheduled: None, first_token: None },
    };
    let mut sequence = Sequence::new(submit.id, tokens, request);
    sequence.max_new = limits.max_new.unwrap_or(most).min(most);
    sequence.limit = limit;
    sequence.credit = submit.credit;
    Ok(sequence)
}

/// The tokens of a prompt that leave room for an answer.
struct Prepared {
    tokens: Vec<Token>,
    /// How many of them stay at the head when the context is full; `None` if nothing can be taken out of it.
    keep: Option<u32>,
}

fn tokens(
    mut prompt: Prompt,
    limits: &Limits,
    limit: u32,
    vocabulary: &dyn Vocabulary,
) -> Result<Prepared, RequestError> {
    if let Some(suffix) = prompt.suffix.take() {
        let mut insertion = Insertion::new(&prompt, &suffix, vocabulary)?;
        if let Some(target) = target(insertion.count() as u32, limits, limit, 0)? {
            insertion.cut(target as usize);
        }
        // The marks alone may be too many for the smallest contexts.
        let (len, most) = (insertion.count() as u32, limit - 1);
        if len > most {
            return Err(RequestError::PromptTooLong { tokens: len, limit: most });
        }
        return Ok(Prepared { tokens: insertion.into_tokens(), keep: None });
    }
    let mut tokens = tokenize(prompt, vocabulary)?;
    if tokens.is_empty() {
        return Err(RequestError::EmptyPrompt);
    }
    let lead = u32::from(vocabulary.leading().is_some_and(|t| tokens.first() == Some(&t)));
    let keep = limits.keep.saturating_add(lead).min(limit / 2);
    let len = tokens.len() as u32;
    if let Some(target) = target(len, limits, limit, keep)? {
        // The head stays, and so much of the tail.
        tokens.drain(keep as usize..(keep + len - target) as usize);
    }
    Ok(Prepared { tokens, keep: Some(keep) })
}

fn tokenize(prompt: Prompt, vocabulary: &dyn Vocabulary) -> Result<Vec<Token>, RequestError> {
    let text = if prompt.context.is_empty() {
        prompt.text
    } else {
        vocabulary.detokenize(&prompt.context).map_err(RequestError::Tokenize)? + &prompt.text
    };
    let mut tokens = vocabulary.tokenize(&text).map_err(RequestError::Tokenize)?;
    // A template that spells the token out meets a tokenizer that adds it.
    if let Some(lead) = vocabulary.leading()
        && tokens.starts_with(&[lead, lead])
    {
        tokens.remove(0);
    }
    Ok(tokens)
}

/// To how many tokens a prompt that leaves no room for an answer is cut, by Ollama's rule: about half of the context
/// behind the head of `keep` tokens is free then. `None` if it fits.
fn target(len: u32, limits: &Limits, limit: u32, keep: u32) -> Result<Option<u32>, RequestError> {
    let most = limit - 1;
    if len <= most {
        return Ok(None);
    }
    if !limits.truncate || !limits.shift {
        return Err(RequestError::PromptTooLong { tokens: len, limit: most });
    }
    Ok(Some(limit - ((limit - keep) / 2).max(1)))
}

/// The figures of an ended request.
pub fn summary(sequence: &mut Sequence<Request>, reason: FinishReason, now: Instant) -> Summary {
    let request = &sequence.payload;
    let Times { submitted, scheduled, first_token } = request.times;
    let nanoseconds = |from: Instant, to: Instant| (to - from).as_nanos() as u64;
    let began = scheduled.unwrap_or(now);
    let answered = first_token.unwrap_or(now);
    Summary {
        reason,
        prompt_tokens: request.prompt_tokens,
        cached_tokens: sequence.cached.unwrap_or(0),
        completion_tokens: sequence.generated,
        queue_ns: nanoseconds(submitted, began),
        prefill_ns: nanoseconds(began, answered),
        decode_ns: nanoseconds(answered, now),
        tokens: request.return_tokens.then(|| std::mem::take(&mut sequence.tokens)),
    }
}

/// A seed that differs from request to request and from start to start.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Token 1 is special.
    struct Words;

    impl Vocabulary for Words {
        fn tokenize(&self, _: &str) -> Result<Vec<Token>, String> {
            Ok(Vec::new())
        }

        fn plain(&self, _: &str) -> Result<Vec<Token>, String> {
            Ok(Vec::new())
        }

        fn detokenize(&self, _: &[Token]) -> Result<String, String> {
            Ok(String::new())
        }

        fn piece(&self, token: Token) -> &[u8] {
            if token == 0 { b"word" } else { b"" }
        }

        fn len(&self) -> u32 {
            0
        }

        fn spelled(&self, token: Token) -> Vec<u8> {
            self.piece(token).to_vec()
        }

        fn special(&self, text: &str) -> Vec<(Token, Vec<u8>)> {
            if text.contains("<call>") { vec![(1, b"<call>".to_vec())] } else { Vec::new() }
        }

        fn is_end(&self, _: Token) -> bool {
            false
        }

        fn leading(&self) -> Option<Token> {
            None
        }

        fn trailing(&self) -> Option<Token> {
            None
        }
    }

    #[test]
    fn special_tokens_are_seen_by_requests_that_ask_for_them() {
        let pieces = |visible: &[String]| {
            let visible = Visible::new(visible, &Words);
            [0, 1, 2].map(|token| String::from_utf8_lossy(visible.piece(token, &Words)).into_owned())
        };
        assert_eq!(pieces(&[]), ["word", "", ""]);
        assert_eq!(pieces(&["<call>".into(), "other".into()]), ["word", "<call>", ""]);
    }
}
