//! Models that are read from a Rust reader are those that are read from a file.
//!
//! Uses stories260K, a published tiny model; where it is absent these tests say so and pass.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use quipu_llama::{Batch, CacheType, Context, ContextParams, Error, Model, ModelParams};

fn path() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/stories260K.gguf");
    if !path.exists() {
        eprintln!("skipped: stories260K.gguf is not there");
        return None;
    }
    Some(path)
}

/// Calls a function with the position before every read, which may fail or panic.
struct Watched<F> {
    file: File,
    watch: F,
}

impl<F: FnMut(u64) -> io::Result<()>> Read for Watched<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (self.watch)(self.file.stream_position()?)?;
        self.file.read(buffer)
    }
}

impl<F> Seek for Watched<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn load(watch: impl FnMut(u64) -> io::Result<()>, go_on: bool) -> Option<Result<Model, Error>> {
    let file = File::open(path()?).unwrap();
    Some(Model::load_from(Watched { file, watch }, &ModelParams::default(), &mut |_| go_on))
}

fn logits(model: &Model) -> Vec<u32> {
    let params = ContextParams {
        cells: 256,
        batch_tokens: 64,
        sequences: 1,
        threads: 1,
        keys: CacheType::F16,
        values: CacheType::F16,
        precise: false,
    };
    let mut context = Context::new(model, &params).unwrap();
    let mut batch = Batch::new();
    let tokens = model.vocab().tokenize("Tom saw the sun", true, true).unwrap();
    for (i, &token) in tokens.iter().enumerate() {
        batch.push(token, i as i32, 0, i + 1 == tokens.len());
    }
    context.decode(&mut batch).unwrap();
    context.logits(tokens.len() - 1).unwrap().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn a_reader_is_as_good_as_a_file() {
    let Some(path) = path() else { return };
    let mut shown = Vec::new();
    let mut progress = |part| {
        shown.push(part);
        true
    };
    let model = Model::load_from(File::open(&path).unwrap(), &ModelParams::default(), &mut progress).unwrap();
    assert_eq!(shown.last(), Some(&1.0), "progress is reported");
    let other = Model::load(&path, &ModelParams::default(), &mut |_| true).unwrap();
    assert_eq!(model.size(), other.size());
    assert_eq!(logits(&model), logits(&other));
}

#[test]
fn interrupted_reads_are_tried_again() {
    let mut reads = 0;
    let watch = |_| {
        reads += 1;
        if reads % 2 == 1 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    };
    let Some(model) = load(watch, true) else { return };
    model.unwrap();
}

#[test]
fn errors_of_the_reader_come_back() {
    for at in [0, 50_000, 500_000] {
        let fail =
            |position| if position < at { Ok(()) } else { Err(io::Error::other("the disk is on fire")) };
        let Some(result) = load(fail, true) else { return };
        let Err(Error::Read(error)) = result else { panic!("{:?}", result.err()) };
        assert_eq!(error.to_string(), "the disk is on fire");
    }
}

#[test]
fn a_panic_of_the_reader_is_an_error() {
    let panic = |position: u64| if position < 50_000 { Ok(()) } else { panic!("no") };
    let Some(result) = load(panic, true) else { return };
    assert!(matches!(result, Err(Error::Read(error)) if error.to_string().contains("panicked")));
}

#[test]
fn loading_from_a_reader_can_be_cancelled() {
    let Some(result) = load(|_| Ok(()), false) else { return };
    assert!(matches!(result, Err(Error::Cancelled)));
    let text = io::Cursor::new(b"This is no model.".to_vec());
    let result = Model::load_from(text, &ModelParams::default(), &mut |_| true);
    assert!(matches!(result, Err(Error::Load(_))));
}
