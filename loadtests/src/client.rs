//! One request, measured.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::calibrate::{Calibration, calibrate};
use crate::dialect::{Ask, Dialect, Message, Sampling, Scanner};
use crate::error::{LoadError, innermost};
use crate::record::{Outcome, Record};
use crate::send::send;
use crate::target::Target;

/// How much of an error a record keeps.
const ERROR_LENGTH: usize = 200;

/// A target that can be asked.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where it is.
    pub target: Target,
    /// As the server calls it.
    pub model: String,
    /// What is known of its tokenizer.
    pub calibration: Calibration,
    /// What the server says of its version.
    pub version: Option<String>,
    /// What the server says of the model: digest, quantization, size, as far as it tells.
    pub facts: Option<Value>,
    sampling: Sampling,
    /// For a whole request.
    patience: Duration,
    http: reqwest::Client,
    key: Option<String>,
}

/// What is asked in one request.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The conversation so far.
    pub messages: &'a [Message],
    /// The limit of the reply, in tokens.
    pub max_tokens: u32,
    /// Leave after so many pieces of text.
    pub leave_after: Option<u32>,
}

impl Endpoint {
    /// Asks a server for its model and version. Nothing is known of its tokenizer yet.
    ///
    /// # Errors
    /// If the server does not answer or lists no model, or the variable of the API key is not there.
    pub async fn connect(target: Target, sampling: Sampling, patience: Duration) -> Result<Self, LoadError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(usize::MAX)
            .build()
            .map_err(|error| LoadError::server(&target.name, innermost(&error)))?;
        let key = match &target.key_env {
            None => None,
            Some(name) => {
                let key = std::env::var(name);
                Some(key.map_err(|_| LoadError::usage(format!("the variable {name} is not set")))?)
            }
        };
        let calibration = Calibration::unknown();
        let model = target.model.clone();
        let mut endpoint = Self {
            target,
            model: String::new(),
            calibration,
            version: None,
            facts: None,
            sampling,
            patience,
            http,
            key,
        };
        endpoint.model = match model {
            Some(model) => model,
            None => endpoint.first_model().await?,
        };
        endpoint.version = endpoint.ask_version().await;
        endpoint.facts = endpoint.ask_facts().await;
        Ok(endpoint)
    }

    async fn first_model(&self) -> Result<String, LoadError> {
        let models = self.get("/v1/models").await?;
        match models["data"][0]["id"].as_str() {
            Some(model) => Ok(model.to_owned()),
            None => Err(self.problem("the server lists no model; name one with model=NAME")),
        }
    }

    /// From the first route that tells.
    async fn ask_version(&self) -> Option<String> {
        for (path, key) in [("/api/version", "version"), ("/props", "build_info"), ("/version", "version")] {
            if let Ok(facts) = self.get(path).await
                && let Some(version) = facts[key].as_str()
            {
                return Some(version.to_owned());
            }
        }
        None
    }

    /// The model's entry in the first list that has it.
    async fn ask_facts(&self) -> Option<Value> {
        for (path, list, key) in [("/api/tags", "models", "name"), ("/v1/models", "data", "id")] {
            let Ok(mut models) = self.get(path).await else { continue };
            let Some(models) = models[list].as_array_mut() else { continue };
            let is_it = |entry: &Value| {
                entry[key].as_str().is_some_and(|name| name.trim_end_matches(":latest") == self.model)
                    || entry[key] == self.model.as_str()
            };
            if let Some(place) = models.iter().position(is_it) {
                return Some(models.swap_remove(place));
            }
        }
        None
    }

    /// Finds out what the server makes of the words that prompts are built of.
    ///
    /// # Errors
    /// If the server fails, or does not count.
    pub async fn calibrate(&mut self, candidates: &[String]) -> Result<(), LoadError> {
        let count = async |messages: Vec<Message>| self.count(&messages).await;
        self.calibration = calibrate(candidates, count).await?;
        Ok(())
    }

    /// The tokens that the server counts in a conversation.
    ///
    /// # Errors
    /// If the server fails, or does not count.
    pub async fn count(&self, messages: &[Message]) -> Result<u32, LoadError> {
        let question = Question { messages, max_tokens: 1, leave_after: None };
        let record = self.ask(question, Instant::now()).await;
        match (record.outcome, record.input_tokens) {
            (Outcome::Complete, Some(tokens)) => Ok(tokens),
            (Outcome::Failed(problem), _) => Err(self.problem(problem)),
            _ => Err(self.problem("the server does not count the tokens of a prompt")),
        }
    }

    /// Asks and reads the whole reply. Times are seconds after `clock`.
    pub async fn ask(&self, question: Question<'_>, clock: Instant) -> Record {
        let ask = Ask {
            model: &self.model,
            messages: question.messages,
            max_tokens: question.max_tokens,
            ignore_eos: self.target.ignore_eos,
            schema: self.target.schema,
            sampling: self.sampling,
        };
        // All of this before the clock is read: it is our work, not the server's.
        let body = self.target.dialect.body(&ask).to_string();
        let url = format!("{}{}", self.target.url, self.target.dialect.path());
        let request =
            self.with_key(self.http.post(url)).header("content-type", "application/json").body(body);
        let sent = clock.elapsed().as_secs_f64();
        let mut reading = Reading::new(self.target.dialect);
        let outcome = match timeout(self.patience, reading.all(request, question.leave_after, clock)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::Failed(format!("no end after {} s", self.patience.as_secs())),
        };
        let end = clock.elapsed().as_secs_f64();
        Record { sent, end, outcome, max_tokens: question.max_tokens, ..reading.record }
    }

    /// Gets JSON.
    async fn get(&self, path: &str) -> Result<Value, LoadError> {
        let text = self.get_text(path).await?;
        serde_json::from_str(&text).map_err(|_| self.problem(format!("{path} is no JSON")))
    }

    /// Gets a page of the server.
    pub(crate) async fn get_text(&self, path: &str) -> Result<String, LoadError> {
        let request = self.with_key(self.http.get(format!("{}{path}", self.target.url)));
        let text = async { request.send().await?.error_for_status()?.text().await };
        match timeout(self.patience, text).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(error)) if error.is_status() => Err(self.problem(error.without_url().to_string())),
            Ok(Err(error)) => {
                Err(self.problem(format!("cannot reach {}: {}", self.target.url, innermost(&error))))
            }
            Err(_) => Err(self.problem(format!("{path} takes longer than {} s", self.patience.as_secs()))),
        }
    }

    fn with_key(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    fn problem(&self, problem: impl Into<String>) -> LoadError {
        LoadError::server(&self.target.name, problem)
    }
}

/// A reply that is being read.
struct Reading {
    dialect: Dialect,
    record: Record,
    error: Option<String>,
}

impl Reading {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, record: Record::default(), error: None }
    }

    async fn all(
        &mut self,
        request: reqwest::RequestBuilder,
        leave_after: Option<u32>,
        clock: Instant,
    ) -> Outcome {
        let failed = |error: &reqwest::Error| Outcome::Failed(innermost(error));
        let mut response = match send(request).await {
            Ok(response) => response,
            Err(error) => return failed(&error),
        };
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let text = response.text().await.unwrap_or_default();
            return Outcome::Failed(short(&format!("status {status}: {}", text.trim())));
        }
        let mut scanner = Scanner::new(self.dialect.framing());
        loop {
            let bytes: Bytes = match response.chunk().await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break,
                // A connection that breaks is a reply that is cut.
                Err(_) => return Outcome::Cut,
            };
            let now = clock.elapsed().as_secs_f64();
            scanner.push(&bytes, |payload| self.take(payload, now));
            if let Some(error) = self.error.take() {
                return Outcome::Failed(short(&error));
            }
            if leave_after.is_some_and(|pieces| self.record.pieces.len() >= pieces as usize) {
                return Outcome::Left;
            }
        }
        let now = clock.elapsed().as_secs_f64();
        scanner.finish(|payload| self.take(payload, now));
        match self.error.take() {
            Some(error) => Outcome::Failed(short(&error)),
            None if self.record.finish.is_none() => Outcome::Cut,
            None => Outcome::Complete,
        }
    }

    /// Takes a payload that came at `now`.
    fn take(&mut self, payload: &[u8], now: f64) {
        let piece = match self.dialect.read(payload) {
            Ok(piece) => piece,
            Err(error) => {
                self.error.get_or_insert(error);
                return;
            }
        };
        if !piece.text.is_empty() {
            self.record.pieces.push(now);
            self.record.first.get_or_insert(now);
            self.record.text.push_str(&piece.text);
        }
        self.record.finish = piece.finish.or(self.record.finish);
        if let Some(usage) = piece.usage {
            self.record.input_tokens = Some(usage.input);
            self.record.output_tokens = Some(usage.output);
            self.record.cached_tokens = usage.cached;
        }
        self.error = self.error.take().or(piece.error);
    }
}

fn short(error: &str) -> String {
    error.chars().take(ERROR_LENGTH).collect()
}
