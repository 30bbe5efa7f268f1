//! Writes calls as models of each format do.

use serde_json::{Map, Value};

/// A value as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", python(&key.clone().into()), python(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A value between Gemma's marks.
fn gemma(value: &Value, quote: &str) -> String {
    match value {
        Value::String(text) => format!("{quote}{text}{quote}"),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| gemma(item, quote)).collect::<Vec<_>>().join(","))
        }
        Value::Object(entries) => format!("{{{}}}", gemma_entries(entries, quote)),
        plain => plain.to_string(),
    }
}

fn gemma_entries(entries: &Map<String, Value>, quote: &str) -> String {
    entries.iter().map(|(key, value)| format!("{key}:{}", gemma(value, quote))).collect::<Vec<_>>().join(",")
}

/// A value without quotes.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

type Call = (String, Map<String, Value>);

fn each(calls: &[Call], one: impl Fn(&str, &Map<String, Value>) -> String) -> String {
    calls.iter().map(|(name, arguments)| one(name, arguments)).collect()
}

fn json(arguments: &Map<String, Value>) -> String {
    Value::Object(arguments.clone()).to_string()
}

fn entries(arguments: &Map<String, Value>, one: fn(&str, &Value) -> String) -> String {
    arguments.iter().map(|(key, value)| one(key, value)).collect()
}

fn deepseek(format: &str, calls: &[Call]) -> String {
    let calls = each(calls, |name, arguments| match format {
        "cogito" => format!(
            "<｜tool▁call▁begin｜>function<｜tool▁sep｜>{name}\n```json\n{}\n```<｜tool▁call▁end｜>",
            json(arguments)
        ),
        _ => format!("<｜tool▁call▁begin｜>{name}<｜tool▁sep｜>{}<｜tool▁call▁end｜>", json(arguments)),
    });
    format!("<｜tool▁calls▁begin｜>{calls}<｜tool▁calls▁end｜>")
}

fn glimmer(calls: &[Call]) -> String {
    let calls = each(calls, |name, arguments| {
        let parameters = entries(arguments, |key, value| {
            format!("<atem:parameter name=\"{key}\">\n{}\n</atem:parameter>\n", bare(value))
        });
        format!("<atem:invoke name=\"{name}\">\n{parameters}</atem:invoke>\n")
    });
    format!("<|start|>assistant<|message|><atem:function_calls>{calls}</atem:function_calls><|eom|>")
}

/// Calls as a model of a format writes them; `None` for one that calls nothing.
pub(crate) fn write(format: &str, calls: &[Call]) -> Option<String> {
    let object = |name: &str, arguments: &Map<String, Value>| {
        format!("{{\"name\": {}, \"arguments\": {}}}", Value::from(name), json(arguments))
    };
    let list =
        || calls.iter().map(|(name, arguments)| object(name, arguments)).collect::<Vec<_>>().join(", ");
    let python_call = |name: &str, arguments: &Map<String, Value>| {
        let arguments = arguments.iter().map(|(key, value)| format!("{key}={}", python(value)));
        format!("{name}({})", arguments.collect::<Vec<_>>().join(", "))
    };
    let python_calls =
        || calls.iter().map(|(name, arguments)| python_call(name, arguments)).collect::<Vec<_>>();
    Some(match format {
        "passthrough" => return None,
        "qwen3-coder" | "qwen3.5" | "ornith" | "nemotron-3-nano" | "nemotron-3.5-nano" => {
            each(calls, |name, arguments| {
                let parameters = entries(arguments, |key, value| {
                    format!("<parameter={key}>\n{}\n</parameter>\n", bare(value))
                });
                format!("<tool_call>\n<function={name}>\n{parameters}</function>\n</tool_call>\n")
            })
        }
        "glm-4.7" | "glm-ocr" | "laguna" | "poolside-v1" => each(calls, |name, arguments| {
            let pairs = entries(arguments, |key, value| {
                format!("<arg_key>{key}</arg_key>\n<arg_value>{}</arg_value>\n", bare(value))
            });
            format!("<tool_call>{name}\n{pairs}</tool_call>")
        }),
        "deepseek3" | "cogito" => deepseek(format, calls),
        "ministral" => each(calls, |name, arguments| format!("[TOOL_CALLS]{name}[ARGS]{}", json(arguments))),
        "olmo3" | "olmo3-think" => format!("<function_calls>{}</function_calls>", python_calls().join("\n")),
        "lfm2" | "lfm2-thinking" => {
            format!("<|tool_call_start|>[{}]<|tool_call_end|>", python_calls().join(", "))
        }
        "functiongemma" => each(calls, |name, arguments| {
            let arguments = gemma_entries(arguments, "<escape>");
            format!("<start_function_call>call:{name}{{{arguments}}}<end_function_call>")
        }),
        "gemma4" | "gemma4-no-thinking" => each(calls, |name, arguments| {
            format!("<|tool_call>call:{name}{{{}}}<tool_call|>", gemma_entries(arguments, "<|\"|>"))
        }),
        "cohere" => {
            let call = |(name, arguments): &Call| {
                format!(
                    r#"{{"tool_call_id": "0", "tool_name": "{name}", "parameters": {}}}"#,
                    json(arguments)
                )
            };
            let list = calls.iter().map(call).collect::<Vec<_>>().join(",\n");
            format!("<|START_ACTION|>[\n{list}\n]<|END_ACTION|>")
        }
        "harmony" => each(calls, |name, arguments| {
            let name = name.replace('.', "_");
            let header = format!("<|channel|>commentary to=functions.{name} <|constrain|>json");
            format!("<|start|>assistant{header}<|message|>{}<|end|>", json(arguments))
        }),
        "glimmer" => glimmer(calls),
        "go-mistral" => format!("[TOOL_CALLS] [{}]", list()),
        "go-bare" | "jinja-llama" => calls
            .iter()
            .map(|(name, arguments)| format!(r#"{{"name": "{name}", "parameters": {}}}"#, json(arguments)))
            .collect::<Vec<_>>()
            .join("; "),
        "go-function" => {
            each(calls, |name, arguments| format!("<function={name}>{}</function>\n", json(arguments)))
        }
        _ => {
            each(calls, |name, arguments| format!("<tool_call>\n{}\n</tool_call>\n", object(name, arguments)))
        }
    })
}
