//! From text to instructions.

use super::text::decode;
use super::{Instruction, Message, Modelfile, ModelfileError};

/// Parses a Modelfile: UTF-8 with or without a byte order mark, or UTF-16 with one; lines end with LF, CRLF
/// or CR. Where the grammar allows one blank it allows several.
///
/// # Errors
/// If a line is no instruction, a value is missing or its quote not closed, or no `FROM` is there.
pub fn parse(bytes: &[u8]) -> Result<Modelfile, ModelfileError> {
    let text = decode(bytes);
    let mut cursor = Cursor { rest: &text, line: 1 };
    let mut instructions = Vec::new();
    while cursor.next_instruction() {
        instructions.push(instruction(&mut cursor)?);
    }
    if !instructions.iter().any(|instruction| matches!(instruction, Instruction::From(_))) {
        return Err(ModelfileError::NoFrom);
    }
    Ok(Modelfile { instructions })
}

/// One instruction; the cursor is at its first character and goes to the end of its last line.
fn instruction(cursor: &mut Cursor<'_>) -> Result<Instruction, ModelfileError> {
    let line = cursor.line;
    let word = cursor.take_while(|c| c.is_ascii_alphabetic());
    let of_value: fn(String) -> Instruction = match word.to_ascii_lowercase().as_str() {
        "from" => Instruction::From,
        "adapter" => Instruction::Adapter,
        "draft" => Instruction::Draft,
        "template" => Instruction::Template,
        "system" => Instruction::System,
        "license" => Instruction::License,
        "renderer" => Instruction::Renderer,
        "parser" => Instruction::Parser,
        "requires" => Instruction::Requires,
        "parameter" => {
            let name = argument(cursor, |c| c.is_ascii_alphanumeric() || c == '_')?;
            return Ok(Instruction::Parameter { name: name.to_owned(), value: cursor.value()? });
        }
        "message" => {
            let role = argument(cursor, |c| c.is_ascii_alphabetic())?;
            if !matches!(role, "system" | "user" | "assistant") {
                return Err(ModelfileError::Role { line });
            }
            return Ok(Instruction::Message(Message { role: role.to_owned(), content: cursor.value()? }));
        }
        _ => return Err(ModelfileError::Command { line }),
    };
    after_word(cursor)?;
    Ok(of_value(cursor.value()?))
}

/// What may follow a command word: a blank. A file that ends there has lost something; a line that ends there
/// is no command.
fn after_word(cursor: &Cursor<'_>) -> Result<(), ModelfileError> {
    match cursor.peek() {
        Some(' ' | '\t') => Ok(()),
        Some(_) => Err(ModelfileError::Command { line: cursor.line }),
        None => Err(ModelfileError::UnexpectedEnd { line: cursor.line, after: None }),
    }
}

/// The word between `PARAMETER` or `MESSAGE` and the value.
fn argument<'a>(cursor: &mut Cursor<'a>, allowed: fn(char) -> bool) -> Result<&'a str, ModelfileError> {
    after_word(cursor)?;
    cursor.take_while(is_blank);
    let word = cursor.take_while(allowed);
    match cursor.peek() {
        Some(' ' | '\t') => Ok(word),
        next => Err(ModelfileError::UnexpectedEnd {
            line: cursor.line,
            after: next.is_some().then(|| word.to_owned()),
        }),
    }
}

/// What is still to be read, and the line it starts on.
struct Cursor<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Goes over `len` bytes. Not into the middle of a CRLF, or the line end counts twice.
    fn advance(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        let crlf = taken.matches("\r\n").count();
        self.line += taken.matches(is_line_end).count() - crlf;
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        self.advance(self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len()))
    }

    /// Goes over blanks, empty lines and comments. False at the end of the file.
    fn next_instruction(&mut self) -> bool {
        loop {
            self.take_while(|c| is_blank(c) || is_line_end(c));
            if self.peek() != Some('#') {
                return self.peek().is_some();
            }
            self.take_while(|c| !is_line_end(c));
        }
    }

    /// A value without its quotes, and without the blanks around it.
    fn value(&mut self) -> Result<String, ModelfileError> {
        self.take_while(is_blank);
        if self.peek() != Some('"') {
            return Ok(self.take_while(|c| !is_line_end(c)).trim_end_matches(is_blank).to_owned());
        }
        // The end of the value so far without trailing blanks and line ends. Kept from character to
        // character: looking back from each line end would take quadratic time.
        let mut end = 0;
        for (at, c) in self.rest.char_indices() {
            if is_line_end(c) {
                if let Some(value) = unquote(&self.rest[..end]) {
                    self.advance(at);
                    return Ok(value.to_owned());
                }
            } else if !is_blank(c) {
                end = at + c.len_utf8();
            }
        }
        let value = unquote(&self.rest[..end])
            .ok_or(ModelfileError::UnexpectedEnd { line: self.line, after: None })?;
        self.advance(self.rest.len());
        Ok(value.to_owned())
    }
}

/// The inside of `"…"` or `"""…"""`; `None` if the quote that opens is not closed at the end.
pub(super) fn unquote(text: &str) -> Option<&str> {
    match text.strip_prefix("\"\"\"") {
        Some(rest) => rest.strip_suffix("\"\"\""),
        None => text.strip_prefix('"')?.strip_suffix('"'),
    }
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}
