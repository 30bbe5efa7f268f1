//! Files at random: what is written is read, and nothing brings the reader down.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        4 => ".{0,12}".prop_map(Text::from),
        1 => vec(any::<u8>(), 0..12).prop_map(Text::from),
    ]
}

/// Any scalar, or any array of that type.
fn scalar_or_array<T>(element: impl Strategy<Value = T> + Clone + 'static) -> BoxedStrategy<Value>
where
    T: std::fmt::Debug + 'static,
    Value: From<T> + From<Vec<T>>,
{
    prop_oneof![element.clone().prop_map(Value::from), vec(element, 0..8).prop_map(Value::from)].boxed()
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        scalar_or_array(any::<u8>()),
        scalar_or_array(any::<i8>()),
        scalar_or_array(any::<u16>()),
        scalar_or_array(any::<i16>()),
        scalar_or_array(any::<u32>()),
        scalar_or_array(any::<i32>()),
        scalar_or_array(any::<u64>()),
        scalar_or_array(any::<i64>()),
        scalar_or_array(any::<f32>()),
        scalar_or_array(any::<f64>()),
        scalar_or_array(any::<bool>()),
        scalar_or_array(std::sync::Arc::new(text())),
    ]
}

fn shape() -> impl Strategy<Value = (Vec<u64>, TensorType)> {
    (select(TensorType::ALL), 1..3_u64, vec(1..4_u64, 0..4)).prop_map(|(tensor_type, blocks, rest)| {
        let row = blocks * tensor_type.block_weights();
        (std::iter::once(row).chain(rest).collect(), tensor_type)
    })
}

/// What can happen to a file on its way.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Truncate(Index),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    /// A length, count or offset which is far too large, or nearly right.
    Number(Index, u64),
}

fn damage() -> impl Strategy<Value = Damage> {
    let number = prop_oneof![any::<u64>(), (0..64_u32).prop_map(|bit| 1 << bit), 0..300_u64, Just(u64::MAX)];
    prop_oneof![
        6 => (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => any::<Index>().prop_map(Damage::Truncate),
        1 => (any::<Index>(), 1..16_usize).prop_map(|(at, len)| Damage::Remove(at, len)),
        1 => (any::<Index>(), vec(any::<u8>(), 1..16)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        6 => (any::<Index>(), number).prop_map(|(at, n)| Damage::Number(at, n)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match self {
            Self::Flip(at, bits) => bytes[at.index(len)] ^= bits,
            Self::Truncate(at) => bytes.truncate(at.index(len)),
            Self::Remove(at, n) => drop(bytes.drain(at.index(len)..(at.index(len) + n).min(len))),
            Self::Insert(at, new) => drop(bytes.splice(at.index(len)..at.index(len), new.iter().copied())),
            Self::Number(at, n) => {
                let at = at.index(len);
                let end = (at + 8).min(len);
                bytes[at..end].copy_from_slice(&n.to_le_bytes()[..end - at]);
            }
        }
    }
}

/// What everybody who gets a file relies on.
fn assert_sound(file: &GgufFile, len: usize) {
    assert!(file.alignment().is_power_of_two());
    let mut end = file.data_offset();
    for tensor in file.tensors() {
        let start = file.data_offset() + tensor.offset;
        assert!(start >= end && tensor.offset.is_multiple_of(file.alignment()), "{tensor:?}");
        end = start + tensor.bytes;
        assert!((1..64).contains(&tensor.name.len()) && tensor.dims.len() <= 4 && tensor.elements() > 0);
    }
    assert!(end <= len as u64 && file.file_len() == len as u64);
    // The contents of the header come from the file, so they are no larger.
    let elements = file.metadata().iter().filter_map(|(_, v)| v.as_array()).map(Array::len).sum::<usize>();
    assert!(elements <= len);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read(
        metadata in btree_map("[a-z]{1,8}(\\.[a-z_]{1,8}){0,3}", value(), 0..12),
        tensors in btree_map("[a-z0-9._]{1,63}", shape(), 0..8),
        alignment in (0..9_u32).prop_map(|bits| 1_u32 << bits),
    ) {
        let mut writer = GgufWriter::new().metadata("general.alignment", alignment);
        for (key, value) in &metadata {
            writer = writer.metadata(key.as_str(), value.clone());
        }
        for (name, (dims, tensor_type)) in &tensors {
            writer = writer.tensor(name.as_str(), dims.clone(), *tensor_type);
        }
        let bytes = bytes_of(writer);
        let file = GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap();
        assert_sound(&file, bytes.len());
        prop_assert_eq!(file.alignment(), u64::from(alignment));
        let entries: Vec<_> = metadata.into_iter().collect();
        prop_assert_eq!(&file.metadata()[1..], entries.as_slice());
        let rows: Vec<_> =
            file.tensors().iter().map(|t| (t.name.clone(), (t.dims.clone(), t.tensor_type))).collect();
        prop_assert_eq!(rows, tensors.into_iter().collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    #[test]
    fn damaged_files_are_read_or_refused(damages in vec(damage(), 1..4)) {
        let mut bytes = bytes_of(llama());
        for damage in damages {
            damage.apply(&mut bytes);
        }
        if let Ok(file) = read(&bytes) {
            assert_sound(&file, bytes.len());
        }
    }

    #[test]
    fn noise_after_the_magic_is_read_or_refused(noise in vec(prop_oneof![3 => 0..16_u8, 1 => any::<u8>()], 0..200)) {
        let bytes = [b"GGUF\x03\0\0\0".as_slice(), &noise].concat();
        if let Ok(file) = read(&bytes) {
            assert_sound(&file, bytes.len());
        }
    }
}
