//! Names of tools for models that know only identifiers.

use std::collections::HashSet;

use serde_json::Value;

use crate::chat::Message;

/// Tools that some models were trained with, under names that are no identifiers.
const BUILT_IN: [&str; 4] = ["browser.open", "browser.search", "browser.find", "python"];

/// What the tools of a request are called before the model.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The model's name for a tool, and its own.
    pairs: Vec<(String, String)>,
}

impl Names {
    /// Identifiers for tools as on the wire. Two tools never get the same.
    #[must_use]
    pub fn of(tools: &[Value]) -> Self {
        let mut taken = HashSet::new();
        let mut pairs = Vec::new();
        for own in tools.iter().filter_map(|tool| tool["function"]["name"].as_str()) {
            let name = identifier(own);
            let mut unique = name.clone();
            let mut count = 2;
            while !taken.insert(unique.clone()) {
                unique = format!("{name}_{count}");
                count += 1;
            }
            pairs.push((unique, own.to_owned()));
        }
        Self { pairs }
    }

    /// A tool's own name.
    #[must_use]
    pub fn own<'n>(&'n self, name: &'n str) -> &'n str {
        self.pairs.iter().find(|(other, _)| other == name).map_or(name, |(_, own)| own)
    }

    fn for_model<'n>(&'n self, own: &'n str) -> &'n str {
        self.pairs.iter().find(|(_, other)| other == own).map_or(own, |(name, _)| name)
    }

    /// Renames the tools, and the calls in the conversation.
    pub fn rename(&self, tools: &mut [Value], messages: &mut [Message]) {
        let calls = messages.iter_mut().flat_map(|message| &mut message.tool_calls);
        for function in tools.iter_mut().chain(calls).filter_map(|value| value.get_mut("function")) {
            if let Some(Value::String(name)) = function.get_mut("name") {
                *name = self.for_model(name).to_owned();
            }
        }
        for name in messages.iter_mut().filter_map(|message| message.name.as_mut()) {
            *name = self.for_model(name).to_owned();
        }
    }
}

fn identifier(name: &str) -> String {
    if BUILT_IN.contains(&name) {
        return name.to_owned();
    }
    let replaced = name.chars().map(|c| if [' ', '-', '.'].contains(&c) { '_' } else { c });
    let kept: String = replaced.filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '$').collect();
    match kept.chars().next() {
        None => "unnamed".into(),
        Some(first) if first.is_ascii_digit() => format!("_{kept}"),
        Some(_) => kept,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tools_get_identifiers_and_their_own_names_back() {
        let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
        let mut tools =
            ["get weather", "get-weather", "1st", "é", "python", "browser.open", "ok_1"].map(tool);
        let names = Names::of(&tools);
        let mut messages = [Message { name: Some("1st".into()), ..Message::new("tool", "x") }];
        names.rename(&mut tools, &mut messages);
        let renamed: Vec<_> = tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap()).collect();
        assert_eq!(
            renamed,
            ["get_weather", "get_weather_2", "_1st", "unnamed", "python", "browser.open", "ok_1"]
        );
        assert_eq!(messages[0].name.as_deref(), Some("_1st"));
        assert_eq!(names.own("get_weather_2"), "get-weather");
        assert_eq!(names.own("other"), "other");
    }
}
