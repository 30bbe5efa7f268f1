//! The attention of one forward pass, of all layers of a small model, by ggml and by Quipu's kernels, over a pool that
//! many sequences share. Nothing of a model is needed: keys, values and masks are made up.

#![allow(clippy::undocumented_unsafe_blocks, reason = "a bench, which builds graphs of ggml by hand")]

use std::ptr;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use llama_cpp_sys_2 as ffi;

/// Heads of queries, heads of keys and values, their width, layers: the shape of SmolLM2-135M, half as deep.
const HEADS: i64 = 9;
const KV_HEADS: i64 = 3;
const WIDTH: i64 = 64;
const LAYERS: usize = 15;

/// What a cell of the mask says to a token that attends to it, and to one that does not, as 16-bit floats.
const OPEN: u16 = 0;
const CLOSED: u16 = 0xFC00;

/// A pass: so many sequences that hold so many tokens each, mixed in the pool, and new tokens of each.
struct Pass {
    name: &'static str,
    sequences: usize,
    held: usize,
    new: usize,
    kind: ffi::ggml_type,
}

const PASSES: [Pass; 5] = [
    Pass { name: "decode 1x2048", sequences: 1, held: 2048, new: 1, kind: ffi::GGML_TYPE_F16 },
    Pass { name: "decode 32x512", sequences: 32, held: 512, new: 1, kind: ffi::GGML_TYPE_F16 },
    Pass { name: "decode 32x512 q8_0", sequences: 32, held: 512, new: 1, kind: ffi::GGML_TYPE_Q8_0 },
    Pass { name: "prefill 512", sequences: 1, held: 0, new: 512, kind: ffi::GGML_TYPE_F16 },
    Pass { name: "prefill 8x64 behind 512", sequences: 8, held: 512, new: 64, kind: ffi::GGML_TYPE_F16 },
];

impl Pass {
    fn tokens(&self) -> usize {
        self.sequences * self.new
    }

    /// Cells, a multiple of 256 as llama.cpp has them.
    fn cells(&self) -> usize {
        (self.sequences * (self.held + self.new)).next_multiple_of(256)
    }

    /// Token `i` of a sequence lies in cell `i * sequences + sequence`: sequences that answer side by side.
    fn mask(&self) -> Vec<u16> {
        let cells = self.cells();
        let mut mask = vec![CLOSED; cells * self.tokens()];
        for row in 0..self.tokens() {
            let (sequence, place) = (row / self.new, row % self.new);
            for token in 0..=self.held + place {
                mask[row * cells + token * self.sequences + sequence] = OPEN;
            }
        }
        mask
    }
}

/// A graph with the attention of each layer.
struct Graph {
    context: *mut ffi::ggml_context,
    graph: *mut ffi::ggml_cgraph,
}

impl Drop for Graph {
    fn drop(&mut self) {
        unsafe { ffi::ggml_free(self.context) };
    }
}

impl Graph {
    fn new(pass: &Pass) -> Self {
        let (tokens, cells) = (pass.tokens() as i64, pass.cells() as i64);
        unsafe {
            let params =
                ffi::ggml_init_params { mem_size: 1 << 30, mem_buffer: ptr::null_mut(), no_alloc: false };
            let context = ffi::ggml_init(params);
            let graph = ffi::ggml_new_graph(context);
            let mask = ffi::ggml_new_tensor_4d(context, ffi::GGML_TYPE_F16, cells, tokens, 1, 1);
            let values = pass.mask();
            ptr::copy_nonoverlapping(values.as_ptr(), (*mask).data.cast(), values.len());
            for _ in 0..LAYERS {
                let q = filled(context, ffi::GGML_TYPE_F32, HEADS, tokens);
                let k = filled(context, pass.kind, KV_HEADS, cells);
                let v = filled(context, pass.kind, KV_HEADS, cells);
                let scale = 1.0 / (WIDTH as f32).sqrt();
                let out = ffi::ggml_flash_attn_ext(context, q, k, v, mask, scale, 0.0, 0.0);
                ffi::ggml_build_forward_expand(graph, out);
            }
            Self { context, graph }
        }
    }

    fn compute(&self, backend: ffi::ggml_backend_t) {
        assert_eq!(unsafe { ffi::ggml_backend_graph_compute(backend, self.graph) }, ffi::GGML_STATUS_SUCCESS);
    }
}

/// Rows of all heads behind one another, seen by head; numbers between -1 and 1.
unsafe fn filled(
    context: *mut ffi::ggml_context,
    kind: ffi::ggml_type,
    heads: i64,
    rows: i64,
) -> *mut ffi::ggml_tensor {
    unsafe {
        let tensor = ffi::ggml_new_tensor_4d(context, kind, WIDTH, heads, rows, 1);
        let count = WIDTH * heads * rows;
        let floats: Vec<f32> = (0..count).map(|i| ((i * 7919) % 2001) as f32 / 1000.0 - 1.0).collect();
        match kind {
            ffi::GGML_TYPE_F32 => {
                ptr::copy_nonoverlapping(floats.as_ptr(), (*tensor).data.cast(), floats.len());
            }
            ffi::GGML_TYPE_F16 => ffi::ggml_fp32_to_fp16_row(floats.as_ptr(), (*tensor).data.cast(), count),
            kind => {
                ffi::ggml_quantize_chunk(
                    kind,
                    floats.as_ptr(),
                    (*tensor).data,
                    0,
                    count / WIDTH,
                    WIDTH,
                    ptr::null(),
                );
            }
        }
        ffi::ggml_permute(context, tensor, 0, 2, 1, 3)
    }
}

/// Our backend, as ggml finds it.
fn ours(threads: i32) -> ffi::ggml_backend_t {
    unsafe {
        let device = ffi::ggml_backend_dev_by_name(c"Quipu".as_ptr());
        assert!(!device.is_null(), "registered");
        let registry = ffi::ggml_backend_dev_backend_reg(device);
        let set_threads =
            ffi::ggml_backend_reg_get_proc_address(registry, c"ggml_backend_set_n_threads".as_ptr());
        let set_threads: extern "C" fn(ffi::ggml_backend_t, i32) = std::mem::transmute(set_threads);
        let backend = ffi::ggml_backend_dev_init(device, ptr::null());
        set_threads(backend, threads);
        backend
    }
}

fn passes(c: &mut Criterion) {
    quipu_llama::init();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as i32);
    let (ggml, quipu) = unsafe {
        let ggml = ffi::ggml_backend_cpu_init();
        ffi::ggml_backend_cpu_set_n_threads(ggml, threads);
        (ggml, ours(threads))
    };
    let mut group = c.benchmark_group("attention");
    group.sample_size(10);
    for pass in &PASSES {
        let graph = Graph::new(pass);
        group.throughput(Throughput::Elements(pass.tokens() as u64));
        for (name, backend) in [("ggml", ggml), ("quipu", quipu)] {
            group.bench_function(BenchmarkId::new(pass.name, name), |b| b.iter(|| graph.compute(backend)));
        }
    }
    group.finish();
    unsafe {
        ffi::ggml_backend_free(ggml);
        ffi::ggml_backend_free(quipu);
    }
}

criterion_group!(benches, passes);
criterion_main!(benches);
