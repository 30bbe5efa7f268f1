//! Pictures and sounds that a prompt names: `What is on ./cat.png?`. They are sent along, and their names left out.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Larger files are refused; bytes.
const LARGEST: u64 = 100 * 1024 * 1024;

/// How names of such files end, in any case.
const ENDINGS: [&str; 5] = [".jpg", ".jpeg", ".png", ".webp", ".wav"];

/// A prompt, and the files that it names.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Attached {
    /// The prompt without their names.
    pub(super) text: String,
    /// What is sent, in base64.
    pub(super) contents: Vec<String>,
    /// What to tell the user about them.
    pub(super) notes: Vec<String>,
}

/// Reads the files that a prompt names. What is no file stays text.
///
/// # Errors
/// What to tell the user about a file that is there and cannot be sent.
pub(super) fn attach(prompt: &str) -> Result<Attached, String> {
    let mut found = Attached::default();
    let mut rest = prompt;
    while let Some(start) = next_start(rest, found.text.chars().last()) {
        let (before, from) = rest.split_at(start);
        found.text.push_str(before);
        let Some((length, path)) = existing(from) else {
            let first = from.chars().next().map_or(from.len(), char::len_utf8);
            found.text.push_str(&from[..first]);
            rest = &from[first..];
            continue;
        };
        let (kind, content) = read(&path).map_err(|problem| format!("cannot send '{path}': {problem}"))?;
        found.contents.push(content);
        found.notes.push(format!("Added {kind} '{path}'"));
        rest = &from[length..];
        // 'quotes' around it go with it.
        if found.text.ends_with('\'') && rest.starts_with('\'') {
            found.text.pop();
            rest = &rest[1..];
        }
    }
    found.text.push_str(rest);
    found.text = found.text.trim().to_owned();
    Ok(found)
}

/// Whether a line that looks like a command is the name of a file.
pub(super) fn is_file(line: &str) -> bool {
    existing(line).is_some()
}

/// Where a path may begin: `/x`, `./x`, `\x` or `C:\x`, at the beginning of a word or behind a quote.
fn next_start(text: &str, before: Option<char>) -> Option<usize> {
    let mut before = before;
    for (index, c) in text.char_indices() {
        let begins = before.is_none_or(|c| c.is_whitespace() || ['\'', '"', '('].contains(&c));
        before = Some(c);
        if begins && is_start(&text[index..]) {
            return Some(index);
        }
    }
    None
}

fn is_start(text: &str) -> bool {
    let bytes = text.as_bytes();
    let path = match bytes {
        [drive, b':', rest @ ..] if drive.is_ascii_alphabetic() => rest,
        _ => bytes,
    };
    path.starts_with(b"/") || path.starts_with(b"./") || path.starts_with(b"\\")
}

/// The first file that the text begins with the name of: the length of the name, and the name without escapes.
fn existing(text: &str) -> Option<(usize, String)> {
    if !is_start(text) {
        return None;
    }
    let line = text.lines().next().unwrap_or_default();
    // Changing the case of these letters moves nothing.
    let lower = line.to_ascii_lowercase();
    let mut ends: Vec<usize> = ENDINGS
        .iter()
        .flat_map(|ending| lower.match_indices(ending).map(|(at, _)| at + ending.len()))
        .filter(|end| !line[*end..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        .collect();
    ends.sort_unstable();
    ends.into_iter().find_map(|end| {
        let name = &line[..end];
        [name.to_owned(), without_escapes(name)]
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .map(|path| (end, path))
    })
}

/// A path as a shell would take it: a backslash makes the next character an ordinary one.
fn without_escapes(path: &str) -> String {
    let mut characters = path.chars();
    let mut plain = String::new();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    plain
}

/// What a file is, and its content in base64.
fn read(path: &str) -> Result<(&'static str, String), String> {
    let bytes = size(path).and_then(|()| fs::read(path)).map_err(|error| error.to_string())?;
    let kind = kind(&bytes).ok_or("it is no JPEG, PNG, WebP or WAV file, whatever its name says")?;
    Ok((kind, BASE64_STANDARD.encode(bytes)))
}

fn size(path: &str) -> io::Result<()> {
    let size = fs::metadata(path)?.len();
    if size <= LARGEST { Ok(()) } else { Err(io::Error::other("it is larger than 100 MB")) }
}

/// By what files of these kinds begin with.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] | [0x89, b'P', b'N', b'G', ..] => Some("image"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n...";
    const WAV: &[u8] = b"RIFF\0\0\0\0WAVEfmt ";

    fn folder() -> (TempDir, String) {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("cat.png"), PNG).unwrap();
        fs::write(folder.path().join("my cat (2).PNG"), PNG).unwrap();
        fs::write(folder.path().join("purr.wav"), WAV).unwrap();
        fs::write(folder.path().join("text.jpg"), "no picture").unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        (folder, path)
    }

    #[test]
    fn names_of_files_are_taken_out_of_the_prompt() {
        let (_folder, path) = folder();
        let found = attach(&format!("What is on {path}/cat.png, and what in '{path}/purr.wav'?")).unwrap();
        assert_eq!(found.text, "What is on , and what in ?");
        assert_eq!(found.contents, [BASE64_STANDARD.encode(PNG), BASE64_STANDARD.encode(WAV)]);
        assert_eq!(
            found.notes,
            [format!("Added image '{path}/cat.png'"), format!("Added audio '{path}/purr.wav'")]
        );
    }

    #[test]
    fn names_may_have_blanks_and_escapes() {
        let (_folder, path) = folder();
        for name in [r"my\ cat\ \(2\).PNG", "my cat (2).PNG"] {
            let found = attach(&format!("{path}/{name} describe")).unwrap();
            assert_eq!((found.text.as_str(), found.contents.len()), ("describe", 1), "{name}");
            assert_eq!(found.notes, [format!("Added image '{path}/my cat (2).PNG'")]);
        }
    }

    #[test]
    fn what_is_no_file_stays_text() {
        let (_folder, path) = folder();
        for prompt in [
            "and/or ./nothing.png",
            "http://example.org/cat.png",
            "/set system x.png",
            "C:\\x\\y.jpg z",
            &format!("{path}/cat.pngs"),
            &format!("x{path}/cat.png"),
            "é /ü.png \\",
        ] {
            let found = attach(prompt).unwrap();
            assert_eq!(found, Attached { text: prompt.to_owned(), ..Attached::default() });
            assert!(!is_file(prompt));
        }
        assert!(is_file(&format!("{path}/cat.png what is it?")));
    }

    #[test]
    fn what_only_looks_like_a_picture_is_refused() {
        let (_folder, path) = folder();
        let problem = attach(&format!("{path}/text.jpg")).unwrap_err();
        assert_eq!(
            problem,
            format!(
                "cannot send '{path}/text.jpg': it is no JPEG, PNG, WebP or WAV file, whatever its name says"
            )
        );
    }

    proptest! {
        #[test]
        fn any_text_without_files_stays_as_it_is(text in r"[ a./\\:'é(\n]{0,12}(\.png)?[ /x]{0,4}") {
            let found = attach(&text).unwrap();
            prop_assert_eq!(found.text, text.trim());
            prop_assert!(found.contents.is_empty());
        }
    }
}
