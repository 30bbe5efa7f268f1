//! Tokens per second of 1, 8 and 32 concurrent streams over HTTP, beside the same number of sequences in bare
//! llama.cpp: `make streams MODEL=path.gguf`.
//!
//! Bare llama.cpp is what its own `batched-bench` measures: forward passes with one token of every sequence,
//! without sampling, text, scheduling or HTTP. Both alternate in one run, and medians are printed, because a
//! machine is never quite idle.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use futures_util::future::join_all;
use quipu_llama::{Batch, CacheType, Context, ContextParams, Model, ModelParams};
use serde_json::{Value, json};

const STREAMS: [u32; 3] = [1, 8, 32];
const TOKENS: u32 = 400;
const RUNS: usize = 5;
const PROMPT: &str = "Once upon a time";

fn main() {
    // `cargo bench` runs every bench; this one wants a model.
    let Ok(path) = std::env::var("QUIPU_BENCH_MODEL") else {
        println!("streams: skipped; `make streams MODEL=path.gguf` runs it");
        return;
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let model = Model::load(Path::new(&path), &ModelParams::default(), &mut |_| true).expect("a model");
    let server = Server::start(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("{path}, {threads} threads, {TOKENS} tokens for each stream, median of {RUNS} runs");
    println!("streams   llama.cpp tok/s   quipu tok/s   ratio   spread of quipu");
    // An argument picks one number of streams.
    let wanted = std::env::args().skip(1).find_map(|argument| argument.parse::<u32>().ok());
    for streams in STREAMS.into_iter().filter(|streams| wanted.is_none_or(|wanted| wanted == *streams)) {
        let (mut bare, mut served) = (Vec::new(), Vec::new());
        // One round to warm up.
        for round in 0..=RUNS {
            let b = bare_llama(&model, streams, threads);
            let s = runtime.block_on(server.rate(streams));
            if round > 0 {
                bare.push(b);
                served.push(s);
            }
        }
        let (b, s) = (median(&mut bare), median(&mut served));
        let spread = (served[RUNS - 1] - served[0]) / s * 100.0;
        println!("{streams:>7}   {b:>15.0}   {s:>11.0}   {:>5.2}   {spread:.0} %", s / b);
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Forward passes alone.
fn bare_llama(model: &Model, sequences: u32, threads: u32) -> f64 {
    let params = ContextParams {
        cells: sequences * 512,
        batch_tokens: 512,
        sequences,
        threads,
        keys: CacheType::F16,
        values: CacheType::F16,
        precise: false,
    };
    let mut context = Context::new(model, &params).expect("a context");
    let prompt = model.vocab().tokenize(PROMPT, true, true).expect("tokens");
    let mut batch = Batch::new();
    for sequence in 0..sequences {
        for (position, &token) in prompt.iter().enumerate() {
            batch.push(token, position as i32, sequence, position + 1 == prompt.len());
        }
    }
    context.decode(&mut batch).expect("a pass");
    let began = Instant::now();
    for step in 0..TOKENS {
        batch.clear();
        for sequence in 0..sequences {
            batch.push(1 + step % 200, (prompt.len() as u32 + step) as i32, sequence, true);
        }
        context.decode(&mut batch).expect("a pass");
    }
    f64::from(sequences * TOKENS) / began.elapsed().as_secs_f64()
}

/// The real binary.
struct Server {
    child: Child,
    base: String,
    client: reqwest::Client,
}

impl Server {
    fn start(path: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quipu"))
            .args(["serve", "--host", "127.0.0.1:0", "--model", &format!("{path},name=bench")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let listening = lines.find(|l| l.contains("address=")).expect("an address");
        std::thread::spawn(move || lines.for_each(drop));
        let address = listening.split("address=").nth(1).and_then(|a| a.split_whitespace().next());
        let base = format!("http://{}", address.expect("an address"));
        Self { child, base, client: reqwest::Client::builder().no_proxy().build().expect("a client") }
    }

    /// Tokens per second of so many streams that begin at once, from the first byte sent to the last read.
    async fn rate(&self, streams: u32) -> f64 {
        let began = Instant::now();
        let tokens: u64 = join_all((0..streams).map(|i| self.stream(i))).await.iter().sum();
        tokens as f64 / began.elapsed().as_secs_f64()
    }

    async fn stream(&self, seed: u32) -> u64 {
        let body = json!({
            "model": "bench", "prompt": PROMPT, "raw": true,
            "options": {"num_predict": TOKENS, "seed": seed},
        });
        let url = format!("{}/api/generate", self.base);
        let mut response = self.client.post(url).json(&body).send().await.expect("an answer");
        let mut end = Vec::new();
        while let Some(chunk) = response.chunk().await.expect("a chunk") {
            end = chunk.to_vec();
        }
        let last = end.split(|&b| b == b'\n').rfind(|line| !line.is_empty()).expect("a last line");
        let last: Value = serde_json::from_slice(last).expect("a last line");
        last["eval_count"].as_u64().expect("a count")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
