//! Files that are no sound GGUF.

use super::*;

/// Bytes of a file, put together by hand.
#[derive(Clone, Default)]
struct Raw(Vec<u8>);

impl Raw {
    /// A file of version 3 up to the first metadata entry.
    fn header(tensors: u64, entries: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(3).u64(tensors).u64(entries)
    }

    fn u32(mut self, n: u32) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn u64(mut self, n: u64) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn string(self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        let mut raw = self.u64(text.len() as u64);
        raw.0.extend(text);
        raw
    }

    /// A metadata entry which is an `u32`.
    fn entry(self, key: impl AsRef<[u8]>, value: u32) -> Self {
        self.string(key).u32(4).u32(value)
    }

    fn tensor(self, name: &str, dims: &[u64], tensor_type: u32, offset: u64) -> Self {
        let raw = self.string(name).u32(dims.len() as u32);
        dims.iter().fold(raw, |raw, n| raw.u64(*n)).u32(tensor_type).u64(offset)
    }

    /// Zeros up to the alignment, and `len` more.
    fn data(mut self, len: usize) -> Self {
        self.0.resize(self.0.len().next_multiple_of(32) + len, 0);
        self
    }

    fn error(&self) -> GgufError {
        GgufFile::read(self.0.as_slice(), self.0.len() as u64).unwrap_err()
    }

    #[track_caller]
    fn fails_with(&self, words: &str) {
        let error = self.error().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn other_files_are_not_gguf() {
    let start_of = |bytes: &[u8]| match Raw(bytes.to_vec()).error() {
        GgufError::NotGguf { start } => start,
        error => panic!("{error}"),
    };
    assert_eq!(start_of(b"PK\x03\x04 and so on"), "PK\\x03\\x04");
    assert_eq!(start_of(b"ggjt\x01\0\0\0"), "ggjt");
    Raw(b"GG".to_vec()).fails_with("the magic at byte 0 needs 4 bytes, but the file ends after 2");
}

#[test]
fn other_versions_are_refused() {
    let version = |bytes: [u8; 4]| Raw([b"GGUF".as_slice(), &bytes, &[0; 16]].concat()).error().to_string();
    assert!(version([1, 0, 0, 0]).contains("version 1 is not supported"));
    assert!(version([4, 0, 0, 0]).contains("version 4 is not supported"));
    assert!(version([0, 0, 0, 0]).contains("version 0 is not supported"));
    assert!(version([0, 0, 0, 3]).contains("big-endian"));
    assert!(version([0, 0, 0, 1]).contains("big-endian"));
    assert!(GgufFile::read([b"GGUF\x02\0\0\0".as_slice(), &[0; 16]].concat().as_slice(), 24).is_ok());
}

#[test]
fn a_header_that_stops_anywhere_is_an_error() {
    let bytes = bytes_of(llama());
    let end = GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap().data_offset() as usize;
    for len in 0..end {
        let error = Raw(bytes[..len].to_vec()).error();
        let truncated = matches!(error, GgufError::HeaderEnds { .. } | GgufError::Truncated { .. });
        assert!(truncated, "{len}: {error}");
    }
}

#[test]
fn missing_weights_are_counted() {
    let raw = Raw::header(2, 0).tensor("a", &[8], 0, 0).tensor("b", &[4], 0, 32).data(0);
    let start = raw.0.len() as u64;
    let error = raw.data(32).error();
    assert_eq!(
        error.to_string(),
        format!(
            "the file is truncated: tensor \"b\" ends at byte {}, the file has {} bytes, 16 are missing; \
             download it again",
            start + 48,
            start + 32
        )
    );
}

#[test]
fn counts_are_believed_only_if_the_file_has_the_bytes() {
    for count in [2, 1000, 1 << 40, u64::MAX, 1 << 63] {
        Raw::header(0, count).entry("a", 1).fails_with("the metadata at byte 24 needs");
        Raw::header(count, 0).tensor("t", &[], 0, 0).fails_with("the tensor table at byte 24 needs");
    }
}

#[test]
fn lengths_are_believed_only_if_the_file_has_the_bytes() {
    for len in [100, 1 << 40, u64::MAX] {
        Raw::header(0, 1).u64(len).data(64).fails_with("a metadata key at byte 32 needs");
        Raw::header(0, 1).string("k").u32(8).u64(len).data(40).fails_with("k at byte 45 needs");
        Raw::header(0, 1).string("k").u32(9).u32(8).u64(len).data(40).fails_with("k at byte 49 needs");
        Raw::header(0, 1).string("k").u32(9).u32(0).u64(len).data(40).fails_with("k at byte 49 needs");
        Raw::header(1, 0).u64(len).data(64).fails_with("a tensor name at byte 32 needs");
    }
}

#[test]
fn keys_are_checked() {
    Raw::header(0, 1).entry("", 1).fails_with("has no key");
    Raw::header(0, 1).entry("a\0", 1).fails_with("zero byte");
    Raw::header(0, 1).entry(b"a\xff", 1).fails_with("is not UTF-8");
    Raw::header(0, 1).entry("k".repeat(65536), 1).fails_with("65535 are allowed");
    Raw::header(0, 2).entry("a", 1).entry("a", 1).fails_with("\"a\" is there twice");
    let longest = Raw::header(0, 1).entry("k".repeat(65535), 1);
    assert!(GgufFile::read(longest.0.as_slice(), longest.0.len() as u64).is_ok());
}

#[test]
fn value_types_are_checked() {
    Raw::header(0, 1).string("k").u32(13).u64(0).fails_with("unknown value type 13 at byte 33");
    Raw::header(0, 1).string("k").u32(9).u32(13).u64(0).fails_with("unknown value type 13 at byte 37");
    Raw::header(0, 1).string("k").u32(9).u32(9).u64(1).u32(9).u64(0).fails_with("array of arrays");
}

#[test]
fn the_alignment_is_checked() {
    const KEY: &str = "general.alignment";
    Raw::header(0, 1).entry(KEY, 0).fails_with("is 0, not a power of two");
    Raw::header(0, 1).entry(KEY, 48).fails_with("is 48, not a power of two");
    Raw::header(0, 1).string(KEY).u32(10).u64(32).fails_with("not a 32-bit unsigned integer");
    Raw::header(1, 1).entry(KEY, 1 << 31).tensor("t", &[1], 0, 0).data(32).fails_with("truncated");
}

#[test]
fn rows_of_the_tensor_table_are_checked() {
    let one = |name: &str, dims: &[u64], tensor_type: u32, offset: u64| {
        Raw::header(1, 0).tensor(name, dims, tensor_type, offset).data(64)
    };
    one("t", &[1; 5], 0, 0).fails_with("(described at byte 24) has 5 dimensions");
    one("t", &[4, 0], 0, 0).fails_with("is empty");
    one("t", &[1 << 40, 1 << 40], 0, 0).fails_with("2^63 weights");
    one("t", &[33], 2, 0).fails_with("multiples of 32");
    one("t", &[32], 4, 0).fails_with("dropped in 2023");
    one("t", &[32], 31, 0).fails_with("use a Q4_0 file");
    one("t", &[32], 99, 0).fails_with("unknown type 99");
    one("t", &[1], 0, 1).fails_with("has its data at offset 1, not 0");
    one("", &[1], 0, 0).fails_with("has no name");
    one(&"n".repeat(64), &[1], 0, 0).fails_with("longer than 63");
    let raw = Raw::header(1, 0).string(b"\xff").u32(0).u32(0).u64(0).data(64);
    raw.fails_with("is not UTF-8");
}

#[test]
fn tensors_are_in_order_without_gaps_or_overlaps() {
    let two = |name: &str, offset: u64| {
        Raw::header(2, 0).tensor("a", &[1], 0, 0).tensor(name, &[1], 0, offset).data(256)
    };
    assert!(GgufFile::read(two("b", 32).0.as_slice(), two("b", 32).0.len() as u64).is_ok());
    two("b", 0).fails_with("\"b\" has its data at offset 0, not 32");
    two("b", 4).fails_with("at offset 4, not 32");
    two("b", 64).fails_with("at offset 64, not 32");
    two("b", u64::MAX).fails_with("not 32");
    two("a", 32).fails_with("\"a\" is there twice");
    let huge = Raw::header(2, 0).tensor("a", &[1 << 61], 24, 0).tensor("b", &[1 << 61], 24, 1 << 61);
    huge.data(0).fails_with("2^62");
}
