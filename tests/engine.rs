//! The real engine process with a real model, without HTTP.
//!
//! The model is stories260K, a published llama-architecture model of 260 thousand parameters. It is not part
//! of this repository; where it is absent these tests say so and pass.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use quipu::engine::process::EngineHandle;
use quipu::engine::protocol::{
    EngineSettings, Finish, FinishReason, Limits, LoadSpec, Prompt, RequestError, RequestId, Sampling,
    Source, StepStats, Submit, Summary,
};
use quipu::engine::start::{EngineProgram, StartingEngine};
use tokio::sync::watch;

const PROMPT: &str = "Once upon a time";
/// What llama.cpp's own greedy decoding writes after [`PROMPT`].
const STORY: &str = ", there was a little girl named Lily. She loved to play outside in the park. \
                     One day, she saw a big, red ball.";

fn stories() -> Option<Source> {
    common::stories().map(Source::Gguf)
}

struct Engine {
    handle: Arc<EngineHandle>,
    stats: watch::Receiver<StepStats>,
}

async fn start(source: Source, mut engine: EngineSettings) -> Engine {
    // Tests run beside each other; ggml's threads would wait for each other at every operation.
    engine.threads = engine.threads.or(Some(1));
    let program =
        EngineProgram { path: env!("CARGO_BIN_EXE_quipu").into(), load_timeout: Duration::from_secs(60) };
    let (seen, stats) = watch::channel(StepStats::default());
    let observe = Box::new(move |report: &quipu::engine::protocol::StepReport| {
        seen.send_replace(report.stats);
    });
    let starting =
        StartingEngine::plan(&program, LoadSpec { source, adapters: vec![], engine }).await.unwrap();
    let handle = starting.load(observe, &|_| {}).await.unwrap();
    Engine { handle, stats }
}

fn request(prompt: &str, tokens: u32, sampling: Sampling) -> Submit {
    Submit {
        id: RequestId(0),
        prompt: Prompt { text: prompt.into(), ..Prompt::default() },
        sampling,
        limits: Limits { max_new: Some(tokens), ..Limits::default() },
        constraint: None,
        stop: vec![],
        visible: vec![],
        logprobs: None,
        return_tokens: false,
        credit: 0,
    }
}

fn greedy(prompt: &str, tokens: u32) -> Submit {
    request(prompt, tokens, Sampling { temperature: 0.0, ..Sampling::default() })
}

impl Engine {
    async fn answer(&self, request: Submit) -> Result<(String, Summary), RequestError> {
        let mut generation = self.handle.submit(request)?;
        let mut text = String::new();
        while let Some(update) = generation.next().await {
            text += &update.text;
            match update.finish {
                Some(Finish::Done(summary)) => return Ok((text, *summary)),
                Some(Finish::Failed(error)) => return Err(error),
                None => {}
            }
        }
        panic!("a generation ends with a finish");
    }

    async fn text(&self, request: Submit) -> String {
        self.answer(request).await.unwrap().0
    }

    /// All answers to requests sent at once.
    async fn texts(&self, requests: Vec<Submit>) -> Vec<String> {
        futures_util::future::join_all(requests.into_iter().map(|r| self.text(r))).await
    }

    fn stats(&self) -> StepStats {
        *self.stats.borrow()
    }
}

#[tokio::test]
async fn the_story_is_the_one_that_llama_cpp_tells() {
    let Some(source) = stories() else { return };
    let engine = start(source, EngineSettings::default()).await;
    let (text, summary) = engine.answer(greedy(PROMPT, 100)).await.unwrap();
    assert!(text.starts_with(STORY), "{text}");
    assert_eq!(summary.reason, FinishReason::Length);
    assert_eq!(summary.completion_tokens, 100);
    assert_eq!(summary.cached_tokens, 0);
    assert!(summary.prefill_ns > 0 && summary.decode_ns > 0);
}

/// A rounding difference may decide between two tokens whose log-probabilities are closer than this.
///
/// ggml adds up a row of a matrix product in another order when it is alone, and attention in the order of the
/// cells. What the model itself is undecided about to the last bits is therefore undecided; everything up to
/// there has to be the same to the letter. The engines that are compared cut prompts at fixed places and compute
/// attention in 32 bits (`deterministic`), which makes all differences smaller than this.
const TIE: f32 = 1e-4;

fn deterministic() -> EngineSettings {
    EngineSettings { deterministic: true, ..EngineSettings::default() }
}

/// The greedy answer of a request that is alone, and how much of it no rounding can change.
async fn alone(engine: &Engine, prompt: &str, tokens: u32) -> (String, usize) {
    let mut request = greedy(prompt, tokens);
    request.logprobs = Some(2);
    let mut generation = engine.handle.submit(request).unwrap();
    let (mut text, mut probs) = (String::new(), Vec::new());
    while let Some(update) = generation.next().await {
        text += &update.text;
        probs.extend(update.logprobs);
    }
    let certain = probs.iter().take_while(|p| p.top[0].logprob - p.top[1].logprob >= TIE);
    let bytes: usize = certain.map(|p| p.chosen.bytes.len()).sum();
    (text, bytes)
}

/// Texts of requests in company, against the same requests alone.
struct Comparison {
    compared: usize,
    total: usize,
}

impl Comparison {
    fn new() -> Self {
        Self { compared: 0, total: 0 }
    }

    fn same(&mut self, alone: &(String, usize), got: &str, what: &str) {
        let (text, certain) = alone;
        assert_eq!(&got[..*certain], &text[..*certain], "{what}");
        self.compared += certain;
        self.total += text.len();
    }

    /// Ties are rare: nearly all text was compared.
    fn end(&self) {
        assert!(self.compared * 100 >= self.total * 95, "compared {} of {}", self.compared, self.total);
    }
}

/// Prompts of different lengths and subjects.
fn others(count: usize) -> Vec<String> {
    let subjects = ["a dog", "the sun", "a red car", "two birds", "a sad boy", "her mom", "the old tree"];
    let others = (0..count).map(|i| {
        let subject = subjects[i % subjects.len()];
        format!("{} {subject} {}", ["One day", "Tom saw", "There was"][i % 3], "and the cat ".repeat(i % 9))
    });
    others.collect()
}

#[tokio::test]
async fn greedy_text_does_not_depend_on_the_company() {
    let Some(source) = stories() else { return };
    let engine = start(source.clone(), deterministic()).await;
    let prompts: Vec<String> = std::iter::once(PROMPT.to_owned()).chain(others(31)).collect();
    let mut expected = Vec::new();
    for prompt in &prompts {
        expected.push(alone(&engine, prompt, 100).await);
    }
    assert!(expected[0].0.starts_with(STORY));
    // All at once, on an engine that has seen none of them.
    let fresh = start(source, deterministic()).await;
    let together = fresh.texts(prompts.iter().map(|p| greedy(p, 100)).collect()).await;
    let mut comparison = Comparison::new();
    for ((prompt, expected), got) in prompts.iter().zip(&expected).zip(&together) {
        comparison.same(expected, got, prompt);
    }
    comparison.end();
}

#[tokio::test]
async fn greedy_text_does_not_depend_on_chunks_hits_or_sharing() {
    let Some(source) = stories() else { return };
    let long = format!("{STORY} ").repeat(4);
    let whole = start(source.clone(), EngineSettings::default()).await;
    let cold = whole.text(greedy(&long, 60)).await;

    let (hit, summary) = whole.answer(greedy(&long, 60)).await.unwrap();
    assert_eq!(hit, cold, "a prefix hit");
    assert_eq!(summary.cached_tokens, summary.prompt_tokens - 1);

    let chunks =
        EngineSettings { batch_tokens: Some(64), max_running: Some(16), ..EngineSettings::default() };
    let chunked = start(source, chunks).await;
    let shared = chunked.texts((0..8).map(|_| greedy(&long, 60)).collect()).await;
    for text in &shared {
        assert_eq!(*text, cold, "in chunks, and with one prompt for eight");
    }
    let stats = chunked.stats();
    assert!(stats.prefix_hit_tokens > 7 * u64::from(summary.prompt_tokens - 32), "{stats:?}");
}

#[tokio::test]
async fn a_pool_far_too_small_serves_everybody_with_the_same_text() {
    let Some(source) = stories() else { return };
    let roomy = start(source.clone(), deterministic()).await;
    let prompts = others(24);
    let mut expected = Vec::new();
    for prompt in &prompts {
        expected.push(alone(&roomy, prompt, 120).await);
    }
    // 24 requests of some 130 tokens want 3,120; a quarter of that is there.
    let small = EngineSettings { pool_tokens: Some(768), ..deterministic() };
    let tight = start(source, small).await;
    let got = tight.texts(prompts.iter().map(|p| greedy(p, 120)).collect()).await;
    let mut comparison = Comparison::new();
    for ((prompt, expected), got) in prompts.iter().zip(&expected).zip(&got) {
        comparison.same(expected, got, prompt);
    }
    comparison.end();
    let stats = tight.stats();
    assert!(stats.preemptions > 0, "{stats:?}");
    assert_eq!(stats.decode_no_slot, 0);
    assert_eq!((stats.running, stats.waiting, stats.pages_held), (0, 0, 0));
}

#[tokio::test]
async fn a_seed_gives_the_same_text_alone_and_in_company() {
    let Some(source) = stories() else { return };
    let engine = start(source, EngineSettings::default()).await;
    let seeded = |seed| {
        let sampling = Sampling { seed: Some(seed), temperature: 1.2, ..Sampling::default() };
        request(PROMPT, 50, sampling)
    };
    let mut alone = Vec::new();
    for seed in 0..8 {
        alone.push(engine.text(seeded(seed)).await);
    }
    let together = engine.texts((0..8).map(seeded).collect()).await;
    assert_eq!(alone, together);
    let distinct: std::collections::BTreeSet<_> = together.iter().collect();
    assert!(distinct.len() > 4, "different seeds tell different stories");
}

#[tokio::test]
async fn stops_limits_and_the_end_of_the_context() {
    let Some(source) = stories() else { return };
    let engine = start(source, EngineSettings::default()).await;
    let mut stopped = greedy(PROMPT, 100);
    stopped.stop = vec!["little girl".into()];
    let (text, summary) = engine.answer(stopped).await.unwrap();
    assert_eq!(text, ", there was a ");
    assert_eq!(summary.reason, FinishReason::Stop);

    let mut full = greedy(PROMPT, 1000);
    full.limits = Limits { context: Some(40), shift: false, ..full.limits };
    let (_, summary) = engine.answer(full.clone()).await.unwrap();
    assert_eq!(summary.reason, FinishReason::Length);
    assert_eq!(summary.prompt_tokens + summary.completion_tokens, 40);

    full.limits = Limits { max_new: Some(150), shift: true, ..full.limits };
    let (text, summary) = engine.answer(full).await.unwrap();
    assert_eq!(summary.completion_tokens, 150, "shifting goes on beyond the context");
    assert!(text.starts_with(", there was a little girl"));

    let mut long = greedy(&PROMPT.repeat(50), 10);
    long.limits = Limits { context: Some(64), shift: false, ..long.limits };
    let refused = engine.answer(long.clone()).await.unwrap_err();
    assert!(matches!(refused, RequestError::PromptTooLong { limit: 63, .. }), "{refused}");
    long.limits.shift = true;
    let (_, summary) = engine.answer(long).await.unwrap();
    assert_eq!(summary.prompt_tokens, 64 - (64 - 5) / 2, "half of the context behind the head is left free");
}

#[tokio::test]
async fn log_probabilities_are_those_of_the_model() {
    let Some(source) = stories() else { return };
    let engine = start(source, EngineSettings::default()).await;
    let mut request = greedy(PROMPT, 10);
    request.logprobs = Some(3);
    let mut generation = engine.handle.submit(request).unwrap();
    let mut all = Vec::new();
    while let Some(update) = generation.next().await {
        all.extend(update.logprobs);
    }
    assert_eq!(all.len(), 10);
    for entry in all {
        assert_eq!(entry.top.len(), 3);
        assert_eq!(entry.chosen, entry.top[0], "greedy chooses the likeliest");
        assert!(entry.top.windows(2).all(|w| w[0].logprob >= w[1].logprob));
        let mass: f32 = entry.top.iter().map(|t| t.logprob.exp()).sum();
        assert!(mass > 0.0 && mass <= 1.0001);
    }
}

#[tokio::test]
async fn a_killed_engine_tells_everybody() {
    let settings = EngineSettings { context: Some(1 << 17), ..EngineSettings::default() };
    let engine = start(Source::Mock, settings).await;
    let mut open: Vec<_> =
        (0..5).map(|i| engine.handle.submit(greedy(&format!("open {i}"), 1 << 20)).unwrap()).collect();
    for generation in &mut open {
        assert!(generation.next().await.unwrap().finish.is_none());
    }
    let pid = engine.handle.pid().unwrap();
    let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
    for mut generation in open {
        let mut last = None;
        while let Some(update) = generation.next().await {
            last = update.finish;
        }
        let Some(Finish::Failed(RequestError::EngineDied(cause))) = last else { panic!("{last:?}") };
        assert_eq!(cause, "killed by signal 9");
    }
    engine.handle.ended().await;
    assert!(matches!(engine.handle.submit(greedy("x", 1)), Err(RequestError::EngineDied(_))));
}

#[tokio::test]
async fn a_client_that_does_not_read_stalls_only_itself() {
    let settings = EngineSettings { max_running: Some(2), ..EngineSettings::default() };
    let engine = start(Source::Mock, settings).await;
    let mut slow = [0, 1].map(|i| engine.handle.submit(greedy(&format!("slow {i}"), 2000)).unwrap());
    // Both places are taken by clients that read nothing; others are served all the same.
    for i in 0..6 {
        engine.answer(greedy(&format!("quick {i}"), 20)).await.unwrap();
    }
    for generation in &mut slow {
        let mut tokens = 0;
        while let Some(update) = generation.next().await {
            tokens += update.tokens;
            if let Some(Finish::Done(summary)) = update.finish {
                assert_eq!(tokens, summary.completion_tokens, "nothing is lost");
            }
        }
        assert!(tokens > 0);
    }
}

#[tokio::test]
async fn loading_tells_what_it_will_take_and_how_far_it_is() {
    let Some(source) = stories() else { return };
    let program =
        EngineProgram { path: env!("CARGO_BIN_EXE_quipu").into(), load_timeout: Duration::from_secs(60) };
    let engine = EngineSettings { threads: Some(1), ..EngineSettings::default() };
    let starting =
        StartingEngine::plan(&program, LoadSpec { source, adapters: vec![], engine }).await.unwrap();
    let expected = starting.expected();
    let (say, said) = std::sync::mpsc::channel();
    let handle = starting.load(Box::new(|_| {}), &move |share| say.send(share).unwrap()).await.unwrap();
    let shares: Vec<f32> = said.iter().collect();
    assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
    assert_eq!(shares.last(), Some(&1.0));
    let facts = handle.facts();
    assert_eq!((expected.context, expected.gpu_bytes), (facts.context, facts.gpu_bytes()));
    // The rest is what vectors take beside answers, which is not there yet.
    let (bytes, planned) = (facts.bytes(), expected.bytes);
    assert!(bytes.abs_diff(planned) * 10 < planned, "{planned} bytes planned, {bytes} taken");
}

#[tokio::test]
async fn a_file_that_is_no_model_is_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("broken.gguf");
    std::fs::write(&path, b"this is not a model").unwrap();
    let program =
        EngineProgram { path: env!("CARGO_BIN_EXE_quipu").into(), load_timeout: Duration::from_secs(60) };
    let load = LoadSpec { source: Source::Gguf(path), adapters: vec![], engine: EngineSettings::default() };
    let error = StartingEngine::plan(&program, load).await.err().unwrap();
    assert!(error.to_string().contains("GGUF"), "{error}");
}
