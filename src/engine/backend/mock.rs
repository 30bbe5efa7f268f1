//! A backend that computes nothing and forgives nothing.
//!
//! Each cell holds a hash of the whole past of its sequence, and the logits of a token are a function of that
//! hash alone. A cell that is shared wrongly, kept too long or placed at a wrong position therefore changes
//! the text, and every rule of llama.cpp's memory is asserted: ids, gaps, capacity.
//!
//! ```text
//!   sequence 0:  cells [ 0 1 2 3 ]        cell = (hash of everything up to here, owners)
//!   sequence 1:  cells [ 0 1 4 ]          copying a prefix adds an owner to its cells
//! ```

use std::ops::Range;

use super::{Backend, BatchToken, Capabilities, DecodeError, Embedder, EmbedderSizes, SeqId, Vocabulary};
use crate::engine::protocol::Token;

/// Size of the mock's vocabulary: all bytes, begin and end.
pub const MOCK_VOCAB: u32 = 258;
const BEGIN: Token = 256;
const END: Token = 257;

#[derive(Clone, Copy, Default)]
struct Cell {
    owners: u32,
    hash: u64,
}

/// The deterministic backend.
pub struct MockBackend {
    capabilities: Capabilities,
    cells: Vec<Cell>,
    free: Vec<u32>,
    /// Cells of each sequence, by position.
    sequences: Vec<Vec<u32>>,
    logits: Vec<f32>,
    rows: usize,
    /// Failures to report before the next passes, for tests of faults.
    failures: Vec<DecodeError>,
}

impl MockBackend {
    /// An empty pool.
    #[must_use]
    pub fn new(capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            cells: vec![Cell::default(); capabilities.cells as usize],
            free: (0..capabilities.cells).rev().collect(),
            sequences: vec![Vec::new(); capabilities.sequences as usize],
            logits: Vec::new(),
            rows: 0,
            failures: Vec::new(),
        }
    }

    /// Makes the next pass fail.
    pub fn fail_next(&mut self, error: DecodeError) {
        self.failures.push(error);
    }

    /// Cells that some sequence owns.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.capabilities.cells - self.free.len() as u32
    }

    fn disown(&mut self, cell: u32) {
        let owners = &mut self.cells[cell as usize].owners;
        *owners -= 1;
        if *owners == 0 {
            self.free.push(cell);
        }
    }
}

/// Hash of a past extended by one token (splitmix64 over both).
fn extend(past: u64, token: Token) -> u64 {
    let mut z = past.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(token) + 1);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The token that a mock model writes greedily after the given tokens: the whole model, for tests.
#[must_use]
pub fn mock_next(tokens: &[Token], vocab: u32) -> Token {
    likeliest(tokens.iter().fold(0, |past, &t| extend(past, t)), vocab)
}

/// Mostly letters, sometimes a space, seldom the end.
fn likeliest(hash: u64, vocab: u32) -> Token {
    if vocab != MOCK_VOCAB {
        return (hash % u64::from(vocab)) as Token;
    }
    match (hash % (1 << 20), hash % 4096) {
        (0, _) => END,
        (_, 1..=640) => u32::from(b' '),
        (_, n) => u32::from(b'a') + (n % 26) as Token,
    }
}

impl Backend for MockBackend {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn decode(&mut self, batch: &[BatchToken]) -> Result<(), DecodeError> {
        if let Some(error) = self.failures.pop() {
            return Err(error);
        }
        assert!(!batch.is_empty() && batch.len() <= self.capabilities.batch_tokens as usize, "batch size");
        if batch.len() > self.free.len() {
            return Err(DecodeError::NoSlot);
        }
        let vocab = self.capabilities.vocab as usize;
        self.rows = 0;
        for entry in batch {
            assert!(entry.token < self.capabilities.vocab, "token in the vocabulary");
            let held = &mut self.sequences[entry.sequence as usize];
            assert_eq!(entry.position as usize, held.len(), "positions go on where the sequence ends");
            let past = held.last().map_or(0, |&c| self.cells[c as usize].hash);
            let hash = extend(past, entry.token);
            let Some(cell) = self.free.pop() else { return Err(DecodeError::NoSlot) };
            self.cells[cell as usize] = Cell { owners: 1, hash };
            held.push(cell);
            if entry.output {
                self.logits.resize((self.rows + 1) * vocab, 0.0);
                let row = &mut self.logits[self.rows * vocab..];
                // Cheap, and different enough from row to row for sampling to have a choice.
                for (i, logit) in row.iter_mut().enumerate() {
                    *logit = ((hash >> (i % 57)) & 0x7f) as f32 / 32.0;
                }
                row[likeliest(hash, self.capabilities.vocab) as usize] = 16.0;
                self.rows += 1;
            }
        }
        Ok(())
    }

    fn logits(&self, row: usize) -> &[f32] {
        let vocab = self.capabilities.vocab as usize;
        assert!(row < self.rows, "row of the last pass");
        &self.logits[row * vocab..(row + 1) * vocab]
    }

    fn copy(&mut self, from: SeqId, to: SeqId, positions: Range<u32>) {
        assert!(self.capabilities.partial, "recurrent memories copy whole sequences only");
        let range = positions.start as usize..positions.end as usize;
        assert_eq!(self.sequences[to as usize].len(), range.start, "no gap, nothing overwritten");
        let shared = self.sequences[from as usize][range].to_vec();
        for &cell in &shared {
            self.cells[cell as usize].owners += 1;
        }
        self.sequences[to as usize].extend(shared);
    }

    fn replace(&mut self, from: SeqId, to: SeqId, positions: Range<u32>) {
        assert!(self.capabilities.partial, "recurrent memories cannot share a part");
        for position in positions {
            let kept = self.sequences[from as usize][position as usize];
            let own = std::mem::replace(&mut self.sequences[to as usize][position as usize], kept);
            assert_eq!(
                self.cells[own as usize].hash, self.cells[kept as usize].hash,
                "the same past at position {position}"
            );
            self.cells[kept as usize].owners += 1;
            self.disown(own);
        }
    }

    fn remove(&mut self, sequence: SeqId, positions: Range<u32>) {
        assert!(self.capabilities.partial, "recurrent memories cannot drop a part");
        let held = &mut self.sequences[sequence as usize];
        assert_eq!(positions.end as usize, held.len(), "only tails are removed");
        for cell in held.split_off(positions.start as usize) {
            self.disown(cell);
        }
    }

    fn clear(&mut self, sequence: SeqId) {
        for cell in std::mem::take(&mut self.sequences[sequence as usize]) {
            self.disown(cell);
        }
    }

    fn held(&mut self, sequence: SeqId) -> u32 {
        self.sequences[sequence as usize].len() as u32
    }
}

/// Makes of a text a vector that is a function of all its tokens, between -1 and 1.
pub struct MockEmbedder(pub EmbedderSizes);

impl Embedder for MockEmbedder {
    fn sizes(&self) -> EmbedderSizes {
        self.0
    }

    fn embed(&mut self, texts: &[&[Token]]) -> Result<Vec<Vec<f32>>, String> {
        let tokens: usize = texts.iter().map(|text| text.len()).sum();
        let most = if texts.len() == 1 { self.0.text_tokens } else { self.0.pass_tokens };
        assert!((1..=self.0.texts as usize).contains(&texts.len()) && tokens <= most as usize, "pass size");
        let vector = |text: &[Token]| {
            let hash = text.iter().fold(0, |past, &token| extend(past, token));
            let number = |i| (extend(hash, i) >> 40) as f32 / (1 << 23) as f32 - 1.0;
            (0..self.0.width).map(number).collect()
        };
        assert!(texts.iter().all(|text| !text.is_empty()), "no empty text");
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

/// Bytes as tokens.
pub struct MockVocabulary {
    pieces: Vec<[u8; 1]>,
}

impl Default for MockVocabulary {
    fn default() -> Self {
        Self { pieces: (0..=255).map(|b| [b]).collect() }
    }
}

impl Vocabulary for MockVocabulary {
    fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
        Ok(std::iter::once(BEGIN).chain(text.bytes().map(Token::from)).collect())
    }

    fn plain(&self, text: &str) -> Result<Vec<Token>, String> {
        Ok(text.bytes().map(Token::from).collect())
    }

    fn detokenize(&self, tokens: &[Token]) -> Result<String, String> {
        if let Some(bad) = tokens.iter().find(|&&t| t >= MOCK_VOCAB) {
            return Err(format!("token {bad} is not in the vocabulary"));
        }
        let bytes: Vec<u8> = tokens.iter().filter_map(|&t| u8::try_from(t).ok()).collect();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn piece(&self, token: Token) -> &[u8] {
        self.pieces.get(token as usize).map_or(&[], |b| b)
    }

    fn special(&self, _: &str) -> Vec<(Token, Vec<u8>)> {
        Vec::new()
    }

    fn len(&self) -> u32 {
        MOCK_VOCAB
    }

    fn spelled(&self, token: Token) -> Vec<u8> {
        match token {
            BEGIN => b"<begin>".to_vec(),
            END => b"<end>".to_vec(),
            byte => self.piece(byte).to_vec(),
        }
    }

    fn is_end(&self, token: Token) -> bool {
        token == END
    }

    fn leading(&self) -> Option<Token> {
        Some(BEGIN)
    }

    fn trailing(&self) -> Option<Token> {
        None
    }
}
