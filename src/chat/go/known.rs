//! Well-known chat formats: the Go template and the stop strings for a model whose Jinja template is known.
//!
//! `known/` holds for each format the Go template that writes it, and the Jinja templates with which models
//! of that format are published.

/// A template matches if fewer than this many characters need to be changed, added or taken out.
const MAX_DISTANCE: usize = 100;

/// A chat format that many models share.
#[derive(Debug)]
pub struct KnownTemplate {
    /// What `create` calls it, such as `llama3-instruct`.
    pub name: &'static str,
    /// The Go template.
    pub template: &'static str,
    /// Where answers end: values of the parameter `stop`.
    pub stop: &'static [&'static str],
    /// The Jinja templates that mean this format.
    jinja: &'static [&'static str],
}

macro_rules! known {
    ($name:literal, jinja: [$($jinja:literal),+], stop: [$($stop:literal),+]) => {
        KnownTemplate {
            name: $name,
            template: include_str!(concat!("known/", $name, ".gotmpl")),
            stop: &[$($stop),+],
            jinja: &[$(include_str!(concat!("known/", $jinja, ".jinja"))),+],
        }
    };
}

static KNOWN: [KnownTemplate; 20] = [
    known!(
        "alfred",
        jinja: ["alfred"],
        stop: ["<start_user>", "<end_message>", "<start_system>", "<start_assistant>"]
    ),
    known!("alpaca", jinja: ["alpaca"], stop: ["### Instruction:", "### Response"]),
    known!(
        "chatml",
        jinja: ["chatml", "chatml-by-role", "chatml-default-system"],
        stop: ["<|im_start|>", "<|im_end|>"]
    ),
    known!("chatqa", jinja: ["chatqa"], stop: ["System:", "User:", "Assistant:", "<|begin_of_text|>"]),
    known!(
        "codellama-70b-instruct",
        jinja: ["codellama-70b-instruct"],
        stop: ["Source:", "Destination:", "<step>"]
    ),
    known!("command-r", jinja: ["command-r"], stop: ["<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>"]),
    known!("falcon-instruct", jinja: ["falcon-instruct"], stop: ["User:", "Falcon:"]),
    known!("gemma-instruct", jinja: ["gemma-instruct"], stop: ["<start_of_turn>", "<end_of_turn>"]),
    known!("gemma3-instruct", jinja: ["gemma3-instruct"], stop: ["<start_of_turn>", "<end_of_turn>"]),
    known!("granite-instruct", jinja: ["granite-instruct"], stop: ["System:", "Question:", "Answer:"]),
    known!("llama2-chat", jinja: ["llama2-chat"], stop: ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"]),
    known!(
        "llama3-instruct",
        jinja: ["llama3-instruct"],
        stop: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    ),
    known!("magicoder", jinja: ["magicoder"], stop: ["@@ Instruction", "@@ Response"]),
    known!("mistral-instruct", jinja: ["mistral-instruct"], stop: ["[INST]", "[/INST]"]),
    known!("openchat", jinja: ["openchat"], stop: ["<|end_of_turn|>"]),
    known!(
        "phi-3",
        jinja: ["phi-3", "phi-3-any-role"],
        stop: ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    ),
    known!("solar-instruct", jinja: ["solar-instruct"], stop: ["### System:", "### User:", "### Assistant:"]),
    known!(
        "starcoder2-instruct",
        jinja: ["starcoder2-instruct"],
        stop: ["### Instruction", "### Response", "<|endoftext|>"]
    ),
    known!("vicuna", jinja: ["vicuna"], stop: ["USER:", "ASSISTANT:"]),
    known!("zephyr", jinja: ["zephyr"], stop: ["<|system|>", "</s>", "<|user|>", "<|assistant|>"]),
];

/// All formats, by name.
#[must_use]
pub fn known_templates() -> &'static [KnownTemplate] {
    &KNOWN
}

/// The format of a model with this Jinja template, `tokenizer.chat_template` in its file: the one whose Jinja
/// template is nearest, if it is near.
#[must_use]
pub fn detect(jinja: &str) -> Option<&'static KnownTemplate> {
    let formats = KNOWN.iter().flat_map(|known| known.jinja.iter().map(move |template| (known, *template)));
    let distances =
        formats.filter_map(|(known, template)| Some((known, distance(jinja, template.trim_end())?)));
    distances.min_by_key(|(_, distance)| *distance).map(|(known, _)| known)
}

/// How many characters differ, if it is few enough. Templates of very different lengths are not compared:
/// that takes the product of their lengths.
fn distance(a: &str, b: &str) -> Option<usize> {
    if a.chars().count().abs_diff(b.chars().count()) >= MAX_DISTANCE {
        return None;
    }
    Some(strsim::levenshtein(a, b)).filter(|distance| *distance < MAX_DISTANCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::go::GoTemplate;

    #[test]
    fn each_format_is_known_by_its_jinja_templates_and_near_ones() {
        for known in known_templates() {
            assert!(GoTemplate::parse(known.template).unwrap().uses("messages"), "{}", known.name);
            for jinja in known.jinja {
                assert_eq!(detect(jinja).map(|found| found.name), Some(known.name));
                let near = jinja.replacen("{% endif %}", "{% endif %}{# a short remark #}", 1);
                assert_eq!(detect(&near).map(|found| found.name), Some(known.name));
            }
        }
    }

    #[test]
    fn what_is_far_from_all_is_not_known() {
        assert!(detect("").is_none());
        assert!(detect("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}").is_none());
        let chatml = KNOWN[2].jinja[0];
        assert!(detect(&format!("{chatml}{}", "x".repeat(98))).is_some());
        assert!(detect(&format!("{chatml}{}", "x".repeat(101))).is_none());
        assert!(detect(&"é".repeat(1 << 20)).is_none());
    }

    #[test]
    fn names_are_sorted_and_formats_stop() {
        assert!(KNOWN.is_sorted_by_key(|known| known.name));
        assert!(KNOWN.iter().all(|known| !known.stop.is_empty()));
    }
}
