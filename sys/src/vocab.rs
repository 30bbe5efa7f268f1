//! Text to tokens and back.

use std::ffi::c_char;

use llama_cpp_sys_2 as ffi;

use crate::{Error, Model};

unsafe extern "C" {
    /// `llama_tokenize` with exceptions caught; see `shim.cpp`.
    fn quipu_tokenize(
        vocab: *const ffi::llama_vocab,
        text: *const c_char,
        length: i32,
        tokens: *mut ffi::llama_token,
        room: i32,
        add_special: bool,
        parse_special: bool,
        failed: *mut bool,
    ) -> i32;
}

/// A token id, `0..vocab.len()`.
pub type Token = u32;

/// The vocabulary of a model. Cheap to clone; any thread may use it.
#[derive(Clone)]
pub struct Vocab {
    model: Model,
    len: u32,
}

impl Vocab {
    pub(crate) fn new(model: Model) -> Self {
        // SAFETY: a live model has a vocabulary, if only an empty one.
        let len = unsafe { ffi::llama_vocab_n_tokens(ffi::llama_model_get_vocab(model.as_ptr())) };
        Self { model, len: len.max(0) as u32 }
    }

    fn as_ptr(&self) -> *const ffi::llama_vocab {
        // SAFETY: the vocabulary lives as long as its model, which `self` owns.
        unsafe { ffi::llama_model_get_vocab(self.model.as_ptr()) }
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is no vocabulary.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether there is a tokenizer. Some files hold only embeddings or weights.
    #[must_use]
    pub fn can_tokenize(&self) -> bool {
        // SAFETY: reads a live vocabulary.
        unsafe { ffi::llama_vocab_type(self.as_ptr()) != ffi::LLAMA_VOCAB_TYPE_NONE }
    }

    /// Tokenises `text`. `add_special` puts begin- and end-of-sequence tokens where the vocabulary wants
    /// them; `parse_special` recognises the text of control tokens.
    ///
    /// # Errors
    /// [`Error::Tokenize`] when the model has no tokenizer, its vocabulary cannot spell the text, or the text
    /// is longer than 2 GiB.
    pub fn tokenize(&self, text: &str, add_special: bool, parse_special: bool) -> Result<Vec<Token>, Error> {
        if !self.can_tokenize() {
            return Err(Error::Tokenize("the model has no tokenizer".into()));
        }
        let length =
            i32::try_from(text.len()).map_err(|_| Error::Tokenize("it is longer than 2 GiB".into()))?;
        // A token holds one byte at least; a few are added in front and behind.
        let mut tokens: Vec<ffi::llama_token> = vec![0; text.len() / 2 + 8];
        loop {
            let room = i32::try_from(tokens.len()).unwrap_or(i32::MAX);
            let mut failed = false;
            // SAFETY: text and buffer live during the call, with the lengths given.
            let n = unsafe {
                quipu_tokenize(
                    self.as_ptr(),
                    text.as_ptr().cast::<c_char>(),
                    length,
                    tokens.as_mut_ptr(),
                    room,
                    add_special,
                    parse_special,
                    &raw mut failed,
                )
            };
            if failed {
                return Err(Error::Tokenize("it holds characters that the vocabulary cannot spell".into()));
            }
            match usize::try_from(n) {
                Ok(n) => {
                    tokens.truncate(n);
                    return Ok(tokens.into_iter().map(|t| t as Token).collect());
                }
                Err(_) if n == i32::MIN => return Err(Error::Tokenize("too many tokens".into())),
                Err(_) => tokens.resize(n.unsigned_abs() as usize, 0),
            }
        }
    }

    /// Text of tokens, the inverse of [`Self::tokenize`]: a begin-of-sequence token that was added is removed,
    /// other special tokens are spelled out.
    ///
    /// # Errors
    /// [`Error::Argument`] for an id that is not in the vocabulary.
    pub fn detokenize(&self, tokens: &[Token]) -> Result<String, Error> {
        if let Some(bad) = tokens.iter().find(|&&t| t >= self.len) {
            return Err(Error::Argument(format!("token {bad} is not in the vocabulary")));
        }
        // llama.cpp can drop the leading token itself, but then leaves the space that tokenising put behind it.
        let lead = self.bos().filter(|_| self.adds_bos());
        let tokens = match tokens {
            [first, rest @ ..] if Some(*first) == lead => rest,
            all => all,
        };
        let ids: Vec<ffi::llama_token> = tokens.iter().map(|&t| t as ffi::llama_token).collect();
        let count = i32::try_from(ids.len()).map_err(|_| Error::Argument("too many tokens".into()))?;
        let mut bytes = vec![0_u8; tokens.len() * 4 + 16];
        loop {
            let room = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
            // SAFETY: both buffers live during the call, with the lengths given; all ids are valid.
            let n = unsafe {
                ffi::llama_detokenize(
                    self.as_ptr(),
                    ids.as_ptr(),
                    count,
                    bytes.as_mut_ptr().cast::<c_char>(),
                    room,
                    false,
                    true,
                )
            };
            match usize::try_from(n) {
                Ok(n) => {
                    bytes.truncate(n);
                    return Ok(String::from_utf8_lossy(&bytes).into_owned());
                }
                Err(_) => bytes.resize(n.unsigned_abs() as usize, 0),
            }
        }
    }

    /// Appends the bytes of one token to `out`; a token may be a part of a character. Control tokens have
    /// text only if `special` is set. Ids outside the vocabulary have none.
    pub fn piece(&self, token: Token, special: bool, out: &mut Vec<u8>) {
        if token >= self.len || !self.can_tokenize() {
            return;
        }
        let start = out.len();
        let mut room = 32_i32;
        loop {
            out.resize(start + room as usize, 0);
            // SAFETY: the buffer holds `room` bytes behind `start`; the id is valid.
            let n = unsafe {
                ffi::llama_token_to_piece(
                    self.as_ptr(),
                    token as ffi::llama_token,
                    out.as_mut_ptr().add(start).cast::<c_char>(),
                    room,
                    0,
                    special,
                )
            };
            if n >= 0 {
                out.truncate(start + n as usize);
                return;
            }
            room = n.saturating_neg();
        }
    }

    /// Whether a token ends generation.
    #[must_use]
    pub fn is_end(&self, token: Token) -> bool {
        // SAFETY: the id is valid, which llama.cpp would otherwise assert.
        token < self.len && unsafe { ffi::llama_vocab_is_eog(self.as_ptr(), token as ffi::llama_token) }
    }

    /// The begin-of-sequence token.
    #[must_use]
    pub fn bos(&self) -> Option<Token> {
        // SAFETY: reads a live vocabulary; -1 means none.
        u32::try_from(unsafe { ffi::llama_vocab_bos(self.as_ptr()) }).ok()
    }

    /// The end-of-sequence token.
    #[must_use]
    pub fn eos(&self) -> Option<Token> {
        // SAFETY: reads a live vocabulary; -1 means none.
        u32::try_from(unsafe { ffi::llama_vocab_eos(self.as_ptr()) }).ok()
    }

    /// The tokens around text that the model is to insert, if it was trained to: before the text in front, before the
    /// text behind, and before what is inserted.
    #[must_use]
    pub fn infill(&self) -> Option<[Token; 3]> {
        let vocab = self.as_ptr();
        // SAFETY: reads a live vocabulary; -1 means none.
        let ids = unsafe {
            [
                ffi::llama_vocab_fim_pre(vocab),
                ffi::llama_vocab_fim_suf(vocab),
                ffi::llama_vocab_fim_mid(vocab),
            ]
        };
        match ids.map(|id| u32::try_from(id).ok()) {
            [Some(prefix), Some(suffix), Some(middle)] => Some([prefix, suffix, middle]),
            _ => None,
        }
    }

    /// Whether [`Self::tokenize`] puts the begin-of-sequence token in front.
    #[must_use]
    pub fn adds_bos(&self) -> bool {
        // SAFETY: reads a live vocabulary.
        unsafe { ffi::llama_vocab_get_add_bos(self.as_ptr()) }
    }

    /// The token that [`Self::tokenize`] puts behind a text, if it does: a separator or the end of the sequence.
    #[must_use]
    pub fn trailing(&self) -> Option<Token> {
        // SAFETY: reads a live vocabulary; -1 means none.
        let token = unsafe {
            if ffi::llama_vocab_get_add_sep(self.as_ptr()) {
                ffi::llama_vocab_sep(self.as_ptr())
            } else if ffi::llama_vocab_get_add_eos(self.as_ptr()) {
                ffi::llama_vocab_eos(self.as_ptr())
            } else {
                -1
            }
        };
        u32::try_from(token).ok()
    }
}
