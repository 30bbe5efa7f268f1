use std::time::Duration;

use proptest::prelude::*;

use super::prepare::text;
use super::queue::{Pick, pick};
use super::*;
use crate::engine::backend::Embedder;
use crate::engine::backend::mock::{MockEmbedder, MockVocabulary};
use crate::engine::protocol::Token;

/// Letters between a 1 and a 2, as an encoder has them.
struct Fenced;

impl Vocabulary for Fenced {
    fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
        Ok([1].into_iter().chain(text.bytes().map(Token::from)).chain([2]).collect())
    }

    fn plain(&self, _: &str) -> Result<Vec<Token>, String> {
        Err("not needed".into())
    }

    fn detokenize(&self, _: &[Token]) -> Result<String, String> {
        Err("not needed".into())
    }

    fn piece(&self, _: Token) -> &[u8] {
        &[]
    }

    fn len(&self) -> u32 {
        0
    }

    fn spelled(&self, token: Token) -> Vec<u8> {
        self.piece(token).to_vec()
    }

    fn special(&self, _: &str) -> Vec<(Token, Vec<u8>)> {
        Vec::new()
    }

    fn is_end(&self, _: Token) -> bool {
        false
    }

    fn leading(&self) -> Option<Token> {
        Some(1)
    }

    fn trailing(&self) -> Option<Token> {
        Some(2)
    }
}

const A: Token = b'a' as Token;

#[test]
fn a_long_text_loses_its_end_and_keeps_what_stands_around_it() {
    let cut = |limit| text("aaaa", &Fenced, limit, true);
    assert_eq!(cut(6).unwrap(), [1, A, A, A, A, 2]);
    assert_eq!(cut(5).unwrap(), [1, A, A, A, 2]);
    assert_eq!(cut(3).unwrap(), [1, A, 2]);
    for limit in [2, 1, 0] {
        assert_eq!(cut(limit), Err(RequestError::NoRoom));
    }
    assert_eq!(text("aaaa", &MockVocabulary::default(), 3, true).unwrap(), [256, A, A]);
}

#[test]
fn a_long_text_that_may_not_be_cut_is_refused() {
    assert_eq!(text("aaaa", &Fenced, 6, false).unwrap().len(), 6);
    for limit in [5, 1] {
        assert_eq!(text("aaaa", &Fenced, limit, false), Err(RequestError::InputTooLong));
    }
}

const SIZES: EmbedderSizes = EmbedderSizes { pass_tokens: 16, texts: 3, text_tokens: 64, width: 4 };

#[test]
fn a_pass_takes_a_text_of_each_request_in_turn() {
    let texts = |lengths: &[usize]| -> Vec<Vec<Token>> { lengths.iter().map(|n| vec![A; *n]).collect() };
    let (many, one, long) = (texts(&[5, 5, 5, 5]), texts(&[6]), texts(&[40]));
    let at = |job, text| Pick { job, text };
    assert_eq!(pick(&[(&many, 1), (&one, 0)], SIZES), [at(0, 1), at(1, 0), at(0, 2)]);
    // What does not fit beside others waits until it is the first, and then has a pass of its own.
    assert_eq!(pick(&[(&many, 0), (&long, 0)], SIZES), [at(0, 0), at(0, 1), at(0, 2)]);
    assert_eq!(pick(&[(&long, 0), (&many, 0)], SIZES), [at(0, 0)]);
    assert!(pick(&[(&one, 1)], SIZES).is_empty());
}

/// A running loop over an embedder.
struct Running {
    inbox: Option<Inbox>,
    events: Receiver<Event>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    fn start(embedder: impl Embedder + 'static) -> Self {
        let (events, received) = unbounded();
        let rules = Rules { context: 64, sizes: embedder.sizes() };
        let (inbox, jobs) = open(Arc::new(MockVocabulary::default()), rules, events).unwrap();
        let thread = std::thread::spawn(move || EmbeddingLoop::new(embedder, jobs).run());
        Self { inbox: Some(inbox), events: received, thread: Some(thread) }
    }

    fn submit(&self, id: u64, inputs: &[String]) {
        let request = Embed { id: RequestId(id), inputs: inputs.to_vec(), context: None, truncate: true };
        self.inbox.as_ref().unwrap().submit(Box::new(request));
    }

    fn answer(&self) -> (u64, Result<Embeddings, RequestError>) {
        match self.events.recv_timeout(Duration::from_secs(60)).unwrap() {
            Event::Embedded { id, result } => (id.0, result),
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.inbox.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

fn alone(input: &str) -> Vec<f32> {
    let tokens = text(input, &MockVocabulary::default(), 64, true).unwrap();
    MockEmbedder(SIZES).embed(&[&tokens]).unwrap().remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_request_gets_the_vectors_of_its_own_texts(
        requests in prop::collection::vec(prop::collection::vec("[a-d]{0,70}", 0..6), 1..20),
    ) {
        let running = Running::start(MockEmbedder(SIZES));
        for (id, inputs) in requests.iter().enumerate() {
            running.submit(id as u64, inputs);
        }
        let mut open: HashSet<u64> = (0..requests.len() as u64).collect();
        while !open.is_empty() {
            let (id, answer) = running.answer();
            prop_assert!(open.remove(&id), "answered once");
            let (answer, inputs) = (answer.unwrap(), &requests[id as usize]);
            let expected: Vec<_> = inputs.iter().map(|input| alone(input)).collect();
            prop_assert_eq!(answer.vectors, expected);
            let tokens: usize = inputs.iter().map(|input| (input.len() + 1).min(64)).sum();
            prop_assert_eq!(answer.prompt_tokens as usize, tokens);
        }
    }
}

/// An embedder that waits for permission before each pass, and may fail.
struct Guarded(Receiver<Result<(), String>>);

impl Embedder for Guarded {
    fn sizes(&self) -> EmbedderSizes {
        SIZES
    }

    fn embed(&mut self, texts: &[&[Token]]) -> Result<Vec<Vec<f32>>, String> {
        self.0.recv().unwrap_or(Ok(()))?;
        MockEmbedder(SIZES).embed(texts)
    }
}

#[test]
fn a_cancelled_request_is_answered_at_once_and_once_only() {
    let (permits, guard) = unbounded();
    let running = Running::start(Guarded(guard));
    running.submit(1, &vec!["aaaaaaaaaaaa".into(); 3]);
    running.submit(2, &["b".into()]);
    let inbox = running.inbox.as_ref().unwrap();
    assert!(inbox.cancel(RequestId(1)));
    assert!(!inbox.cancel(RequestId(1)) && !inbox.cancel(RequestId(7)));
    assert_eq!(running.answer(), (1, Err(RequestError::Cancelled)));
    drop(permits);
    let (id, answer) = running.answer();
    assert_eq!((id, answer.unwrap().vectors), (2, vec![alone("b")]));
    assert!(!inbox.cancel(RequestId(2)), "it was answered");
}

#[test]
fn a_pass_that_fails_fails_its_requests_and_the_next_is_served() {
    let (permits, guard) = unbounded();
    let running = Running::start(Guarded(guard));
    running.submit(1, &["a".into()]);
    permits.send(Err("no memory".into())).unwrap();
    assert_eq!(running.answer(), (1, Err(RequestError::Backend("no memory".into()))));
    permits.send(Ok(())).unwrap();
    running.submit(2, &["b".into()]);
    assert_eq!(running.answer().1.unwrap().vectors, [alone("b")]);
}

#[test]
fn nobody_computes_for_a_front_that_is_gone() {
    let (permits, guard) = unbounded();
    let unused = guard.clone();
    let mut running = Running::start(Guarded(guard));
    for id in 0..100 {
        running.submit(id, &["a".into(), "b".into()]);
    }
    drop(running.inbox.take());
    for _ in 0..100 {
        permits.send(Ok(())).unwrap();
    }
    drop(running);
    assert!(unused.len() >= 99, "only what had begun");
}

#[test]
fn a_request_whose_answer_would_be_too_large_is_refused() {
    let wide = EmbedderSizes { width: 1 << 24, ..SIZES };
    let running = Running::start(MockEmbedder(wide));
    running.submit(1, &vec!["a".into(); 5]);
    assert_eq!(running.answer(), (1, Err(RequestError::TooManyInputs { most: 4 })));
    assert_eq!(
        RequestError::TooManyInputs { most: 4 }.to_string(),
        "too many inputs: at most 4 can be embedded at a time"
    );
}
