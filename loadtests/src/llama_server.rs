//! llama.cpp's own server, started by the harness with several settings, of which the best one is kept: no server
//! should be compared at a setting that does not suit the workload.
//!
//! On the command line: `llama-server=PATH,gguf=MODEL.gguf` and more of [`Settings`] as `key=value`.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::dialect::Dialect;
use crate::error::LoadError;
use crate::target::Target;

/// Between two questions whether the server is ready.
const POLL: Duration = Duration::from_millis(100);
/// Large models take minutes to load.
const LOADING: Duration = Duration::from_secs(600);

/// How to start it. Lists are written as `4+8+32`; each combination is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The binary.
    #[serde(skip)]
    pub program: PathBuf,
    /// The model.
    pub gguf: PathBuf,
    /// In tables.
    #[serde(default = "default_name")]
    pub name: String,
    /// The API that is measured; `openai-chat` or `openai-completions`.
    #[serde(default = "default_dialect")]
    pub dialect: Dialect,
    /// Numbers of slots (`-np`).
    #[serde(default = "default_slots", deserialize_with = "text_or_number")]
    pub np: String,
    /// One cache for all slots (`on`), one part for each (`off`), or both in turn (`on+off`).
    #[serde(default = "default_unified")]
    pub unified: String,
    /// Tokens of the whole cache (`-c`).
    #[serde(default = "default_context")]
    pub ctx: u32,
    /// CPU threads (`-t`); llama-server's own choice if not given.
    #[serde(default)]
    pub threads: Option<u32>,
    /// More arguments, separated by spaces.
    #[serde(default)]
    pub args: String,
}

fn default_name() -> String {
    "llama-server".to_owned()
}

fn default_dialect() -> Dialect {
    Dialect::OpenaiChat
}

fn default_slots() -> String {
    "4+8+32".to_owned()
}

fn default_unified() -> String {
    "on+off".to_owned()
}

fn default_context() -> u32 {
    16384
}

/// A list of one number is a number for who reads it.
fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// One combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    slots: u32,
    unified: bool,
}

impl Settings {
    pub(crate) fn read(program: PathBuf, fields: Map<String, Value>) -> Result<Self, LoadError> {
        let settings: Self = serde_json::from_value(Value::Object(fields))
            .map_err(|error| LoadError::usage(format!("llama-server: {error}")))?;
        let settings = Self { program, ..settings };
        settings.variants()?;
        Ok(settings)
    }

    /// All combinations.
    ///
    /// # Errors
    /// If a list makes no sense.
    pub fn variants(&self) -> Result<Vec<Variant>, LoadError> {
        let problem =
            |what: &str, text: &str| LoadError::usage(format!("llama-server: {what}={text} makes no sense"));
        let mut variants = Vec::new();
        for slots in self.np.split('+') {
            let slots =
                slots.parse().ok().filter(|slots| *slots > 0).ok_or_else(|| problem("np", &self.np))?;
            for unified in self.unified.split('+') {
                let unified = match unified {
                    "on" => true,
                    "off" => false,
                    _ => return Err(problem("unified", &self.unified)),
                };
                variants.push(Variant { slots, unified });
            }
        }
        Ok(variants)
    }

    /// What follows the binary's name, but for the port.
    #[must_use]
    pub fn arguments(&self, variant: Variant) -> Vec<String> {
        let mut arguments: Vec<String> = vec![
            "--model".into(),
            self.gguf.display().to_string(),
            "--ctx-size".into(),
            self.ctx.to_string(),
            "--parallel".into(),
            variant.slots.to_string(),
            if variant.unified { "--kv-unified" } else { "--no-kv-unified" }.into(),
            "--flash-attn".into(),
            "on".into(),
            "--metrics".into(),
        ];
        if let Some(threads) = self.threads {
            arguments.extend(["--threads".into(), threads.to_string()]);
        }
        arguments.extend(self.args.split_whitespace().map(str::to_owned));
        arguments
    }

    /// Starts it and waits until the model is loaded.
    ///
    /// # Errors
    /// If it cannot be started, ends, or does not get ready.
    pub async fn start(&self, variant: Variant) -> Result<Running, LoadError> {
        let problem = |problem: String| LoadError::server(&self.name, problem);
        // Whoever takes the port in between makes the server fail, which is seen.
        let port = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?.port();
        let arguments = self.arguments(variant);
        let mut child = Command::new(&self.program)
            .args(&arguments)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(LoadError::file(&self.program))?;
        let url = format!("http://127.0.0.1:{port}");
        let settings = format!("{} {}", self.program.display(), arguments.join(" "));
        let health = reqwest::Client::builder().no_proxy().build();
        let health = health.map_err(|error| problem(error.to_string()))?.get(format!("{url}/health"));
        let patience = Instant::now() + LOADING;
        loop {
            if let Some(status) = child.try_wait()? {
                return Err(problem(format!(
                    "it ended with {status}; run it by hand to see why: {settings}"
                )));
            }
            let asked = health.try_clone().map(reqwest::RequestBuilder::send);
            if let Some(asked) = asked
                && asked.await.is_ok_and(|answer| answer.status().is_success())
            {
                break;
            }
            if Instant::now() > patience {
                return Err(problem(format!("it is not ready after {} s: {settings}", LOADING.as_secs())));
            }
            sleep(POLL).await;
        }
        let target = Target {
            url,
            name: self.name.clone(),
            dialect: self.dialect,
            model: None,
            ignore_eos: true,
            schema: 0,
            pid: child.id(),
            key_env: None,
        };
        Ok(Running { target, settings, child })
    }
}

/// A server that was started. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    /// How to ask it.
    pub target: Target,
    /// Its command line.
    pub settings: String,
    child: Child,
}

impl Running {
    /// Kills it, and waits until its memory is free again.
    pub async fn stop(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::TargetSpec;

    fn settings(text: &str) -> Result<Settings, LoadError> {
        match text.parse()? {
            TargetSpec::LlamaServer(settings) => Ok(settings),
            TargetSpec::Running(target) => panic!("{target:?}"),
        }
    }

    #[test]
    fn all_combinations() {
        let settings =
            settings("llama-server=/bin/llama-server,gguf=m.gguf,np=4+32,threads=2,args=--mlock").unwrap();
        let variants = settings.variants().unwrap();
        assert_eq!(variants.len(), 4);
        assert_eq!(
            settings.arguments(variants[3]).join(" "),
            "--model m.gguf --ctx-size 16384 --parallel 32 --no-kv-unified --flash-attn on --metrics --threads 2 --mlock"
        );
    }

    #[test]
    fn one_number_is_a_list_too() {
        let settings = settings("llama-server=x,gguf=m.gguf,np=8,unified=on").unwrap();
        assert_eq!(settings.variants().unwrap(), [Variant { slots: 8, unified: true }]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["llama-server=x", "llama-server=x,gguf=m,np=0", "llama-server=x,gguf=m,unified=maybe"] {
            assert!(settings(text).is_err(), "{text}");
        }
    }
}
