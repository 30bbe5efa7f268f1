//! Which of a model's templates makes its prompts.

use super::GoTemplate;

/// Where a model's prompts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptSource {
    /// A renderer of our own, chosen by name in the model's config, or harmony.
    Renderer,
    /// The template layer of the model: a Go template.
    Go,
    /// The chat template in the model file: Jinja.
    Jinja,
    /// Neither: the default Go template, which is the prompt itself.
    Default,
}

/// What a model has to make prompts from.
#[derive(Clone, Copy, Debug, Default)]
pub struct PromptSources<'a> {
    /// Its config names a renderer or a parser, or [`is_harmony`].
    pub renderer: bool,
    /// The template layer.
    pub go: Option<&'a GoTemplate>,
    /// `tokenizer.chat_template` of the model file.
    pub jinja: Option<&'a str>,
}

/// What a template can express.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It lists tools.
    pub tools: bool,
    /// It has a place for the text after the answer.
    pub insert: bool,
    /// It tells thoughts from the answer.
    pub thinking: bool,
}

impl Capabilities {
    fn count(self) -> u8 {
        u8::from(self.tools) + u8::from(self.insert) + u8::from(self.thinking)
    }
}

/// Chooses. `go_templates` is `OLLAMA_GO_TEMPLATE`: if the user said nothing, Go templates are used unless
/// the model file has the better one; `true` takes the Go template whenever there is one, `false` takes the
/// Jinja template whenever there is one.
#[must_use]
pub fn choose(sources: &PromptSources<'_>, go_templates: Option<bool>) -> PromptSource {
    match (sources.go, sources.jinja) {
        _ if sources.renderer => PromptSource::Renderer,
        (Some(go), Some(jinja)) => {
            let go_first = go_templates.unwrap_or_else(|| !is_jinja_better(go, jinja));
            if go_first { PromptSource::Go } else { PromptSource::Jinja }
        }
        (Some(_), None) => PromptSource::Go,
        (None, Some(_)) => PromptSource::Jinja,
        (None, None) => PromptSource::Default,
    }
}

/// More capabilities are better, unless they cost the way from a tool's call to its result; with the same
/// capabilities, tools among them, that way decides.
fn is_jinja_better(go: &GoTemplate, jinja: &str) -> bool {
    let (of_go, of_jinja) = (go.capabilities(), jinja_capabilities(jinja));
    if of_jinja.count() > of_go.count() {
        return !go_has_tool_results(go) || jinja_has_tool_results(jinja);
    }
    of_jinja == of_go && of_go.tools && jinja_has_tool_results(jinja) && !go_has_tool_results(go)
}

/// What a Jinja template can express, by its words.
#[must_use]
pub fn jinja_capabilities(template: &str) -> Capabilities {
    Capabilities {
        tools: template.contains("tools") || template.contains("tool_call"),
        insert: false,
        thinking: template.contains("<think>") && template.contains("</think>"),
    }
}

fn go_has_tool_results(go: &GoTemplate) -> bool {
    let words = ["eq .Role \"tool\"", "tool_response", "TOOL_RESULTS"];
    go.uses("tools") && go.uses("toolcalls") && words.iter().any(|word| go.source().contains(word))
}

fn jinja_has_tool_results(template: &str) -> bool {
    const ANSWERS: [&str; 9] = [
        "tool_response",
        "tool_results",
        "role'] == 'tool'",
        "role'] == \"tool\"",
        "role\"] == 'tool'",
        "role\"] == \"tool\"",
        "message.role == 'tool'",
        "message.role == \"tool\"",
        "ipython",
    ];
    let calls = template.contains("tool_calls") || template.contains("assistant_tool_call");
    calls && ANSWERS.iter().any(|answer| template.contains(answer))
}

/// Whether a model speaks harmony: `family` is its architecture, `template` its Go or Jinja template.
#[must_use]
pub fn is_harmony(family: &str, template: &str) -> bool {
    matches!(family, "gptoss" | "gpt-oss") && template.contains("<|start|>") && template.contains("<|end|>")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "{{ .Prompt }}";
    const TOOLS: &str = "{{ .Tools }}{{ range .Messages }}{{ .ToolCalls }}{{ end }}";
    const RESULTS: &str =
        "{{ .Tools }}{{ range .Messages }}{{ .ToolCalls }}{{ if eq .Role \"tool\" }}{{ end }}{{ end }}";
    const JINJA_TOOLS: &str = "{{ tools }}{{ message.tool_calls }}";
    const JINJA_RESULTS: &str =
        "{{ tools }}{{ message.tool_calls }}{% if message.role == 'tool' %}{% endif %}";
    const JINJA_ALL: &str = "{{ tools }}<think></think>";

    fn chosen(go: Option<&str>, jinja: Option<&str>, go_templates: Option<bool>) -> PromptSource {
        let go = go.map(|go| GoTemplate::parse(go).unwrap());
        choose(&PromptSources { renderer: false, go: go.as_ref(), jinja }, go_templates)
    }

    #[test]
    fn a_renderer_comes_first() {
        let go = GoTemplate::parse(PLAIN).unwrap();
        let sources = PromptSources { renderer: true, go: Some(&go), jinja: Some("x") };
        assert_eq!(choose(&sources, Some(true)), PromptSource::Renderer);
    }

    #[test]
    fn one_template_is_taken_and_none_is_the_default() {
        assert_eq!(chosen(Some(PLAIN), None, Some(false)), PromptSource::Go);
        assert_eq!(chosen(None, Some("x"), Some(true)), PromptSource::Jinja);
        assert_eq!(chosen(None, None, None), PromptSource::Default);
    }

    #[test]
    fn of_two_templates_the_setting_decides_and_then_what_they_can_do() {
        let auto = |go, jinja| chosen(Some(go), Some(jinja), None);
        assert_eq!(auto(PLAIN, "x"), PromptSource::Go);
        assert_eq!(auto(PLAIN, JINJA_TOOLS), PromptSource::Jinja);
        assert_eq!(auto(TOOLS, JINJA_TOOLS), PromptSource::Go);
        assert_eq!(auto(TOOLS, JINJA_RESULTS), PromptSource::Jinja);
        assert_eq!(auto(RESULTS, JINJA_RESULTS), PromptSource::Go);
        assert_eq!(auto(RESULTS, JINJA_ALL), PromptSource::Go);
        assert_eq!(auto(TOOLS, JINJA_ALL), PromptSource::Jinja);
        assert_eq!(chosen(Some(PLAIN), Some(JINJA_TOOLS), Some(true)), PromptSource::Go);
        assert_eq!(chosen(Some(RESULTS), Some("x"), Some(false)), PromptSource::Jinja);
    }

    #[test]
    fn harmony_is_known_by_family_and_template() {
        assert!(is_harmony("gptoss", "<|start|>system<|message|>x<|end|>"));
        assert!(!is_harmony("gptoss", "<|start|>"));
        assert!(!is_harmony("llama", "<|start|><|end|>"));
    }
}
