//! Special tokens, and the chat template.

use serde_json::Value as Json;

use super::super::error::ImportError;
use super::super::files::Files;
use super::super::header::Header;
use super::super::object::Object;
use super::json::TokenizerJson;
use super::{CONFIG, Vocabulary};
use crate::gguf::Text;

/// The tokens that are put around every text, by their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    first: Option<String>,
    last: Option<String>,
}

impl Frame {
    /// What tokenizer.json says; `None` if it says nothing.
    pub(super) fn read(json: &TokenizerJson) -> Option<Self> {
        let steps = json.post_processors();
        // The last step decides: a step over bytes comes before it.
        let frame = |step: &&Json| match step["type"].as_str() {
            Some("TemplateProcessing") => Some(Self::of_template(step)),
            Some("RobertaProcessing" | "BertProcessing") => Some(Self {
                first: step["cls"][0].as_str().map(str::to_owned),
                last: step["sep"][0].as_str().map(str::to_owned),
            }),
            _ => None,
        };
        let framed = steps.iter().rev().find_map(frame);
        framed.or_else(|| (!steps.is_empty()).then_some(Self { first: None, last: None }))
    }

    /// `<s> $A </s>` is three objects.
    fn of_template(step: &Json) -> Self {
        let items = step["single"].as_array().map(Vec::as_slice).unwrap_or_default();
        let token = |item: Option<&Json>| item?["SpecialToken"]["id"].as_str().map(str::to_owned);
        let last = if items.len() > 1 { items.last() } else { None };
        Self { first: token(items.first()), last: token(last) }
    }
}

/// Where the names of special tokens stand, and their numbers.
struct Sources {
    config: Object,
    map: Object,
    model: Object,
    generation: Object,
}

impl Sources {
    fn read(files: &Files) -> Result<Self, ImportError> {
        let object =
            |name: &str| Ok::<_, ImportError>(files.object(name)?.unwrap_or_else(|| Object::empty(name)));
        let model = object("config.json")?;
        let model = match model.object("text_config")? {
            Some(text) => model.clone().overlaid(text),
            None => model,
        };
        Ok(Self {
            config: object(CONFIG)?,
            map: object("special_tokens_map.json")?,
            model,
            generation: object("generation_config.json")?,
        })
    }

    /// The text of a special token, such as `bos`.
    fn text(&self, name: &str) -> Option<String> {
        let key = format!("{name}_token");
        // It is a text, or an object with more about it.
        let text = |object: &Object| match object.get(&key)? {
            Json::String(text) => Some(text.clone()),
            value => value["content"].as_str().map(str::to_owned),
        };
        text(&self.config).or_else(|| text(&self.map))
    }

    /// The ids that configurations give for a token: one, or a list.
    fn ids(&self, name: &str) -> Vec<u64> {
        let key = format!("{name}_token_id");
        let ids = |object: &Object| match object.get(&key) {
            Some(Json::Array(ids)) => ids.iter().filter_map(Json::as_u64).collect(),
            Some(id) => id.as_u64().into_iter().collect(),
            None => Vec::new(),
        };
        let mut all: Vec<u64> = ids(&self.generation);
        all.extend(ids(&self.model));
        all
    }
}

/// Adds the entries for special tokens.
pub(super) fn describe(
    vocabulary: &Vocabulary,
    files: &Files,
    header: &mut Header,
) -> Result<(), ImportError> {
    let sources = Sources::read(files)?;
    // Numbers in configurations may be left over from another vocabulary.
    let configured = |name| sources.ids(name).into_iter().filter_map(|id| vocabulary.special(id));
    let named = |name| sources.text(name).and_then(|text| vocabulary.id(&text));
    let id = |name| named(name).or_else(|| usual(vocabulary, name)).or_else(|| configured(name).next());
    let frame_id = |text: &Option<String>| text.as_deref().and_then(|text| vocabulary.id(text));
    let frame = vocabulary.frame.as_ref();
    let (first, last) = (frame.and_then(|f| frame_id(&f.first)), frame.and_then(|f| frame_id(&f.last)));
    // An encoder has other names for what is around its texts.
    let (bos, eos) = if vocabulary.model == "bert" { ("cls", "sep") } else { ("bos", "eos") };
    let (bos, eos) = (first.or(id(bos)).or(id("cls")), last.or(id(eos)).or(id("sep")));

    // Further tokens that end an answer. llama.cpp has room for two, and finds usual ones by their text.
    let mut ends: Vec<u32> = Vec::new();
    for end in named("eos").into_iter().chain(configured("eos")) {
        if Some(end) != eos && !ends.contains(&end) {
            ends.push(end);
        }
    }
    let found = [
        ("bos", bos),
        ("eos", eos),
        ("eot", ends.first().copied()),
        ("eom", ends.get(1).copied()),
        ("unknown", id("unk")),
        // The key is misspelt in llama.cpp.
        ("seperator", id("sep")),
        ("padding", id("pad")),
        ("cls", id("cls")),
        ("mask", id("mask")),
    ];
    for (name, id) in found {
        if let Some(id) = id {
            header.set(format!("tokenizer.ggml.{name}_token_id"), id);
        }
    }
    let (adds_bos, adds_eos) = adds(vocabulary, &sources, first.is_some(), last.is_some())?;
    header.set("tokenizer.ggml.add_bos_token", adds_bos && bos.is_some());
    header.set("tokenizer.ggml.add_eos_token", adds_eos && eos.is_some());
    templates(files, &sources.config, header)
}

/// Special tokens by the names that they have in nearly all vocabularies of a kind: they need not be given.
fn usual(vocabulary: &Vocabulary, name: &str) -> Option<u32> {
    let texts: &[&str] = match (vocabulary.model, name) {
        ("bert", "cls") => &["[CLS]"],
        ("bert", "sep") => &["[SEP]"],
        ("bert", "pad") => &["[PAD]"],
        ("bert", "unk") => &["[UNK]"],
        ("bert", "mask") => &["[MASK]"],
        ("llama", "bos") => &["<s>", "<bos>"],
        ("llama", "eos") => &["</s>", "<eos>"],
        ("llama", "unk") => &["<unk>"],
        _ => &[],
    };
    texts.iter().filter_map(|text| vocabulary.id(text)).find_map(|id| vocabulary.special(id.into()))
}

/// Whether tokens are put in front of texts and behind them.
fn adds(
    vocabulary: &Vocabulary,
    sources: &Sources,
    first: bool,
    last: bool,
) -> Result<(bool, bool), ImportError> {
    if vocabulary.frame.is_some() {
        return Ok((first, last));
    }
    // SentencePiece models begin texts with a token unless they say that they do not; BERT's always do.
    let usual = vocabulary.model != "gpt2";
    let bos = sources.config.bool("add_bos_token")?.unwrap_or(usual);
    Ok((bos, sources.config.bool("add_eos_token")?.unwrap_or(vocabulary.model == "bert")))
}

/// Adds the chat template, and those with names.
fn templates(files: &Files, config: &Object, header: &mut Header) -> Result<(), ImportError> {
    if let Some(template) = files.text("chat_template.jinja")? {
        header.set("tokenizer.chat_template", template);
        return Ok(());
    }
    let separate = files.object("chat_template.json")?;
    let template =
        separate.as_ref().and_then(|object| object.get("chat_template")).or(config.get("chat_template"));
    match template {
        Some(Json::String(template)) => header.set("tokenizer.chat_template", template.as_str()),
        Some(Json::Array(templates)) => {
            let mut names = Vec::new();
            for entry in templates {
                let (Some(name), Some(template)) = (entry["name"].as_str(), entry["template"].as_str())
                else {
                    continue;
                };
                if name == "default" {
                    header.set("tokenizer.chat_template", template);
                } else if !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
                    header.set(format!("tokenizer.chat_template.{name}"), template);
                    names.push(Text::from(name));
                }
            }
            if !names.is_empty() {
                header.set("tokenizer.chat_templates", names);
            }
        }
        _ => {}
    }
    Ok(())
}
