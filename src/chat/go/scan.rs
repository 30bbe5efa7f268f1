//! A first look at a template's text, before gotmpl parses it.
//!
//! gotmpl's parser is lenient where Go's is strict: it takes a block without its `end`, drops everything
//! after an `end` too many, trims on both sides of a comment that asks for one, and follows chains of `else
//! if` by recursion without a limit. All four are seen from the actions' first words alone, so they are
//! settled here.

use super::GoTemplateError;

/// How deep blocks may be nested, `else if` counted as one deeper. gotmpl renders 200 levels and no more.
const MAX_DEPTH: usize = 100;

/// The longest template, in bytes. The longest that models are published with have some ten thousand; a tree
/// takes a hundred times the memory of its text.
const MAX_LEN: usize = 256 << 10;

/// A block that waits for its `end`.
struct Block<'a> {
    word: &'a str,
    /// `else if` and `else with` of this block so far.
    chain: usize,
    /// The last `else` came.
    complete: bool,
}

/// What stands between `{{` and `}}`, trim markers taken off.
struct Action<'a> {
    body: &'a str,
    trims_left: bool,
    trims_right: bool,
    is_comment: bool,
    /// Its length in bytes, with delimiters.
    len: usize,
}

/// Checks that blocks are closed, and gives the text back in a form that gotmpl reads as Go reads the
/// original: each comment becomes an action that prints nothing, with the comment's trim markers and lines.
///
/// # Errors
/// [`GoTemplateError::Syntax`], in Go's words.
pub(super) fn prepare(text: &str) -> Result<String, GoTemplateError> {
    if text.len() > MAX_LEN {
        let message = format!("the template is longer than {MAX_LEN} bytes");
        return Err(GoTemplateError::Syntax { line: 1, message });
    }
    let mut out = String::with_capacity(text.len());
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut rest = text;
    let line_of = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let broken = |message: &str| {
            let message = message.to_owned();
            GoTemplateError::Syntax { line: line_of(rest), message }
        };
        let action = Action::read(rest).map_err(broken)?;
        if action.is_comment {
            out.push_str(if action.trims_left { "{{- \"\"" } else { "{{\"\"" });
            out.extend(action.body.chars().filter(|c| *c == '\n'));
            out.push_str(if action.trims_right { " -}}" } else { "}}" });
        } else {
            follow(&action, &mut blocks).map_err(|message| broken(&message))?;
            out.push_str(&rest[..action.len]);
        }
        rest = &rest[action.len..];
    }
    out.push_str(rest);
    if blocks.is_empty() {
        Ok(out)
    } else {
        Err(GoTemplateError::Syntax { line: line_of(""), message: "unexpected EOF".into() })
    }
}

impl<'a> Action<'a> {
    /// Reads the action that `text` begins with.
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let inside = &text[2..];
        let trims_left = inside.starts_with('-') && inside[1..].starts_with(is_space);
        let body = &inside[if trims_left { 2 } else { 0 }..];
        let is_comment = body.starts_with("/*");
        let len = if is_comment { comment_len(body)? } else { code_len(body)? };
        let (body, after) = body.split_at(len);
        let trims_right = after.starts_with('-');
        let len = text.len() - after.len() + usize::from(trims_right) + 2;
        Ok(Self { body, trims_left, trims_right, is_comment, len })
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Bytes up to the delimiter that closes a comment, which follows at once, or after one space as a trim
/// marker.
fn comment_len(body: &str) -> Result<usize, &'static str> {
    let end = body.find("*/").ok_or("unclosed comment")? + 2;
    let after = &body[end..];
    match after.strip_prefix(is_space) {
        Some(marker) if marker.starts_with("-}}") => Ok(end + 1),
        None if after.starts_with("}}") => Ok(end),
        _ => Err("comment ends before closing delimiter"),
    }
}

/// Bytes up to the delimiter that closes an action. Delimiters in strings do not count.
fn code_len(body: &str) -> Result<usize, &'static str> {
    if body.trim_start().starts_with("/*") {
        // gotmpl would take it for a comment.
        return Err("unexpected \"/\" in command");
    }
    let mut rest = body;
    let mut after_space = true;
    while !rest.starts_with("}}") {
        if after_space && rest.starts_with("-}}") {
            break;
        }
        let next = rest.chars().next().ok_or("unclosed action")?;
        let len = match next {
            '"' => quoted_len(rest, '"').ok_or("unterminated quoted string")?,
            '\'' => quoted_len(rest, '\'').ok_or("unterminated character constant")?,
            '`' => rest[1..].find('`').ok_or("unterminated raw quoted string")? + 2,
            other => other.len_utf8(),
        };
        after_space = is_space(next);
        rest = &rest[len..];
    }
    Ok(body.len() - rest.len())
}

/// The length of a quoted string with its quotes, on one line, where a backslash takes the next character.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '\n' => return None,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// The identifier that `text` begins with, and what follows.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

/// Opens and closes blocks.
fn follow<'a>(action: &Action<'a>, blocks: &mut Vec<Block<'a>>) -> Result<(), String> {
    let (first, rest) = word(action.body.trim_start());
    match first {
        "if" | "range" | "with" | "block" | "define" => {
            blocks.push(Block { word: first, chain: 0, complete: false });
        }
        "else" => {
            let open = blocks.last_mut().filter(|b| matches!(b.word, "if" | "range" | "with"));
            let block = open.ok_or("unexpected {{else}}")?;
            if block.complete {
                return Err("expected end; found {{else}}".into());
            }
            let next = word(rest).0;
            let goes_on = matches!(next, "if" | "with");
            if goes_on && next != block.word {
                return Err(format!("unexpected <{next}> in input"));
            }
            block.chain += usize::from(goes_on);
            block.complete = !goes_on;
        }
        "end" => {
            blocks.pop().ok_or("unexpected {{end}}")?;
        }
        "break" | "continue" if !blocks.iter().any(|b| b.word == "range" && !b.complete) => {
            return Err(format!("{{{{{first}}}}} outside {{{{range}}}}"));
        }
        _ => {}
    }
    if blocks.iter().map(|b| b.chain + 1).sum::<usize>() > MAX_DEPTH {
        return Err(format!("blocks are nested more than {MAX_DEPTH} deep"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        prepare(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_comment_stays_as_it_is() {
        let text = "a{{- if .X -}}\n \"}}\" {{ \"}}\" }}{{`}}`}}{{'}'}}{{else if .Y}}{{- end}} }} {";
        assert_eq!(prepare(text).unwrap(), text);
    }

    #[test]
    fn comments_become_actions_with_their_trim_markers_and_lines() {
        let text = "a {{- /* one\ntwo */}} b {{/* {{ if }} */ -}} c{{/**/}}";
        assert_eq!(prepare(text).unwrap(), "a {{- \"\"\n}} b {{\"\" -}} c{{\"\"}}");
    }

    #[test]
    fn blocks_must_match() {
        assert_eq!(message("a\n{{ if .X }}\nb"), "template error: template: :3: unexpected EOF");
        assert_eq!(message("a\n{{ end }}b"), "template error: template: :2: unexpected {{end}}");
        assert_eq!(message("{{ else }}"), "template error: template: :1: unexpected {{else}}");
        let twice = "{{if .X}}{{else}}{{else}}{{end}}";
        assert_eq!(message(twice), "template error: template: :1: expected end; found {{else}}");
        let other = "{{range .X}}{{else if .Y}}{{end}}";
        assert_eq!(message(other), "template error: template: :1: unexpected <if> in input");
        assert_eq!(message("{{break}}"), "template error: template: :1: {{break}} outside {{range}}");
        let other = "{{range .X}}{{else}}{{continue}}{{end}}";
        assert_eq!(message(other), "template error: template: :1: {{continue}} outside {{range}}");
        assert!(prepare("{{range .X}}{{if .Y}}{{continue}}{{end}}{{end}}").is_ok());
    }

    #[test]
    fn actions_must_end() {
        assert_eq!(message("\n\n{{ .Prompt"), "template error: template: :3: unclosed action");
        assert_eq!(message("{{/* x"), "template error: template: :1: unclosed comment");
        assert_eq!(
            message("{{/* x */-}}"),
            "template error: template: :1: comment ends before closing delimiter"
        );
        let message_of = "template error: template: :1: unexpected \"/\" in command";
        assert_eq!(message("{{ /* x */}}"), message_of);
        assert_eq!(message("{{ \"a }}"), "template error: template: :1: unterminated quoted string");
        assert_eq!(message("{{ `a }}"), "template error: template: :1: unterminated raw quoted string");
    }

    #[test]
    fn length_has_a_limit() {
        assert!(prepare(&"x".repeat(262_144)).is_ok());
        let expected = "template error: template: :1: the template is longer than 262144 bytes";
        assert_eq!(message(&"x".repeat(262_145)), expected);
    }

    #[test]
    fn nesting_has_a_limit() {
        let chain = |n| format!("{{{{if .X}}}}{}{{{{end}}}}", "{{else if .Y}}".repeat(n));
        assert!(prepare(&chain(99)).is_ok());
        assert_eq!(
            message(&chain(100)),
            "template error: template: :1: blocks are nested more than 100 deep"
        );
        let nested = "{{range .X}}".repeat(101) + &"{{end}}".repeat(101);
        assert_eq!(message(&nested), "template error: template: :1: blocks are nested more than 100 deep");
    }
}
