//! Request bodies that are packed with Zstandard, unpacked as they come.

use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::error::Failure;

/// Most bytes of an unpacked body, as in Ollama.
pub(super) const MOST: usize = 20 << 20;

/// The largest window of a frame, as a power of two: the 8 MiB that HTTP allows (RFC 9659). A frame that wants more is
/// refused before anything is reserved for it.
const WINDOW_LOG: u32 = 23;

/// Unpacks a body piece by piece. It never holds more than it may give.
pub(super) struct Unpacker {
    decoder: Decoder<'static>,
    out: Vec<u8>,
    limit: usize,
    /// A frame was begun, and has not ended.
    open: bool,
}

impl Unpacker {
    /// One that gives at most `limit` bytes.
    ///
    /// # Errors
    /// [`Failure::BodyBroken`] if there is no memory for it.
    pub(super) fn new(limit: usize) -> Result<Self, Failure> {
        let mut decoder = Decoder::new().map_err(broken)?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).map_err(broken)?;
        Ok(Self { decoder, out: Vec::new(), limit, open: false })
    }

    /// Unpacks the next piece.
    ///
    /// # Errors
    /// [`Failure::BodyTooLarge`], and [`Failure::BodyBroken`] for what is no Zstandard.
    pub(super) fn push(&mut self, mut input: &[u8]) -> Result<(), Failure> {
        let mut piece = [0; 16 << 10];
        // What is left in the decoder when the input ends comes out until there is room to spare.
        let mut full = false;
        while !input.is_empty() || (full && self.open) {
            let done = self.decoder.run_on_buffers(input, &mut piece).map_err(broken)?;
            if self.out.len() + done.bytes_written > self.limit {
                return Err(Failure::BodyTooLarge { limit: self.limit });
            }
            self.out.extend_from_slice(&piece[..done.bytes_written]);
            input = &input[done.bytes_read..];
            self.open = done.remaining != 0;
            full = done.bytes_written == piece.len();
        }
        Ok(())
    }

    /// Everything that was unpacked.
    ///
    /// # Errors
    /// [`Failure::BodyBroken`] if the last frame has not ended.
    pub(super) fn finish(self) -> Result<Vec<u8>, Failure> {
        if self.open {
            return Err(Failure::BodyBroken("it ends within a Zstandard frame".into()));
        }
        Ok(self.out)
    }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::BodyBroken(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn unpack(packed: &[u8], chunk: usize, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut unpacker = Unpacker::new(limit)?;
        for piece in packed.chunks(chunk) {
            unpacker.push(piece)?;
        }
        unpacker.finish()
    }

    #[test]
    fn a_body_may_be_several_frames_or_none() {
        let packed = [pack(b"one "), pack(b""), pack(b"two")].concat();
        assert_eq!(unpack(&packed, 1, 100).unwrap(), b"one two");
        assert_eq!(unpack(b"", 1, 100).unwrap(), b"");
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = pack(&vec![0; 64 << 20]);
        assert!(bomb.len() < 10_000);
        for chunk in [1000, bomb.len()] {
            let mut unpacker = Unpacker::new(MOST).unwrap();
            let outcome: Result<(), Failure> = bomb.chunks(chunk).try_for_each(|piece| unpacker.push(piece));
            assert!(matches!(outcome, Err(Failure::BodyTooLarge { limit: MOST })), "{outcome:?}");
            assert!(unpacker.out.len() <= MOST);
        }
        let just = pack(&vec![0; MOST]);
        assert_eq!(unpack(&just, 1000, MOST).unwrap().len(), MOST);
        assert!(matches!(unpack(&just, 1000, MOST - 1), Err(Failure::BodyTooLarge { .. })));
    }

    #[test]
    fn a_frame_that_wants_a_large_window_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(WINDOW_LOG + 1).unwrap();
        std::io::copy(&mut std::io::repeat(7).take(1 << 20), &mut encoder).unwrap();
        let error = unpack(&encoder.finish().unwrap(), 1000, MOST).unwrap_err();
        assert!(error.to_string().contains("too much memory"), "{error}");
    }

    #[test]
    fn what_breaks_off_or_is_something_else_is_told() {
        let packed = pack(b"whole");
        let error = unpack(&packed[..packed.len() - 1], 5, 100).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the request body: it ends within a Zstandard frame");
        assert!(matches!(unpack(b"{\"model\":\"m\"}", 5, 100), Err(Failure::BodyBroken(_))));
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(
            bytes in prop::collection::vec(0..4_u8, 0..100_000), chunk in 1..5000_usize, spare in 0..10_usize,
        ) {
            let packed = pack(&bytes);
            prop_assert_eq!(unpack(&packed, chunk, bytes.len() + spare).unwrap(), bytes);
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..300), start in 0..2_usize, chunk in 1..50_usize,
        ) {
            // With a frame's first bytes, or without.
            let head = [&[][..], &[0x28, 0xb5, 0x2f, 0xfd]][start];
            let limit = 10_000;
            if let Ok(out) = unpack(&[head, &bytes].concat(), chunk, limit) {
                prop_assert!(out.len() <= limit);
            }
        }
    }
}
