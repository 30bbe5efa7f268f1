//! From a request to tokens.

use std::time::Instant;

use crossbeam::channel::{Receiver, Sender};

use super::queue::Job;
use super::{Answers, Rules};
use crate::engine::backend::Vocabulary;
use crate::engine::protocol::{Embed, Embeddings, RequestError, Token};

/// Tokenises requests until there are no more. Waits while the loop has enough to do.
pub(super) fn tokenize(
    requests: &Receiver<(Instant, Box<Embed>)>,
    vocabulary: &dyn Vocabulary,
    rules: Rules,
    answers: &Answers,
    jobs: &Sender<Job>,
) {
    for (submitted, request) in requests {
        let id = request.id;
        match texts(&request, vocabulary, rules, || answers.wanted(id)) {
            Ok(texts) if texts.is_empty() => {
                answers.give(
                    id,
                    Ok(Embeddings { vectors: vec![], prompt_tokens: 0, queue_ns: 0, compute_ns: 0 }),
                );
            }
            Ok(texts) => {
                if jobs.send(Job::new(id, submitted, texts)).is_err() {
                    return;
                }
            }
            Err(error) => {
                answers.give(id, Err(error));
            }
        }
    }
}

/// The tokens of all texts of a request.
fn texts(
    request: &Embed,
    vocabulary: &dyn Vocabulary,
    rules: Rules,
    wanted: impl Fn() -> bool,
) -> Result<Vec<Vec<Token>>, RequestError> {
    let most = rules.most_texts();
    if request.inputs.len() > most {
        return Err(RequestError::TooManyInputs { most: most as u32 });
    }
    let limit = request.context.unwrap_or(rules.context).min(rules.sizes.text_tokens);
    let texts = request.inputs.iter().map(|input| {
        if !wanted() {
            return Err(RequestError::Cancelled);
        }
        text(input, vocabulary, limit, request.truncate)
    });
    texts.collect()
}

/// The tokens of a text, at most `limit`. What is cut is the end of the text; the tokens that the vocabulary puts
/// around it stay.
pub(super) fn text(
    input: &str,
    vocabulary: &dyn Vocabulary,
    limit: u32,
    truncate: bool,
) -> Result<Vec<Token>, RequestError> {
    let mut tokens = vocabulary.tokenize(input).map_err(RequestError::Tokenize)?;
    if tokens.is_empty() {
        return Err(RequestError::EmptyPrompt);
    }
    let limit = limit as usize;
    if tokens.len() <= limit {
        return Ok(tokens);
    }
    if !truncate {
        return Err(RequestError::InputTooLong);
    }
    let around = |token: Option<Token>, found: Option<&Token>| token.filter(|token| found == Some(token));
    let lead = around(vocabulary.leading(), tokens.first());
    let trail = around(vocabulary.trailing(), tokens.last());
    if limit <= usize::from(lead.is_some()) + usize::from(trail.is_some()) {
        return Err(RequestError::NoRoom);
    }
    tokens.truncate(limit - usize::from(trail.is_some()));
    tokens.extend(trail);
    Ok(tokens)
}
