//! Which format the answers of a model have.

use super::go::{GoTemplate, is_harmony};
use super::output::Format;

/// The format that the model's config names; else that of its family; else what the template shows that makes its
/// prompts. `parser` may be empty; `family` is the architecture.
#[must_use]
pub fn format_of(parser: &str, family: &str, go: Option<&GoTemplate>, jinja: Option<&str>) -> Format {
    if let Some(format) = Format::named(parser) {
        return format;
    }
    if !parser.is_empty() {
        tracing::warn!(parser, "no parser of this name; going by the template");
    }
    let text = go.map(GoTemplate::source).or(jinja).unwrap_or_default();
    if is_harmony(family, text) {
        return Format::harmony();
    }
    match (go, jinja) {
        (Some(go), _) => {
            Format::of_go(text, go.thinking_tags(), go.uses("tools").then_some(go.tool_call_tag()))
        }
        (None, Some(jinja)) => Format::of_jinja(jinja),
        (None, None) => Format::plain(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(parser: &str, family: &str, go: Option<&str>, jinja: Option<&str>) -> String {
        let go = go.map(|go| GoTemplate::parse(go).unwrap());
        format_of(parser, family, go.as_ref(), jinja).visible(true).join(" ")
    }

    #[test]
    fn the_config_comes_first_and_then_the_template() {
        let qwen3 = include_str!("go/tests/templates/qwen3.gotmpl");
        let llama = include_str!("go/tests/templates/llama3.1.gotmpl");
        let gpt_oss = include_str!("go/tests/templates/gpt-oss.gotmpl");
        let mistral = include_str!("go/tests/templates/mistral-nemo.gotmpl");
        let of_go = |go| visible("", "any", Some(go), None);
        assert_eq!(of_go(qwen3), "<think> </think> <tool_call> </tool_call>");
        assert_eq!(of_go(llama), "");
        assert_eq!(of_go(mistral), "[TOOL_CALLS] [ [/TOOL_CALLS]");
        assert!(of_go(gpt_oss).contains("<|channel|>"));
        assert!(visible("ministral", "any", Some(qwen3), None).contains("[ARGS]"));
        assert_eq!(visible("of tomorrow", "any", Some(qwen3), None), of_go(qwen3));
        assert!(visible("", "gptoss", None, Some("<|start|><|end|>")).contains("<|channel|>"));
        assert_eq!(visible("", "any", None, Some("{{ tools }}<tool_call>")), "<tool_call> </tool_call>");
        assert_eq!(visible("", "any", None, None), "");
    }
}
