//! llama.cpp's grammars (GBNF), as Lark.
//!
//! GBNF has no lexer: it describes text letter by letter. llguidance has one, and is fast because of it. So what is
//! regular in a grammar becomes regular expressions, as long as possible, and only recursion becomes rules:
//!
//! ```text
//!   list  ::= "[" ws (item ("," ws item)*)? "]"        list: /\[[ \n]*/ (item (/,[ \n]*/ item)*)? /\]/
//!   item  ::= [0-9]+ | list                       ─▶   item: /[0-9]+/ | list
//!   ws    ::= [ \n]*                                   (ws is regular, and gone)
//! ```
//!
//! A grammar without recursion is one expression, and matches exactly the same. With recursion, each expression takes
//! as much as it can: a grammar in which one part must leave something to the next matches less.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

/// Why a text is no grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GbnfError {
    /// Something is not where it belongs.
    #[error("line {line}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What.
        reason: String,
    },
    /// A rule is used and not there.
    #[error("there is no rule {0:?}")]
    NoRule(String),
    /// A grammar begins with the rule `root`.
    #[error("there is no rule \"root\", with which a grammar begins")]
    NoRoot,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// A regular expression that is whole in a sequence: alternatives in it have parentheses.
    Regex(String),
    Rule(String),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    /// So many times; no upper bound if `None`.
    Repeat(Box<Node>, u32, Option<u32>),
}

/// The same grammar as Lark. Its start is the rule `root`.
///
/// # Errors
/// See [`GbnfError`].
pub fn to_lark(grammar: &str) -> Result<String, GbnfError> {
    let rules = Parser::new(grammar).rules()?;
    if !rules.contains_key("root") {
        return Err(GbnfError::NoRoot);
    }
    let mut used = BTreeMap::new();
    for node in rules.values() {
        check(node, &rules)?;
    }
    for name in rules.keys() {
        used.insert(name.as_str(), reachable(name, &rules));
    }
    // Rules that come back to themselves, and those that lead to one, stay rules.
    let recursive = |name: &str| used[name].contains(name);
    let stays: BTreeSet<&str> = used
        .iter()
        .filter(|(name, reached)| recursive(name) || reached.iter().any(|rule| recursive(rule)))
        .map(|(name, _)| *name)
        .collect();
    let mut lark = String::new();
    let root = flattened(&rules["root"], &rules, &stays);
    let _ = writeln!(lark, "start: {}", lark_of(&root));
    for name in used["root"].iter().filter(|name| stays.contains(name.as_str())) {
        let body = flattened(&rules[name.as_str()], &rules, &stays);
        let _ = writeln!(lark, "{}: {}", lark_name(name), lark_of(&body));
    }
    Ok(lark)
}

/// A text as a regular expression between slashes.
#[must_use]
pub fn literal(text: &str) -> String {
    text.chars().map(character).collect()
}

/// A character in an expression, or in brackets in one.
fn character(c: char) -> String {
    match c {
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        c if c.is_control() => format!("\\x{{{:x}}}", u32::from(c)),
        // Those that mean something; an escaped angle bracket would be the border of a word.
        c if "\\.+*?()|[]{}^$#&-~/".contains(c) => format!("\\{c}"),
        c => c.to_string(),
    }
}

fn check(node: &Node, rules: &BTreeMap<String, Node>) -> Result<(), GbnfError> {
    match node {
        Node::Regex(_) => Ok(()),
        Node::Rule(name) if rules.contains_key(name) => Ok(()),
        Node::Rule(name) => Err(GbnfError::NoRule(name.clone())),
        Node::Sequence(nodes) | Node::Choice(nodes) => nodes.iter().try_for_each(|node| check(node, rules)),
        Node::Repeat(node, ..) => check(node, rules),
    }
}

/// All rules that a rule leads to.
fn reachable(name: &str, rules: &BTreeMap<String, Node>) -> BTreeSet<String> {
    fn visit(node: &Node, found: &mut Vec<String>) {
        match node {
            Node::Regex(_) => {}
            Node::Rule(name) => found.push(name.clone()),
            Node::Sequence(nodes) | Node::Choice(nodes) => nodes.iter().for_each(|node| visit(node, found)),
            Node::Repeat(node, ..) => visit(node, found),
        }
    }
    let (mut reached, mut waiting) = (BTreeSet::new(), Vec::new());
    visit(&rules[name], &mut waiting);
    while let Some(name) = waiting.pop() {
        if !reached.contains(&name) {
            visit(&rules[name.as_str()], &mut waiting);
            reached.insert(name);
        }
    }
    reached
}

/// The node with everything regular in it as expressions, as long as they can be.
fn flattened(node: &Node, rules: &BTreeMap<String, Node>, stays: &BTreeSet<&str>) -> Node {
    match node {
        Node::Regex(_) => node.clone(),
        Node::Rule(name) if stays.contains(name.as_str()) => node.clone(),
        Node::Rule(name) => flattened(&rules[name.as_str()], rules, stays),
        Node::Repeat(inner, low, high) => match flattened(inner, rules, stays) {
            Node::Regex(regex) => {
                let times = high.map_or_else(|| format!("{{{low},}}"), |high| format!("{{{low},{high}}}"));
                Node::Regex(format!("(?:{regex}){times}"))
            }
            other => Node::Repeat(Box::new(other), *low, *high),
        },
        Node::Sequence(nodes) => {
            let mut joined: Vec<Node> = Vec::new();
            for node in nodes {
                match (joined.last_mut(), flattened(node, rules, stays)) {
                    (Some(Node::Regex(before)), Node::Regex(regex)) => before.push_str(&regex),
                    (_, other) => joined.push(other),
                }
            }
            match joined.as_slice() {
                [single] => single.clone(),
                [] => Node::Regex(String::new()),
                _ => Node::Sequence(joined),
            }
        }
        Node::Choice(nodes) => {
            let (mut regexes, mut others) = (Vec::new(), Vec::new());
            for node in nodes {
                match flattened(node, rules, stays) {
                    Node::Regex(regex) => regexes.push(regex),
                    other => others.push(other),
                }
            }
            if !regexes.is_empty() {
                others.insert(0, Node::Regex(format!("(?:{})", regexes.join("|"))));
            }
            if others.len() == 1 { others.remove(0) } else { Node::Choice(others) }
        }
    }
}

fn lark_of(node: &Node) -> String {
    match node {
        // An expression of nothing is no expression.
        Node::Regex(regex) if regex.is_empty() => "\"\"".into(),
        Node::Regex(regex) => format!("/{regex}/"),
        Node::Rule(name) => lark_name(name),
        Node::Sequence(nodes) => nodes.iter().map(lark_of).collect::<Vec<_>>().join(" "),
        Node::Choice(nodes) => format!("({})", nodes.iter().map(lark_of).collect::<Vec<_>>().join(" | ")),
        Node::Repeat(node, 0, Some(1)) => format!("({})?", lark_of(node)),
        Node::Repeat(node, 0, None) => format!("({})*", lark_of(node)),
        Node::Repeat(node, 1, None) => format!("({})+", lark_of(node)),
        Node::Repeat(node, low, None) => format!("({}){{{low},}}", lark_of(node)),
        Node::Repeat(node, low, Some(high)) => format!("({}){{{low},{high}}}", lark_of(node)),
    }
}

/// Rules of Lark have small letters. The name stays one of its own: what is no small letter or digit becomes its code.
fn lark_name(name: &str) -> String {
    let part = |c: char| match c {
        'a'..='z' | '0'..='9' => c.to_string(),
        c => format!("_{}_", u32::from(c)),
    };
    format!("rule_{}", name.chars().map(part).collect::<String>())
}

struct Parser<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
}

impl<'a> Parser<'a> {
    fn new(grammar: &'a str) -> Self {
        Self { chars: grammar.chars().peekable(), line: 1 }
    }

    fn wrong<T>(&self, reason: impl Into<String>) -> Result<T, GbnfError> {
        Err(GbnfError::Syntax { line: self.line, reason: reason.into() })
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next();
        if c == Some('\n') {
            self.line += 1;
        }
        c
    }

    /// Skips blanks and comments; the ends of lines too, if they count for nothing here.
    fn skip(&mut self, lines: bool) {
        while let Some(&c) = self.chars.peek() {
            match c {
                '#' => {
                    while self.chars.peek().is_some_and(|&c| c != '\n') {
                        self.next();
                    }
                }
                '\n' | '\r' if !lines => return,
                c if c.is_whitespace() => {
                    self.next();
                }
                _ => return,
            }
        }
    }

    fn rules(mut self) -> Result<BTreeMap<String, Node>, GbnfError> {
        let mut rules = BTreeMap::new();
        self.skip(true);
        while self.chars.peek().is_some() {
            let name = self.name();
            if name.is_empty() {
                return self.wrong("the name of a rule is expected");
            }
            self.skip(false);
            for expected in "::=".chars() {
                if self.next() != Some(expected) {
                    return self.wrong(format!("::= is expected after {name:?}"));
                }
            }
            self.skip(true);
            let body = self.choice(false)?;
            if !matches!(self.chars.peek(), None | Some('\n' | '\r')) {
                return self.wrong(format!("a new line is expected after the rule {name:?}"));
            }
            rules.insert(name, body);
            self.skip(true);
        }
        Ok(rules)
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_') {
            name.push(c);
        }
        name
    }

    fn choice(&mut self, nested: bool) -> Result<Node, GbnfError> {
        let mut options = vec![self.sequence(nested)?];
        while self.bar(nested) {
            self.skip(true);
            options.push(self.sequence(nested)?);
        }
        Ok(if options.len() == 1 { options.remove(0) } else { Node::Choice(options) })
    }

    /// Takes the bar before another alternative, which may be on the next line.
    fn bar(&mut self, nested: bool) -> bool {
        let before = (self.chars.clone(), self.line);
        if !nested {
            self.skip(true);
        }
        let found = self.chars.next_if_eq(&'|').is_some();
        if !found {
            (self.chars, self.line) = before;
        }
        found
    }

    fn sequence(&mut self, nested: bool) -> Result<Node, GbnfError> {
        let mut items = Vec::new();
        while let Some(&c) = self.chars.peek() {
            let item = match c {
                '"' => self.string()?,
                '[' => self.class()?,
                '.' => {
                    self.next();
                    Node::Regex("(?s:.)".into())
                }
                '(' => {
                    self.next();
                    self.skip(true);
                    let inner = self.choice(true)?;
                    if self.next() != Some(')') {
                        return self.wrong("a parenthesis is not closed");
                    }
                    inner
                }
                '<' | '!' => return self.wrong("tokens by name or number are not supported"),
                c if c.is_ascii_alphanumeric() || c == '-' || c == '_' => Node::Rule(self.name()),
                _ => break,
            };
            self.skip(nested);
            let item = self.repeated(item, nested)?;
            items.push(item);
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Node::Sequence(items) })
    }

    /// `*`, `+`, `?` and `{m,n}` behind an item.
    fn repeated(&mut self, item: Node, nested: bool) -> Result<Node, GbnfError> {
        let (low, high) = match self.chars.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.next();
                let bounds = self.bounds()?;
                self.skip(nested);
                return Ok(Node::Repeat(Box::new(item), bounds.0, bounds.1));
            }
            _ => return Ok(item),
        };
        self.next();
        self.skip(nested);
        Ok(Node::Repeat(Box::new(item), low, high))
    }

    fn bounds(&mut self) -> Result<(u32, Option<u32>), GbnfError> {
        let mut text = String::new();
        while let Some(c) = self.chars.next_if(|&c| c != '}' && c != '\n') {
            text.push(c);
        }
        if self.next() != Some('}') {
            return self.wrong("a brace is not closed");
        }
        let (low, high) = match text.split_once(',') {
            None => (text.trim(), Some(text.trim())),
            Some((low, high)) => (low.trim(), Some(high.trim()).filter(|high| !high.is_empty())),
        };
        let low = low.parse::<u32>();
        let high = high.map(str::parse::<u32>).transpose();
        match (low, high) {
            (Ok(low), Ok(high)) if high.is_none_or(|high| low <= high) => Ok((low, high)),
            _ => self.wrong(format!("{{{text}}} is no number of repetitions")),
        }
    }

    fn string(&mut self) -> Result<Node, GbnfError> {
        self.next();
        let mut regex = String::new();
        loop {
            match self.chars.peek() {
                None | Some('\n') => return self.wrong("a text in quotes is not closed"),
                Some('"') => break,
                Some(_) => regex.push_str(&character(self.symbol()?)),
            }
        }
        self.next();
        Ok(Node::Regex(regex))
    }

    fn class(&mut self) -> Result<Node, GbnfError> {
        self.next();
        let negated = self.chars.next_if_eq(&'^').is_some();
        let mut inside = String::new();
        loop {
            match self.chars.peek() {
                None | Some('\n') => return self.wrong("a class of characters is not closed"),
                Some(']') => break,
                Some(_) => {}
            }
            let low = self.symbol()?;
            inside.push_str(&character(low));
            let mut ahead = self.chars.clone();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                self.next();
                let high = self.symbol()?;
                if high < low {
                    return self.wrong(format!("the range {low}-{high} is upside down"));
                }
                inside.push('-');
                inside.push_str(&character(high));
            }
        }
        self.next();
        Ok(Node::Regex(match (negated, inside.as_str()) {
            (true, "") => "(?s:.)".into(),
            (false, "") => return self.wrong("an empty class of characters matches nothing"),
            (true, inside) => format!("[^{inside}]"),
            (false, inside) => format!("[{inside}]"),
        }))
    }

    /// A character, perhaps escaped.
    fn symbol(&mut self) -> Result<char, GbnfError> {
        let c = match self.next() {
            Some('\\') => self.next(),
            Some(c) => return Ok(c),
            None => None,
        };
        match c {
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('x') => self.code(2),
            Some('u') => self.code(4),
            Some('U') => self.code(8),
            Some(c @ ('\\' | '"' | '[' | ']' | '-' | '^')) => Ok(c),
            Some(c) => self.wrong(format!("\\{c} is no escape")),
            None => self.wrong("the grammar ends in the middle"),
        }
    }

    fn code(&mut self, digits: usize) -> Result<char, GbnfError> {
        let text: String = self.chars.by_ref().take(digits).collect();
        let code = (text.len() == digits).then(|| u32::from_str_radix(&text, 16).ok()).flatten();
        match code.and_then(char::from_u32) {
            Some(c) => Ok(c),
            None => self.wrong(format!("{text:?} is the code of no character")),
        }
    }
}
