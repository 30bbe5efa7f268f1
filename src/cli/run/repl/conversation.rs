//! What a conversation is made of, and the request that goes on with it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cli::run::arguments::{Format, RunArgs, Think};
use crate::cli::show::Shown;

/// A turn.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::cli) struct Message {
    pub(in crate::cli) role: String,
    pub(in crate::cli) content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    /// In base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
}

impl Message {
    fn new(role: &str, content: String) -> Self {
        Self { role: role.into(), content, ..Self::default() }
    }
}

/// A conversation with a model.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Conversation {
    pub(super) model: String,
    /// In place of the model's own.
    system: Option<Message>,
    /// Those of the model, which the server puts before ours.
    pub(super) stored: Vec<Message>,
    messages: Vec<Message>,
    /// Over those of the model.
    pub(super) options: Map<String, Value>,
    pub(super) format: Option<Format>,
    pub(super) think: Option<Think>,
    pub(super) keep_alive: Option<String>,
    pub(super) takes_files: bool,
    pub(super) can_think: bool,
}

/// A request to `/api/chat`.
#[derive(Serialize)]
pub(super) struct Chat<'a> {
    model: &'a str,
    messages: Vec<&'a Message>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<&'a Think>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a str>,
}

/// A request to `/api/create` for a model that goes on with this conversation.
#[derive(Serialize)]
pub(super) struct Create<'a> {
    model: &'a str,
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    parameters: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<&'a Message>,
    stream: bool,
}

impl Conversation {
    pub(super) fn new(args: &RunArgs, model: &Shown) -> Self {
        let mut conversation = Self {
            model: String::new(),
            system: None,
            stored: Vec::new(),
            messages: Vec::new(),
            options: Map::new(),
            format: args.format.clone(),
            think: args.think.clone(),
            keep_alive: args.keepalive.clone(),
            takes_files: false,
            can_think: false,
        };
        conversation.begin(&args.model, model);
        conversation
    }

    /// Begins anew, with another model. What was set for the former one, its system message and options, is gone.
    pub(super) fn begin(&mut self, name: &str, model: &Shown) {
        name.clone_into(&mut self.model);
        self.stored.clone_from(&model.messages);
        self.takes_files = model.takes_files();
        self.can_think = model.can("thinking");
        self.system = None;
        self.messages.clear();
        self.options.clear();
    }

    /// Forgets what was said.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
    }

    /// Says something in place of the model's own system message.
    pub(super) fn set_system(&mut self, text: String) {
        self.system = Some(Message::new("system", text));
    }

    pub(super) fn system(&self) -> Option<&str> {
        self.system.as_ref().map(|message| message.content.as_str())
    }

    /// The user's turn.
    pub(super) fn ask(&mut self, text: String, images: Vec<String>) {
        self.messages.push(Message { images, ..Message::new("user", text) });
    }

    /// The user's turn was not answered.
    pub(super) fn take_back(&mut self) {
        self.messages.pop();
    }

    /// The model's turn.
    pub(super) fn answer(&mut self, text: String, thinking: String) {
        self.messages.push(Message { thinking, ..Message::new("assistant", text) });
    }

    /// Asks for the next turn.
    pub(super) fn request(&self) -> Chat<'_> {
        Chat {
            model: &self.model,
            messages: self.system.iter().chain(&self.messages).collect(),
            options: &self.options,
            format: self.format.as_ref(),
            think: self.think.as_ref(),
            keep_alive: self.keep_alive.as_deref(),
        }
    }

    /// Makes a model of it.
    pub(super) fn save_as<'a>(&'a self, name: &'a str) -> Create<'a> {
        Create {
            model: name,
            from: &self.model,
            system: self.system(),
            parameters: &self.options,
            // Those of a request take the place of the model's.
            messages: if self.messages.is_empty() {
                Vec::new()
            } else {
                self.stored.iter().chain(&self.messages).collect()
            },
            stream: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Run {
        #[command(flatten)]
        args: RunArgs,
    }

    fn conversation(arguments: &str, model: Value) -> Conversation {
        let args = Run::parse_from(arguments.split(' ')).args;
        Conversation::new(&args, &serde_json::from_value(model).unwrap())
    }

    fn request(conversation: &Conversation) -> Value {
        serde_json::to_value(conversation.request()).unwrap()
    }

    #[test]
    fn what_was_said_is_said_again() {
        let mut talk = conversation("run tiny --keepalive 5m --think=low --format json", json!({}));
        talk.ask("Hi".into(), vec!["aGk=".into()]);
        talk.answer("Hello.".into(), "A greeting.".into());
        talk.ask("Go".into(), Vec::new());
        talk.take_back();
        talk.ask("Bye".into(), Vec::new());
        let expected = json!({
            "model": "tiny",
            "messages": [
                {"role": "user", "content": "Hi", "images": ["aGk="]},
                {"role": "assistant", "content": "Hello.", "thinking": "A greeting."},
                {"role": "user", "content": "Bye"},
            ],
            "format": "json", "think": "low", "keep_alive": "5m",
        });
        assert_eq!(request(&talk), expected);
        talk.clear();
        assert_eq!(request(&talk)["messages"], json!([]));
    }

    #[test]
    fn a_system_message_comes_first_and_survives_clearing() {
        let mut talk = conversation("run tiny", json!({}));
        talk.ask("Hi".into(), Vec::new());
        talk.set_system("Be kind.".into());
        talk.set_system("Be brief.".into());
        let system = json!({"role": "system", "content": "Be brief."});
        assert_eq!(request(&talk)["messages"], json!([system, {"role": "user", "content": "Hi"}]));
        talk.clear();
        assert_eq!(request(&talk)["messages"], json!([system]));
    }

    #[test]
    fn what_is_saved_is_everything_that_differs() {
        let stored = json!({"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."}]});
        let mut talk = conversation("run tiny", stored);
        let save = |talk: &Conversation| serde_json::to_value(talk.save_as("mine")).unwrap();
        assert_eq!(save(&talk), json!({"model": "mine", "from": "tiny", "stream": false}));
        talk.set_system("Be kind.".into());
        talk.options.insert("temperature".into(), json!(0.5));
        talk.ask("Hi".into(), Vec::new());
        talk.answer("Hello.".into(), String::new());
        let expected = json!({
            "model": "mine", "from": "tiny", "system": "Be kind.", "parameters": {"temperature": 0.5},
            "messages": [
                {"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."},
                {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."},
            ],
            "stream": false,
        });
        assert_eq!(save(&talk), expected);
    }

    #[test]
    fn another_model_begins_anew() {
        let mut talk =
            conversation("run tiny --think", json!({"capabilities": ["completion", "vision", "thinking"]}));
        assert!(talk.takes_files && talk.can_think);
        talk.ask("Hi".into(), Vec::new());
        talk.set_system("Be kind.".into());
        talk.options.insert("seed".into(), json!(1));
        talk.begin("other", &Shown::default());
        assert!(!talk.takes_files && !talk.can_think);
        assert_eq!(request(&talk), json!({"model": "other", "messages": [], "think": true}));
    }
}
