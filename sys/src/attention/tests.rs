//! The kernels give what ggml's give, over random shapes, types and masks.

#![allow(clippy::undocumented_unsafe_blocks, reason = "tests build graphs of ggml by hand")]

use std::ptr;

use llama_cpp_sys_2 as ffi;

use super::op::{Op, Plan, compute, supported};
use super::runs::CLOSED;
use super::unit::Entry;

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Roughly normal.
    fn float(&mut self) -> f32 {
        (0..4).map(|_| self.next() as f32 / (1u64 << 30) as f32 - 1.0).sum::<f32>() * 0.7
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    key_width: i64,
    value_width: i64,
    heads: i64,
    kv_heads: i64,
    cells: i64,
    tokens: i64,
    kind: ffi::ggml_type,
    soft_cap: f32,
    sinks: bool,
    threads: usize,
}

fn random_case(random: &mut Random) -> Case {
    let kv_heads = random.pick(&[1, 2, 3, 8]);
    let width = random.pick(&[32, 64, 96, 128, 256]);
    Case {
        key_width: width,
        value_width: if random.below(5) == 0 { 64 } else { width },
        heads: kv_heads * random.pick(&[1, 2, 3, 4, 5, 7, 8]),
        kv_heads,
        cells: random.pick(&[64, 100, 256, 1000, 2304]),
        tokens: random.pick(&[1, 2, 5, 16, 33, 64]),
        kind: random.pick(&[ffi::GGML_TYPE_F16, ffi::GGML_TYPE_F16, ffi::GGML_TYPE_Q8_0, ffi::GGML_TYPE_F32]),
        soft_cap: random.pick(&[0.0, 0.0, 30.0]),
        sinks: random.below(4) == 0,
        threads: random.pick(&[1, 2, 3]),
    }
}

/// A mask as the engine's batches make it: tokens of prompts, of running answers, of both behind shared prefixes.
fn random_mask(case: &Case, random: &mut Random) -> Vec<u16> {
    let (cells, tokens) = (case.cells as usize, case.tokens as usize);
    let owners = 1 + random.below(6);
    let shared = random.below(cells as u64 / 2) as usize;
    let owner_of: Vec<u64> =
        (0..cells).map(|cell| if cell < shared { owners } else { random.below(owners) }).collect();
    let mut mask = vec![CLOSED; cells * tokens];
    let mut token = 0;
    while token < tokens {
        // A prompt of several tokens, or a single one.
        let count = if random.below(2) == 0 { 1 } else { 1 + random.below(40) as usize }.min(tokens - token);
        let owner = random.below(owners);
        let own: Vec<usize> =
            (0..cells).filter(|&cell| owner_of[cell] == owner || owner_of[cell] == owners).collect();
        for i in 0..count {
            let seen = own.len().saturating_sub(count - 1 - i).max(1).min(own.len().max(1));
            for &cell in own.iter().take(seen) {
                mask[(token + i) * cells + cell] = 0;
            }
        }
        token += count;
    }
    mask
}

/// A graph of one operation, in memory of its own.
struct Graph {
    context: *mut ffi::ggml_context,
    graph: *mut ffi::ggml_cgraph,
    out: *mut ffi::ggml_tensor,
}

impl Drop for Graph {
    fn drop(&mut self) {
        unsafe { ffi::ggml_free(self.context) };
    }
}

impl Graph {
    fn new(case: &Case, random: &mut Random) -> Self {
        unsafe {
            let params =
                ffi::ggml_init_params { mem_size: 64 << 20, mem_buffer: ptr::null_mut(), no_alloc: false };
            let context = ffi::ggml_init(params);
            let new = |kind, a, b, c| ffi::ggml_new_tensor_4d(context, kind, a, b, c, 1);
            // As llama.cpp has them: a cell has the rows of all heads behind one another.
            let q = new(ffi::GGML_TYPE_F32, case.key_width, case.heads, case.tokens);
            let k = new(case.kind, case.key_width, case.kv_heads, case.cells);
            let v = new(case.kind, case.value_width, case.kv_heads, case.cells);
            for tensor in [q, k, v] {
                fill(tensor, random);
            }
            let by_head = |tensor| ffi::ggml_permute(context, tensor, 0, 2, 1, 3);
            let mask = new(ffi::GGML_TYPE_F16, case.cells, case.tokens, 1);
            let values = random_mask(case, random);
            ptr::copy_nonoverlapping(values.as_ptr(), (*mask).data.cast(), values.len());
            let scale = 1.0 / (case.key_width as f32).sqrt();
            let out = ffi::ggml_flash_attn_ext(
                context,
                by_head(q),
                by_head(k),
                by_head(v),
                mask,
                scale,
                0.0,
                case.soft_cap,
            );
            if case.sinks {
                let sinks = ffi::ggml_new_tensor_1d(context, ffi::GGML_TYPE_F32, case.heads);
                fill(sinks, random);
                ffi::ggml_flash_attn_ext_add_sinks(out, sinks);
            }
            let graph = ffi::ggml_new_graph(context);
            ffi::ggml_build_forward_expand(graph, out);
            Self { context, graph, out }
        }
    }

    fn output(&self) -> Vec<f32> {
        unsafe {
            let count = ffi::ggml_nelements(self.out) as usize;
            std::slice::from_raw_parts((*self.out).data.cast::<f32>(), count).to_vec()
        }
    }

    fn by_ggml(&self) -> Vec<f32> {
        unsafe {
            let backend = ffi::ggml_backend_cpu_init();
            assert_eq!(ffi::ggml_backend_graph_compute(backend, self.graph), ffi::GGML_STATUS_SUCCESS);
            ffi::ggml_backend_free(backend);
        }
        self.output()
    }

    fn by_kernels(&self, entry: &Entry, threads: usize) -> Vec<f32> {
        unsafe {
            let op = Op::new(&*self.out).expect("all operands");
            assert!(supported(&op, entry));
            assert!(compute(&op, &mut Plan::default(), entry, threads));
        }
        self.output()
    }
}

fn fill(tensor: *mut ffi::ggml_tensor, random: &mut Random) {
    unsafe {
        let count = ffi::ggml_nelements(tensor);
        let floats: Vec<f32> = (0..count).map(|_| random.float()).collect();
        let data = (*tensor).data;
        match (*tensor).type_ {
            ffi::GGML_TYPE_F32 => ptr::copy_nonoverlapping(floats.as_ptr(), data.cast(), floats.len()),
            ffi::GGML_TYPE_F16 => ffi::ggml_fp32_to_fp16_row(floats.as_ptr(), data.cast(), count),
            kind => {
                let width = (*tensor).ne[0];
                ffi::ggml_quantize_chunk(kind, floats.as_ptr(), data, 0, count / width, width, ptr::null());
            }
        }
    }
}

/// Largest difference, as a part of the largest number.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    let largest = a.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    a.iter().zip(b).fold(0.0_f32, |most, (x, y)| most.max((x - y).abs())) / largest
}

/// A tensor's numbers, row by row.
fn numbers(tensor: *const ffi::ggml_tensor) -> Vec<f64> {
    unsafe {
        let count = ffi::ggml_nelements(tensor) as usize;
        let mut floats = vec![0.0_f32; count];
        if (*tensor).type_ == ffi::GGML_TYPE_F32 {
            ptr::copy_nonoverlapping((*tensor).data.cast(), floats.as_mut_ptr(), count);
        } else {
            let traits = &*ffi::ggml_get_type_traits((*tensor).type_);
            traits.to_float.expect("a conversion")((*tensor).data, floats.as_mut_ptr(), count as i64);
        }
        floats.into_iter().map(f64::from).collect()
    }
}

/// Attention by the book, in 64 bits.
fn exact(case: &Case, graph: &Graph) -> Vec<f32> {
    // Behind the permutation, each tensor is as it was made.
    let source = |i: usize| unsafe { (*(*graph.out).src[i]).view_src.cast_const() };
    let (q, k, v) = (numbers(source(0)), numbers(source(1)), numbers(source(2)));
    let op = unsafe { Op::new(&*graph.out).expect("all operands") };
    let mask = unsafe { op.mask() };
    let [dk, dv, heads, kv_heads] =
        [case.key_width, case.value_width, case.heads, case.kv_heads].map(|n| n as usize);
    let mut out = Vec::new();
    for token in 0..case.tokens as usize {
        let open: Vec<usize> = (0..case.cells as usize).filter(|&c| mask.row(token as u32)[c] == 0).collect();
        for head in 0..heads {
            let kv = head / (heads / kv_heads);
            let q = &q[(token * heads + head) * dk..][..dk];
            let score = |&c: &usize| {
                let k = &k[(c * kv_heads + kv) * dk..][..dk];
                let s = q.iter().zip(k).map(|(q, k)| q * k).sum::<f64>() / (dk as f64).sqrt();
                let cap = f64::from(case.soft_cap);
                if cap > 0.0 { cap * (s / cap).tanh() } else { s }
            };
            let scores: Vec<f64> = open.iter().map(score).collect();
            let sink = op.sink(head).map(f64::from);
            let top = scores.iter().copied().chain(sink).fold(f64::MIN, f64::max);
            let sum = scores.iter().copied().chain(sink).map(|s| (s - top).exp()).sum::<f64>();
            let mut row = vec![0.0; dv];
            for (s, &c) in scores.iter().zip(&open) {
                let v = &v[(c * kv_heads + kv) * dv..][..dv];
                row.iter_mut().zip(v).for_each(|(row, v)| *row += (s - top).exp() / sum * v);
            }
            out.extend(row.into_iter().map(|x| x as f32));
        }
    }
    out
}

/// The kernels are close to the exact results, and ggml's own are within their rounding of them.
#[test]
fn the_results_are_right_and_those_of_ggml() {
    crate::init();
    let mut random = Random(7);
    for round in 0..150 {
        let case = random_case(&mut random);
        let graph = Graph::new(&case, &mut random);
        let expected = exact(&case, &graph);
        for entry in Entry::all() {
            let found = graph.by_kernels(entry, case.threads);
            let difference = difference(&expected, &found);
            assert!(difference < 5e-6, "round {round}, {}: {difference} for {case:?}", entry.name);
        }
        // ggml adds up in 16 bits where the cache has 16, and rounds queries to 8 bits where it has 8.
        let allowed = if case.kind == ffi::GGML_TYPE_F32 { 1e-5 } else { 3e-2 };
        let difference = difference(&expected, &graph.by_ggml());
        assert!(difference < allowed, "round {round}, ggml: {difference} for {case:?}");
    }
}

/// All kinds of vectors, all numbers of threads and all ways to cut the work agree far closer than ggml's rounding.
#[test]
fn the_kernels_agree_with_each_other() {
    crate::init();
    let mut random = Random(11);
    for _ in 0..60 {
        let case = random_case(&mut random);
        let graph = Graph::new(&case, &mut random);
        let expected = graph.by_kernels(Entry::best(), 1);
        for entry in Entry::all() {
            for threads in [1, 2, 5, 16] {
                let found = graph.by_kernels(entry, threads);
                let difference = difference(&expected, &found);
                assert!(
                    difference < 3e-6,
                    "{} with {threads} threads: {difference} for {case:?}",
                    entry.name
                );
            }
        }
    }
}

#[test]
fn what_is_not_computed_is_declined() {
    crate::init();
    let mut random = Random(3);
    let case = Case {
        key_width: 64,
        value_width: 64,
        heads: 4,
        kv_heads: 2,
        cells: 64,
        tokens: 2,
        kind: ffi::GGML_TYPE_F16,
        soft_cap: 0.0,
        sinks: false,
        threads: 1,
    };
    let graph = Graph::new(&case, &mut random);
    let declines = |change: &dyn Fn(&mut ffi::ggml_tensor, &mut ffi::ggml_tensor)| unsafe {
        let (mut out, mut k) = (*graph.out, *(*graph.out).src[1]);
        change(&mut out, &mut k);
        out.src[1] = &raw mut k;
        !supported(&Op::new(&out).expect("all operands"), Entry::best())
    };
    assert!(!declines(&|_, _| {}));
    assert!(declines(&|out, _| out.op_params[1] = 8.0_f32.to_bits().cast_signed()), "ALiBi");
    assert!(declines(&|_, k| k.ne[3] = 2), "streams");
    assert!(declines(&|_, k| k.type_ = ffi::GGML_TYPE_Q4_0), "another type");
    assert!(declines(&|_, k| k.ne[0] = 40), "an odd width");
    let mut out = unsafe { *graph.out };
    out.src[3] = ptr::null_mut();
    assert!(unsafe { Op::new(&out) }.is_none(), "no mask");
}

/// Layers of a step share the mask; a new step has another one, in the same memory.
#[test]
fn a_new_step_is_noticed() {
    crate::init();
    let mut random = Random(5);
    let case = Case { tokens: 4, cells: 100, soft_cap: 0.0, sinks: false, ..random_case(&mut random) };
    let graph = Graph::new(&case, &mut random);
    let named = |number: u32| unsafe {
        let name = std::ffi::CString::new(format!("node_{number}")).expect("a name");
        ffi::ggml_set_name(graph.out, name.as_ptr());
    };
    let mut plan = Plan::default();
    let mut compute = || unsafe {
        let op = Op::new(&*graph.out).expect("all operands");
        assert!(compute(&op, &mut plan, Entry::best(), 1));
        graph.output()
    };
    named(7);
    let first = compute();
    named(19);
    assert_eq!(compute(), first);
    let other = random_mask(&case, &mut random);
    unsafe {
        let mask = (*graph.out).src[3];
        ptr::copy_nonoverlapping(other.as_ptr(), (*mask).data.cast(), other.len());
    }
    named(20);
    assert_eq!(compute(), first, "behind the last, it is taken for the same pass");
    named(7);
    let second = compute();
    assert_ne!(second, first);
    assert!(difference(&graph.by_kernels(Entry::best(), 1), &second) < 1e-6);
}
