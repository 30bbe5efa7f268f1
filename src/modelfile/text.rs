//! From bytes to the characters that the language knows.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// The text of a file: UTF-8, or what its byte order mark says, with U+FFFD for what is not valid.
/// Characters that are neither printable nor blanks nor line ends are left out, as Ollama does.
pub(super) fn decode(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.chars().filter(|c| is_printable(*c) || matches!(c, '\t' | '\n' | '\r')).collect()
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, half) = bytes.as_chunks::<2>();
    let mut text: String = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !half.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space: Go's `strconv.IsPrint`.
pub(super) fn is_printable(c: char) -> bool {
    use GeneralCategory as Category;
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    !matches!(
        CodePointMapData::<Category>::new().get(c),
        Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::SpaceSeparator
            | Category::LineSeparator
            | Category::ParagraphSeparator
    )
}
