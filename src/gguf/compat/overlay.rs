//! A file with another header.

use std::io::{self, Read, Seek, SeekFrom};

use super::rewrite::Rewrite;
use crate::gguf::{GgufError, GgufFile, GgufWriter, TensorInfo};

/// Another header over the data of a file. Together they are a GGUF file that is nowhere written.
#[derive(Clone, Debug)]
pub struct Overlay {
    header: GgufFile,
    /// The header in the format of the file, up to where the data begins.
    bytes: Vec<u8>,
    /// The tensors, in the order in which they follow.
    pieces: Vec<Piece>,
}

/// The data of a tensor.
#[derive(Clone, Debug)]
struct Piece {
    /// Where it is in the overlay.
    start: u64,
    /// Where it is in the file.
    source: u64,
    len: u64,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start + self.len
    }
}

impl Overlay {
    /// Lays a rewritten header over the data of `file`.
    ///
    /// # Errors
    /// If what was rewritten makes no sound GGUF file.
    pub(super) fn new(file: &GgufFile, rewrite: Rewrite) -> Result<Self, GgufError> {
        let (metadata, tensors) = rewrite.into_parts();
        let writer = metadata.into_iter().fold(GgufWriter::new(), |writer, (k, v)| writer.metadata(k, v));
        let writer =
            tensors.iter().fold(writer, |w, t| w.tensor(t.name.as_str(), t.dims.clone(), t.tensor_type));
        let (bytes, placed) = writer.header()?;
        let data = bytes.len() as u64;
        let piece = |(to, from): (&TensorInfo, &TensorInfo)| Piece {
            start: data + to.offset,
            source: file.data_offset() + from.offset,
            len: from.bytes,
        };
        let pieces: Vec<_> = placed.iter().zip(&tensors).map(piece).collect();
        let len = pieces.last().map_or(data, Piece::end);
        Ok(Self { header: GgufFile::read(bytes.as_slice(), len)?, bytes, pieces })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &GgufFile {
        &self.header
    }

    /// The whole, read from the file that this was made for.
    #[must_use]
    pub fn over<F: Read + Seek>(&self, file: F) -> OverlayReader<'_, F> {
        OverlayReader { overlay: self, file, position: 0 }
    }
}

/// Reads an [`Overlay`] as if it were a file.
#[derive(Debug)]
pub struct OverlayReader<'a, F> {
    overlay: &'a Overlay,
    file: F,
    position: u64,
}

impl<F: Read + Seek> Read for OverlayReader<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut header = self.overlay.bytes.get(self.position as usize..).unwrap_or_default();
        let n = if header.is_empty() { self.read_data(buffer)? } else { header.read(buffer)? };
        self.position += n as u64;
        Ok(n)
    }
}

impl<F: Read + Seek> OverlayReader<'_, F> {
    /// Reads behind the header: from a tensor, or from what fills up before it.
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pieces = &self.overlay.pieces;
        let Some(piece) = pieces.get(pieces.partition_point(|piece| piece.end() <= self.position)) else {
            return Ok(0);
        };
        let room = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(buffer.len());
        if self.position < piece.start {
            let n = room(piece.start - self.position);
            buffer[..n].fill(0);
            return Ok(n);
        }
        let n = room(piece.end() - self.position);
        self.file.seek(SeekFrom::Start(piece.source + (self.position - piece.start)))?;
        match self.file.read(&mut buffer[..n])? {
            // The end of a file is none of ours: the file was longer when its header was read.
            0 if n > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

impl<F> Seek for OverlayReader<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.overlay.header.file_len().checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
