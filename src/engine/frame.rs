//! Frames between front and engine: a little-endian `u32` length, then the message in postcard.
//!
//! Both directions exist twice: blocking for the engine's threads, async for the front's tasks.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Larger frames are refused: a length that no honest peer sends must not become an allocation.
const MAX_FRAME: usize = 1 << 30;

/// Appends one framed message to `out`.
///
/// # Errors
/// If the message cannot be encoded, or is larger than a frame may be.
pub fn encode<T: Serialize>(message: &T, out: &mut Vec<u8>) -> io::Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    postcard::to_io(message, &mut *out).map_err(io::Error::other)?;
    let length = out.len() - start - 4;
    if length > MAX_FRAME {
        out.truncate(start);
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too large"));
    }
    out[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(())
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    postcard::from_bytes(body).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

fn checked_length(header: [u8; 4]) -> io::Result<usize> {
    match u32::from_le_bytes(header) as usize {
        n if n <= MAX_FRAME => Ok(n),
        n => Err(io::Error::new(io::ErrorKind::InvalidData, format!("frame of {n} bytes"))),
    }
}

/// Writes one message in one `write`.
///
/// # Errors
/// Those of the writer, and of [`encode`].
pub fn write<T: Serialize>(to: &mut impl Write, message: &T) -> io::Result<()> {
    let mut frame = Vec::with_capacity(256);
    encode(message, &mut frame)?;
    to.write_all(&frame)
}

/// Reads one message; `None` at a clean end of the stream.
///
/// # Errors
/// Those of the reader, a stream that ends inside a frame, and a frame that is no `T`.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut header = [0; 4];
    match from.read_exact(&mut header) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e),
    }
    let mut body = vec![0; checked_length(header)?];
    from.read_exact(&mut body)?;
    decode(&body).map(Some)
}

/// Like [`write`], for tasks.
///
/// # Errors
/// Those of the writer, and of [`encode`].
pub async fn write_async<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), message: &T) -> io::Result<()> {
    let mut frame = Vec::with_capacity(256);
    encode(message, &mut frame)?;
    to.write_all(&frame).await
}

/// Like [`read`], for tasks. `buffer` is reused from frame to frame.
///
/// # Errors
/// Those of the reader, a stream that ends inside a frame, and a frame that is no `T`.
pub async fn read_async<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Option<T>> {
    let mut header = [0; 4];
    match from.read_exact(&mut header).await {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e),
    }
    let length = checked_length(header)?;
    buffer.resize(length, 0);
    from.read_exact(buffer).await?;
    decode(buffer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::protocol::{Command, RequestId};

    #[test]
    fn messages_survive_the_wire_in_order() {
        let mut wire = Vec::new();
        for i in 0..3 {
            write(&mut wire, &Command::Cancel(RequestId(i))).unwrap();
        }
        let mut from = &wire[..];
        for i in 0..3 {
            let got: Option<Command> = read(&mut from).unwrap();
            assert_eq!(got, Some(Command::Cancel(RequestId(i))));
        }
        assert_eq!(read::<Command>(&mut from).unwrap(), None);
    }

    #[test]
    fn a_stream_that_ends_inside_a_frame_is_an_error() {
        let mut wire = Vec::new();
        write(&mut wire, &Command::Cancel(RequestId(9))).unwrap();
        wire.pop();
        assert!(read::<Command>(&mut &wire[..]).is_err());
    }

    #[test]
    fn an_absurd_length_is_refused_before_it_is_allocated() {
        let wire = [0xff, 0xff, 0xff, 0xff, 0, 0];
        assert!(read::<Command>(&mut &wire[..]).is_err());
    }
}
