//! A compiled chat template, in the environment that Hugging Face's `transformers` gives its templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, Value, context};

use super::{ChatError, Message, Special, Think, functions};

/// What one rendering may cost: about one unit for each instruction and for each 64 bytes it makes. A
/// conversation that fills a context of a million tokens needs a small part of it; a template that loops
/// for ever is stopped within a second or two.
const FUEL: u64 = 20_000_000;

const NAME: &str = "chat";

/// A template that parsed.
pub(super) struct Template {
    environment: Environment<'static>,
    mentions_developer: bool,
}

impl Template {
    pub(super) fn compile(source: &str) -> Result<Self, ChatError> {
        let broken = |e: minijinja::Error| ChatError::Template(reason(&e));
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(broken)?);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_fuel(Some(FUEL));
        functions::add_to(&mut environment);
        environment.add_template_owned(NAME, without_generation_tags(source)).map_err(broken)?;
        Ok(Self { environment, mentions_developer: source.contains("developer") })
    }

    /// Whether the template has a case for the role `developer`.
    pub(super) fn mentions_developer(&self) -> bool {
        self.mentions_developer
    }

    pub(super) fn render(
        &self,
        messages: &[Message],
        tools: &[serde_json::Value],
        think: &Think,
        special: &Special,
    ) -> Result<String, ChatError> {
        let base = context! {
            messages => Value::from(Serde(messages)),
            bos_token => special.bos.as_str(),
            eos_token => special.eos.as_str(),
            add_generation_prompt => true,
            // Templates ask whether there are any, by `tools` or `tools is not none`.
            tools => if tools.is_empty() { Value::from(()) } else { Value::from(Serde(tools)) },
            documents => (),
        };
        // Templates ask whether it is defined, so it must not be there as none.
        let think = match think {
            Think::Unset => context! {},
            Think::Off => context! { enable_thinking => false },
            Think::On => context! { enable_thinking => true },
            Think::Level(level) => context! { enable_thinking => true, reasoning_effort => level.as_str() },
        };
        let template = self.environment.get_template(NAME).map_err(|e| ChatError::Template(reason(&e)))?;
        template.render(context! { ..base, ..think }).map_err(|e| match e.kind() {
            ErrorKind::OutOfFuel => ChatError::TooLong,
            ErrorKind::InvalidOperation if e.detail().is_some_and(|d| d.starts_with(functions::RAISED)) => {
                ChatError::Refused(e.detail().unwrap_or_default().replacen(functions::RAISED, "", 1))
            }
            _ => ChatError::Refused(reason(&e)),
        })
    }
}

/// `message (line 3)`, without the excerpt of the template that the long form shows.
fn reason(error: &minijinja::Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    match error.line() {
        Some(line) => format!("{detail} (line {line})"),
        None => detail,
    }
}

/// Some templates mark what the assistant generates, for training: `{% generation %}…{% endgeneration %}`.
/// Outside of training the tags mean nothing; an `if` of the same shape keeps the handling of white space.
fn without_generation_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}") else { break };
        let (before, tag) = (&rest[..start], &rest[start..start + length + 2]);
        out.push_str(before);
        let name =
            tag.trim_start_matches("{%").trim_end_matches("%}").trim_matches(['-', '+', ' ', '\n', '\t']);
        match name {
            "generation" => out.push_str(&tag.replacen("generation", "if true", 1)),
            "endgeneration" => out.push_str(&tag.replacen("endgeneration", "endif", 1)),
            _ => out.push_str(tag),
        }
        rest = &rest[start + length + 2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(source: &str, messages: &[Message]) -> String {
        let special = Special { bos: "<s>".into(), eos: "</s>".into() };
        Template::compile(source).unwrap().render(messages, &[], &Think::Unset, &special).unwrap()
    }

    #[test]
    fn blocks_are_trimmed_as_transformers_does() {
        let source =
            "{% for m in messages %}\n    {% if true %}\n{{ m.content }}\n    {% endif %}\n{% endfor %}\n";
        assert_eq!(render(source, &[Message::new("user", "a"), Message::new("user", "b")]), "a\nb\n");
    }

    #[test]
    fn llama_2_style_templates_render() {
        let source = "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}\
            {% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}\
            {% set system_message = false %}{% endif %}{% for message in loop_messages %}\
            {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\
            {{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}\
            {% if loop.index0 == 0 and system_message != false %}\
            {% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}\
            {% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}\
            {{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}\
            {{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";
        let messages = [
            Message::new("system", "Be kind."),
            Message::new("user", " Hi "),
            Message::new("assistant", "Hello"),
            Message::new("user", "Bye"),
        ];
        insta::assert_snapshot!(render(source, &messages), @r"
        <s>[INST] <<SYS>>
        Be kind.
        <</SYS>>

         Hi [/INST] Hello </s><s>[INST] Bye [/INST]
        ");
    }

    #[test]
    fn tools_are_none_and_namespaces_loops_and_macros_work() {
        let source = "{%- set ns = namespace(n=0) %}{% macro shout(x) %}{{ x | upper }}{% endmacro %}\
            {%- if tools is not none %}tools{% endif %}{% for m in messages %}{% set ns.n = ns.n + 1 %}\
            {% if loop.last %}{% break %}{% endif %}{{ shout(m.content) }}{% endfor %}{{ ns.n }}";
        assert_eq!(render(source, &[Message::new("user", "a"), Message::new("user", "b")]), "A2");
    }

    #[test]
    fn training_marks_vanish() {
        let source = "a\n{%- generation -%}\n b {% endgeneration %}c";
        assert_eq!(render(source, &[]), "ab c");
    }
}
