//! A grammar in Lark, as it grows.

use std::collections::HashMap;

use llguidance::regex_to_lark;

/// Rules and terminals, each written once.
#[derive(Debug, Default)]
pub(super) struct Rules {
    text: String,
    /// Names by what they stand for.
    names: HashMap<String, String>,
    count: usize,
}

/// A part of a sequence.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) lark: String,
    pub(super) required: bool,
}

impl Rules {
    /// The name of a rule.
    pub(super) fn rule(&mut self, body: &str) -> String {
        self.named("r", body)
    }

    /// The name of a terminal: a regular expression, which may say `&` and `~`.
    pub(super) fn terminal(&mut self, body: &str) -> String {
        self.named("T", body)
    }

    fn named(&mut self, kind: &str, body: &str) -> String {
        let key = format!("{kind}: {body}");
        if let Some(name) = self.names.get(&key) {
            return name.clone();
        }
        let name = self.unused(kind);
        self.define(&name, body);
        self.names.insert(key, name.clone());
        name
    }

    /// A name for a rule that is defined later, as it may lead back to itself.
    pub(super) fn reserved(&mut self) -> String {
        self.unused("r")
    }

    fn unused(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    /// Says what a reserved name stands for.
    pub(super) fn define(&mut self, name: &str, body: &str) {
        let body = if body.trim().is_empty() { "\"\"" } else { body };
        self.text += &format!("{name}: {body}\n");
    }

    /// Items in their order, of which those that are not required may be left out, and others in any number behind them.
    pub(super) fn sequence(&mut self, items: &[Item], others: Option<&str>, separator: &str) -> String {
        // What may come if something came before, and if nothing did.
        let mut behind = others.map_or_else(String::new, |other| format!("({separator} {other})*"));
        let mut first = others.map_or_else(String::new, |other| format!("({other} {behind})?"));
        for Item { lark, required } in items.iter().rev() {
            let [rest, without] = [&behind, &first].map(|body| self.rule(body));
            first = if *required { format!("{lark} {rest}") } else { format!("({lark} {rest} | {without})") };
            behind = match required {
                true => format!("{separator} {lark} {rest}"),
                false => format!("({separator} {lark})? {rest}"),
            };
        }
        first
    }

    /// All of them.
    pub(super) fn into_lark(self) -> String {
        self.text
    }
}

/// A regular expression in Lark, where an empty one would begin a comment.
pub(super) fn expression(regex: &str) -> String {
    if regex.is_empty() { "\"\"".to_owned() } else { format!("/{}/", regex_to_lark(regex, "")) }
}

/// One of some expressions.
pub(super) fn either(options: &[String]) -> String {
    match options {
        [one] => one.clone(),
        several => format!("({})", several.join(" | ")),
    }
}
