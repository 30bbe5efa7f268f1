//! Regular expressions of JSON Schema, which are ECMAScript's, in the syntax of Rust's `regex`.

use std::iter::Peekable;
use std::str::Chars;

/// What `.` is: anything but the ends of lines, of which ECMAScript knows four.
const DOT: &str = r"[^\n\r\x{2028}\x{2029}]";
/// What `\s` is inside of brackets.
const SPACE: &str =
    r"\t\n\x0b\x0c\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}";

/// The same expression for Rust.
///
/// # Errors
/// With the name of what a regular language does not have: assertions in the middle, references to groups.
pub(super) fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '.' => out.push_str(DOT),
            '[' => class(&mut chars, &mut out)?,
            '\\' => escape(&mut chars, false, &mut out)?,
            '(' => group(&mut chars, &mut out)?,
            // Outside of brackets these are letters where they begin nothing; Rust is stricter.
            ']' => out.push_str(r"\]"),
            '{' if !begins_repetition(&chars) => out.push_str(r"\{"),
            '}' if !ends_repetition(&out) => out.push_str(r"\}"),
            other => out.push(other),
        }
    }
    Ok(out)
}

/// Whether a brace that was read begins `{m}`, `{m,}` or `{m,n}`.
fn begins_repetition(after: &Peekable<Chars<'_>>) -> bool {
    let text: String = after.clone().take_while(|&c| c != '}').collect();
    let closed = after.clone().any(|c| c == '}');
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    closed
        && match text.split_once(',') {
            None => number(&text),
            Some((low, high)) => number(low) && (high.is_empty() || number(high)),
        }
}

fn ends_repetition(before: &str) -> bool {
    let inside = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
    inside.len() < before.len() && inside.ends_with('{') && !inside.ends_with(r"\{")
}

/// `(…`, up to what says which kind of group it is.
fn group(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('(');
    if chars.peek() != Some(&'?') {
        return Ok(());
    }
    chars.next();
    let kind: String = chars.clone().take(2).collect();
    if kind.starts_with(['=', '!']) || kind == "<=" || kind == "<!" {
        return Err(format!("looking ahead or behind, (?{kind}…), cannot be enforced"));
    }
    if kind.starts_with('<') {
        // Names of groups count for nothing, and Rust allows fewer.
        while chars.next().is_some_and(|c| c != '>') {}
        return Ok(());
    }
    out.push('?');
    Ok(())
}

/// `[…]`, whose beginning was read.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    let negated = chars.next_if_eq(&'^').is_some();
    if chars.next_if_eq(&']').is_some() {
        // Nothing, or everything.
        out.push_str(if negated { r"(?s:.)" } else { r"[^\x{0}-\x{10ffff}]" });
        return Ok(());
    }
    out.push_str(if negated { "[^" } else { "[" });
    loop {
        match chars.next().ok_or("a class of characters has no end")? {
            ']' => break,
            '\\' => escape(chars, true, out)?,
            // Rust has sets within sets.
            c @ ('[' | '&' | '~' | '^') => {
                out.push('\\');
                out.push(c);
            }
            '-' => {
                // A range, unless it is at an end; Rust would take two in a row for a difference.
                let range = !out.ends_with('[') && !out.ends_with("[^") && chars.peek() != Some(&']');
                out.push_str(if range { "-" } else { r"\-" });
            }
            other => out.push(other),
        }
    }
    out.push(']');
    Ok(())
}

/// An escape, whose backslash was read.
fn escape(chars: &mut Peekable<Chars<'_>>, in_class: bool, out: &mut String) -> Result<(), String> {
    let c = chars.next().ok_or("it ends with a backslash")?;
    let set = |inside: &str, negated: bool| match (in_class, negated) {
        (true, false) => Ok(inside.to_owned()),
        (true, true) => Ok(format!("[^{inside}]")),
        (false, false) => Ok(format!("[{inside}]")),
        (false, true) => Ok::<_, String>(format!("[^{inside}]")),
    };
    let text = match c {
        'd' => set("0-9", false)?,
        'D' => set("0-9", true)?,
        'w' => set("0-9A-Za-z_", false)?,
        'W' => set("0-9A-Za-z_", true)?,
        's' => set(SPACE, false)?,
        'S' => set(SPACE, true)?,
        'b' if in_class => r"\x08".into(),
        'b' | 'B' => return Err(format!("the assertion \\{c} cannot be enforced")),
        't' | 'n' | 'r' => format!("\\{c}"),
        'v' => r"\x0b".into(),
        'f' => r"\x0c".into(),
        '0' => r"\x00".into(),
        'p' | 'P' => {
            let mut property = format!("\\{c}");
            if chars.peek() == Some(&'{') {
                property.extend(chars.by_ref().take_while(|&c| c != '}'));
                property.push('}');
            }
            property
        }
        'c' => {
            let letter = chars.next().filter(char::is_ascii_alphabetic).ok_or("\\c needs a letter")?;
            format!("\\x{:02x}", u32::from(letter) % 32)
        }
        'x' => code(chars, 2)?,
        'u' => unicode(chars)?,
        '1'..='9' | 'k' => return Err(format!("the reference to a group \\{c} cannot be enforced")),
        // An escaped angle bracket is the border of a word in Rust.
        c if c.is_ascii_punctuation() && c != '<' && c != '>' => format!("\\{c}"),
        // Any other letter stands for itself.
        c => c.to_string(),
    };
    out.push_str(&text);
    Ok(())
}

/// `\uXXXX`, a pair of them for one character, or `\u{X…}`; `\u` was read.
fn unicode(chars: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    if chars.next_if_eq(&'{').is_some() {
        let digits: String = chars.by_ref().take_while(|&c| c != '}').collect();
        return Ok(format!("\\x{{{digits}}}"));
    }
    let high = digits(chars, 4)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Ok(format!("\\x{{{high:x}}}"));
    }
    let pair: String = chars.clone().take(2).collect();
    if pair != "\\u" {
        return Err("half of a pair of surrogates is no character".into());
    }
    chars.next();
    chars.next();
    let low = digits(chars, 4)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err("half of a pair of surrogates is no character".into());
    }
    Ok(format!("\\x{{{:x}}}", 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00)))
}

fn code(chars: &mut Peekable<Chars<'_>>, count: usize) -> Result<String, String> {
    digits(chars, count).map(|code| format!("\\x{{{code:x}}}"))
}

fn digits(chars: &mut Peekable<Chars<'_>>, count: usize) -> Result<u32, String> {
    let text: String = chars.by_ref().take(count).collect();
    let all = text.len() == count;
    u32::from_str_radix(&text, 16)
        .ok()
        .filter(|_| all)
        .ok_or(format!("an escape needs {count} hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_translated() {
        for (ecma, rust) in [
            (r"^\d+/\w$", r"^[0-9]+/[0-9A-Za-z_]$"),
            (r"[\d[&-]", r"[0-9\[\&\-]"),
            (r"[a-z--]", r"[a-z-\-]"),
            (r"a{2,3}b{c}d{1}", r"a{2,3}b\{c\}d{1}"),
            (r"\u0041\x42\cJ\u{1f600}", r"\x{41}\x{42}\x0a\x{1f600}"),
            (r"\ud83d\ude00", r"\x{1f600}"),
            (r"(?<year>\d)(?:x)\-\_\/\@", r"([0-9])(?:x)\-\_\/\@"),
            ("[^]", "(?s:.)"),
        ] {
            assert_eq!(translated(ecma).unwrap(), rust, "{ecma}");
        }
    }

    #[test]
    fn what_is_not_regular_is_named() {
        for (pattern, error) in [
            (r"(?=a)b", "looking ahead or behind, (?=a…), cannot be enforced"),
            (r"(?<!a)b", "looking ahead or behind, (?<!…), cannot be enforced"),
            (r"(a)\1", r"the reference to a group \1 cannot be enforced"),
            (r"\bword\b", r"the assertion \b cannot be enforced"),
            ("[a", "a class of characters has no end"),
        ] {
            assert_eq!(translated(pattern).unwrap_err(), error);
        }
    }
}
