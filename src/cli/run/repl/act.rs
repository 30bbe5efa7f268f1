//! Does what commands say.

use http::StatusCode;
use serde::de::IgnoredAny;
use serde_json::json;

use super::command::{Command, Part, Setting};
use super::{Lines, Repl, load};
use crate::cli::CliError;
use crate::cli::list::{ListArgs, list};
use crate::cli::run::answer::Answer;
use crate::cli::run::arguments::Think;
use crate::cli::run::interrupt::until_interrupt;
use crate::cli::show::Shown;
use crate::modelfile::parameters_text;

impl<L: Lines> Repl<'_, L> {
    pub(super) async fn act(&mut self, command: Command) -> Result<(), CliError> {
        match command {
            Command::Set(setting) => self.set(setting),
            Command::Clear => {
                self.conversation.clear();
                self.print("Cleared session context\n")
            }
            Command::Help(text) => self.print(&text),
            Command::Exit => Ok(()),
            asks_the_server => {
                let outcome = until_interrupt(self.ask_server(asks_the_server)).await?;
                outcome.unwrap_or(Ok(()))
            }
        }
    }

    async fn ask_server(&mut self, command: Command) -> Result<(), CliError> {
        match command {
            Command::Show(part) => self.show(part).await,
            Command::Load(model) => self.load(&model).await,
            Command::Save(model) => self.save(&model).await,
            Command::List => list(&ListArgs::default(), self.session).await,
            Command::Set(_) | Command::Clear | Command::Help(_) | Command::Exit => Ok(()),
        }
    }

    fn print(&mut self, text: &str) -> Result<(), CliError> {
        self.session.output.print(text)
    }

    fn set(&mut self, setting: Setting) -> Result<(), CliError> {
        let said = match setting {
            Setting::Parameter { name, value, text } => {
                let said = format!("Set parameter '{name}' to '{text}'\n");
                self.conversation.options.insert(name, value);
                said
            }
            Setting::System(text) => {
                self.conversation.set_system(text);
                "Set system message.\n".into()
            }
            Setting::History(on) => {
                self.lines.keep_history(on);
                mode(if on { "history" } else { "nohistory" })
            }
            Setting::WordWrap(on) => {
                self.view.word_wrap = on;
                mode(if on { "wordwrap" } else { "nowordwrap" })
            }
            Setting::Verbose(on) => {
                self.view.verbose = on;
                mode(if on { "verbose" } else { "quiet" })
            }
            Setting::Format(None) => {
                self.conversation.format = None;
                "Disabled format.\n".into()
            }
            Setting::Format(Some(format)) => {
                let said = format!("Set format to '{format}' mode.\n");
                self.conversation.format = Some(format);
                said
            }
            Setting::Think { think, level } => self.think(think, level)?,
            Setting::NoThink => {
                self.conversation.think = Some(Think::off());
                mode("nothink")
            }
        };
        self.print(&said)
    }

    fn think(&mut self, think: Think, level: Option<String>) -> Result<String, CliError> {
        if !self.conversation.can_think && think != Think::off() {
            let model = &self.conversation.model;
            self.session.output.note(&format!("warning: model '{model}' does not support thinking"))?;
        }
        self.conversation.think = Some(think);
        Ok(level.map_or_else(|| mode("think"), |level| format!("Set 'think' mode to '{level}'.\n")))
    }

    async fn shown(&self, model: &str) -> Result<Shown, CliError> {
        self.session.client.post("/api/show", &json!({"model": model})).await
    }

    async fn show(&mut self, part: Part) -> Result<(), CliError> {
        let shown = self.shown(&self.conversation.model).await?;
        let nothing = |what: &str| format!("No {what} was specified for this model.\n");
        let text = match part {
            Part::Info => shown.sections(false),
            Part::License if shown.license.is_empty() => nothing("license"),
            Part::License => format!("{}\n", shown.license),
            Part::Modelfile => format!("{}\n", shown.modelfile),
            Part::Parameters => self.parameters(&shown.parameters),
            Part::System => match self.conversation.system().unwrap_or(&shown.system) {
                "" => nothing("system message"),
                text => format!("{text}\n\n"),
            },
            Part::Template if shown.template.is_empty() => nothing("prompt template"),
            Part::Template => format!("{}\n", shown.template),
        };
        self.print(&text)
    }

    /// Those of the model, and those that were set over them.
    fn parameters(&self, of_model: &str) -> String {
        let indented = |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
        let own = match of_model {
            "" => "No additional parameters were specified for this model.\n".into(),
            text => format!("Model defined parameters:\n{}", indented(text)),
        };
        if self.conversation.options.is_empty() {
            return own + "\n";
        }
        format!(
            "{own}\nUser defined parameters:\n{}\n",
            indented(&parameters_text(&self.conversation.options))
        )
    }

    async fn load(&mut self, model: &str) -> Result<(), CliError> {
        self.print(&format!("Loading model '{model}'\n"))?;
        let shown = match self.shown(model).await {
            Err(CliError::Server { status: StatusCode::NOT_FOUND, .. }) => {
                return self.print(&format!("Couldn't find model '{model}'\n"));
            }
            shown => shown?,
        };
        if shown.embeds() {
            return self.print(&format!("'{model}' makes vectors of texts: it cannot be talked with\n"));
        }
        load(model, self.conversation.keep_alive.as_deref(), self.session).await?;
        self.conversation.begin(model, &shown);
        self.show_stored()
    }

    /// Shows what the model was made to say before.
    pub(super) fn show_stored(&mut self) -> Result<(), CliError> {
        let mut text = String::new();
        for message in &self.conversation.stored {
            match message.role.as_str() {
                "user" => text += &format!(">>> {}\n", message.content),
                "assistant" => {
                    Answer::new(&self.view, &self.session.output).say(&message.content, &mut text);
                    text += "\n\n";
                }
                _ => {}
            }
        }
        self.session.output.print(&text)
    }

    async fn save(&mut self, model: &str) -> Result<(), CliError> {
        let request = self.conversation.save_as(model);
        let saved = self.session.client.post::<IgnoredAny>("/api/create", &request).await;
        match saved {
            Err(CliError::Server { message, .. }) if message == "invalid model name" => {
                self.print(&format!("error: The model name '{model}' is invalid\n"))
            }
            saved => {
                saved?;
                self.print(&format!("Created new model '{model}'\n"))
            }
        }
    }
}

fn mode(name: &str) -> String {
    format!("Set '{name}' mode.\n")
}
