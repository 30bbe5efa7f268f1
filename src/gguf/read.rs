//! Reads the numbers and strings of a header, and never past its end.

use std::io::{self, BufReader, Read, Write};

use super::error::{GgufError, short};
use super::text::Text;

/// Longest header that is read, in bytes. Those of real models are below 32 MiB, nearly all vocabulary. A
/// damaged length in a file of many gigabytes must not fill the memory.
pub(super) const MAX_HEADER: u64 = 256 << 20;

/// A reader which knows where it is and how many bytes the file has.
pub(super) struct Reader<R> {
    input: BufReader<R>,
    offset: u64,
    file_len: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R, file_len: u64) -> Self {
        Self { input: BufReader::with_capacity(1 << 16, input), offset: 0, file_len }
    }

    /// Bytes read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Fails unless `count` items of at least `size` bytes each can follow. Everything that is read goes
    /// through here first, so that no allocation is larger than what the file can fill.
    pub(super) fn require(&self, what: &str, count: u64, size: u64) -> Result<(), GgufError> {
        let offset = self.offset;
        let needed = count.saturating_mul(size);
        let left = self.file_len.saturating_sub(offset);
        if needed > left {
            return Err(GgufError::HeaderEnds { what: short(what), offset, needed, left });
        }
        if needed > MAX_HEADER.saturating_sub(offset) {
            return Err(GgufError::HeaderTooLarge { what: short(what), offset });
        }
        Ok(())
    }

    /// `N` bytes.
    pub(super) fn bytes<const N: usize>(&mut self, what: &str) -> Result<[u8; N], GgufError> {
        self.require(what, N as u64, 1)?;
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.offset += N as u64;
        Ok(bytes)
    }

    /// A string, whose length is in front.
    pub(super) fn text(&mut self, what: &str) -> Result<Text, GgufError> {
        let len: u64 = self.element(what)?;
        self.require(what, len, 1)?;
        let mut bytes = vec![0; len as usize];
        self.input.read_exact(&mut bytes)?;
        self.offset += len;
        Ok(bytes.into())
    }

    /// One number, truth value or string.
    pub(super) fn element<T: Element>(&mut self, what: &str) -> Result<T, GgufError> {
        T::read(self, what)
    }

    /// Many of a kind, whose number is in front. The vector grows as elements arrive: it is never larger than
    /// a few times what was read.
    pub(super) fn elements<T: Element>(&mut self, what: &str) -> Result<Vec<T>, GgufError> {
        let count: u64 = self.element(what)?;
        self.require(what, count, T::MIN_SIZE)?;
        (0..count).map(|_| self.element(what)).collect()
    }
}

/// What a metadata array can be made of.
pub(super) trait Element: Sized {
    /// Bytes that one takes in the file, at least.
    const MIN_SIZE: u64;

    /// Reads one. `what` is for the error message.
    fn read(from: &mut Reader<impl Read>, what: &str) -> Result<Self, GgufError>;

    /// Writes one.
    fn write(&self, to: &mut impl Write) -> io::Result<()>;
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Element for $type {
            const MIN_SIZE: u64 = size_of::<Self>() as u64;

            fn read(from: &mut Reader<impl Read>, what: &str) -> Result<Self, GgufError> {
                from.bytes(what).map(Self::from_le_bytes)
            }

            fn write(&self, to: &mut impl Write) -> io::Result<()> {
                to.write_all(&self.to_le_bytes())
            }
        }
    )*};
}

numbers!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

impl Element for bool {
    const MIN_SIZE: u64 = 1;

    fn read(from: &mut Reader<impl Read>, what: &str) -> Result<Self, GgufError> {
        // Any byte but 0 is true, as in llama.cpp.
        from.bytes(what).map(|[byte]| byte != 0)
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        u8::from(*self).write(to)
    }
}

impl Element for Text {
    const MIN_SIZE: u64 = u64::MIN_SIZE;

    fn read(from: &mut Reader<impl Read>, what: &str) -> Result<Self, GgufError> {
        from.text(what)
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        (self.as_bytes().len() as u64).write(to)?;
        to.write_all(self.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_past_the_end() {
        let mut reader = Reader::new([1, 0, 0, 0, 2].as_slice(), 5);
        assert_eq!(reader.element::<u32>("a number").unwrap(), 1);
        let error = reader.element::<u16>("the next").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the next at byte 4 needs 2 bytes, but the file ends after 1: it is truncated or damaged, download it again"
        );
        assert!(reader.element::<bool>("the last").unwrap());
        assert_eq!(reader.offset(), 5);
    }

    #[test]
    fn a_length_is_believed_only_if_the_file_has_the_bytes() {
        for length in [4, 1 << 20, 1 << 40, u64::MAX] {
            let bytes = [length.to_le_bytes().as_slice(), b"abc"].concat();
            let read = |read: fn(&mut Reader<&[u8]>) -> Option<GgufError>| {
                read(&mut Reader::new(bytes.as_slice(), bytes.len() as u64))
            };
            for error in [
                read(|r| r.text("a string").err()),
                read(|r| r.elements::<u8>("numbers").err()),
                read(|r| r.elements::<f64>("numbers").err()),
                read(|r| r.elements::<Text>("strings").err()),
            ] {
                assert!(matches!(error, Some(GgufError::HeaderEnds { offset: 8, left: 3, .. })), "{error:?}");
            }
        }
    }

    #[test]
    fn a_header_has_a_largest_size_however_large_the_file() {
        let length = (MAX_HEADER + 1).to_le_bytes();
        let error = Reader::new(length.as_slice(), u64::MAX).text("a string").unwrap_err();
        assert!(matches!(error, GgufError::HeaderTooLarge { offset: 8, .. }), "{error:?}");
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_an_error() {
        let error = Reader::new([0; 3].as_slice(), 100).element::<u64>("a number").unwrap_err();
        assert!(matches!(error, GgufError::Io(_)), "{error:?}");
    }
}
