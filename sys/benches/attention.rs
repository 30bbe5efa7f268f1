//! Passes over a pool that many sequences share: with ggml's attention, with Quipu's, and with a part of the pool for
//! each sequence, as servers without a shared pool have it: `make attention MODEL=path.gguf`.
//!
//! All three take turns in one run, and medians are printed, because a machine is never quite idle. `ARGS="-- 64x"` picks
//! the rows whose name contains it.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::undocumented_unsafe_blocks,
    reason = "a bench, which needs contexts that the crate does not offer"
)]

use std::ffi::CString;
use std::time::Instant;

use llama_cpp_sys_2 as ffi;
use quipu_llama::use_attention_from;

/// Sequences, and tokens of each before the measurement.
const DECODE: [(i32, i32); 6] = [(1, 144), (1, 2048), (8, 512), (32, 144), (64, 144), (64, 512)];
/// Cells in use, by 16 sequences, when a prompt of [`CHUNK`] tokens is computed behind 1,024 of its own.
const PREFILL: [i32; 2] = [4096, 16_384];
const CHUNK: i32 = 512;
const ROUNDS: usize = 5;
const STEPS: usize = 8;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ggml,
    Quipu,
    Split,
}

const KINDS: [Kind; 3] = [Kind::Ggml, Kind::Quipu, Kind::Split];

struct Context {
    native: *mut ffi::llama_context,
    kind: Kind,
    /// Tokens of each sequence.
    lengths: Vec<i32>,
}

impl Drop for Context {
    fn drop(&mut self) {
        unsafe { ffi::llama_free(self.native) };
    }
}

impl Context {
    fn new(model: *mut ffi::llama_model, kind: Kind, sequences: i32, cells: i32) -> Self {
        unsafe {
            let mut params = ffi::llama_context_default_params();
            let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as i32);
            // Each part must hold the longest sequence.
            params.n_ctx = if kind == Kind::Split { cells * sequences } else { cells }.unsigned_abs();
            (params.n_batch, params.n_ubatch) = (CHUNK as u32, CHUNK as u32);
            params.n_seq_max = sequences.unsigned_abs();
            (params.n_threads, params.n_threads_batch) = (threads, threads);
            params.kv_unified = kind != Kind::Split;
            params.flash_attn_type = ffi::LLAMA_FLASH_ATTN_TYPE_ENABLED;
            let native = ffi::llama_init_from_model(model, params);
            assert!(!native.is_null(), "no memory for {cells} cells");
            Self { native, kind, lengths: vec![0; sequences as usize] }
        }
    }

    /// One pass: so many more tokens of some sequences, which take turns in the pool. Returns seconds.
    fn pass(&mut self, more: &[(usize, i32)]) -> f64 {
        use_attention_from(if self.kind == Kind::Quipu { 1 } else { u32::MAX }, 0);
        let total: i32 = more.iter().map(|(_, count)| count).sum();
        unsafe {
            let mut batch = ffi::llama_batch_init(total, 0, 1);
            let longest = more.iter().map(|(_, count)| *count).max().unwrap_or(0);
            for i in 0..longest {
                for &(sequence, count) in more.iter().filter(|(_, count)| i < *count) {
                    let n = batch.n_tokens as usize;
                    *batch.token.add(n) = (n % 97) as i32 + 3;
                    *batch.pos.add(n) = self.lengths[sequence] + i;
                    *batch.n_seq_id.add(n) = 1;
                    **batch.seq_id.add(n) = sequence as i32;
                    *batch.logits.add(n) = i8::from(i + 1 == count);
                    batch.n_tokens += 1;
                }
            }
            more.iter().for_each(|&(sequence, count)| self.lengths[sequence] += count);
            let began = Instant::now();
            assert_eq!(ffi::llama_decode(self.native, batch), 0);
            let took = began.elapsed().as_secs_f64();
            ffi::llama_batch_free(batch);
            took
        }
    }

    /// Lets every sequence grow to a length: half of it by itself, as prompts do, and half side by side, as answers do.
    /// What is in the cells is the same whoever computes it, so the fastest attention does.
    fn fill(&mut self, length: i32) {
        let measured = std::mem::replace(&mut self.kind, Kind::Quipu);
        let count = self.lengths.len();
        self.grow(0, length / 2);
        (1..count).for_each(|sequence| self.copy(0, sequence));
        while self.lengths[0] < length {
            let each = (CHUNK / count as i32).min(length - self.lengths[0]);
            let more: Vec<_> = (0..count).map(|sequence| (sequence, each)).collect();
            self.pass(&more);
        }
        self.kind = measured;
    }

    fn grow(&mut self, sequence: usize, length: i32) {
        while self.lengths[sequence] < length {
            self.pass(&[(sequence, CHUNK.min(length - self.lengths[sequence]))]);
        }
    }

    /// Gives a sequence the tokens of another one, in cells of its own.
    fn copy(&mut self, from: usize, to: usize) {
        unsafe {
            let size = ffi::llama_state_seq_get_size(self.native, from as i32);
            let mut state = vec![0_u8; size];
            assert_eq!(
                ffi::llama_state_seq_get_data(self.native, state.as_mut_ptr(), size, from as i32),
                size
            );
            assert_eq!(ffi::llama_state_seq_set_data(self.native, state.as_ptr(), size, to as i32), size);
        }
        self.lengths[to] = self.lengths[from];
    }

    fn cut(&mut self, sequence: usize, length: i32) {
        unsafe {
            ffi::llama_memory_seq_rm(ffi::llama_get_memory(self.native), sequence as i32, length, -1);
        }
        self.lengths[sequence] = length;
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print(row: &str, tokens: f64, seconds: [Vec<f64>; 3]) {
    let [ggml, quipu, split] = seconds.map(|seconds| tokens / median(seconds));
    println!("{row:<28} {ggml:>9.0} {quipu:>9.0} {split:>9.0} {:>8.2} {:>8.2}", quipu / ggml, quipu / split);
}

fn decode(model: *mut ffi::llama_model, row: &str, sequences: i32, length: i32) {
    let cells = |kind| if kind == Kind::Split { length + 64 } else { sequences * (length + 64) };
    let mut contexts = KINDS.map(|kind| Context::new(model, kind, sequences, cells(kind)));
    let mut seconds = [const { Vec::new() }; 3];
    contexts.iter_mut().for_each(|context| context.fill(length));
    for _ in 0..ROUNDS {
        for (context, seconds) in contexts.iter_mut().zip(&mut seconds) {
            let more: Vec<_> = (0..sequences as usize).map(|sequence| (sequence, 1)).collect();
            context.pass(&more);
            let took = (0..STEPS).map(|_| context.pass(&more)).collect();
            seconds.push(median(took));
            (0..sequences as usize).for_each(|sequence| context.cut(sequence, length));
        }
    }
    print(row, f64::from(sequences), seconds);
}

fn prefill(model: *mut ffi::llama_model, row: &str, used: i32) {
    const SEQUENCES: i32 = 16;
    let length = used / SEQUENCES;
    let cells = |kind| if kind == Kind::Split { length.max(1024) + CHUNK } else { used + 1024 + CHUNK };
    let mut contexts = KINDS.map(|kind| Context::new(model, kind, SEQUENCES, cells(kind)));
    let mut seconds = [const { Vec::new() }; 3];
    for context in &mut contexts {
        context.fill(length);
        let measured = std::mem::replace(&mut context.kind, Kind::Quipu);
        context.grow(0, 1024);
        context.kind = measured;
    }
    for _ in 0..ROUNDS {
        for (context, seconds) in contexts.iter_mut().zip(&mut seconds) {
            let start = context.lengths[0];
            seconds.push(context.pass(&[(0, CHUNK)]));
            context.cut(0, start);
        }
    }
    print(row, f64::from(CHUNK), seconds);
}

fn main() {
    // `cargo bench` runs every bench; this one wants a model.
    let Ok(path) = std::env::var("QUIPU_BENCH_MODEL") else {
        println!("attention: skipped; `make attention MODEL=path.gguf` runs it");
        return;
    };
    quipu_llama::init();
    let name = CString::new(path.clone()).expect("a path");
    let model = unsafe { ffi::llama_model_load_from_file(name.as_ptr(), ffi::llama_model_default_params()) };
    assert!(!model.is_null(), "no model");
    println!("{path}, tokens per second, medians of {ROUNDS} rounds");
    println!("{:<28} {:>9} {:>9} {:>9} {:>8} {:>8}", "", "ggml", "quipu", "split", "q/ggml", "q/split");
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    for (sequences, length) in DECODE {
        let row = format!("decode {sequences}x{length}");
        if row.contains(&wanted) {
            decode(model, &row, sequences, length);
        }
    }
    for used in PREFILL {
        let row = format!("prefill {CHUNK} behind {used}");
        if row.contains(&wanted) {
            prefill(model, &row, used);
        }
    }
    unsafe { ffi::llama_model_free(model) };
}
