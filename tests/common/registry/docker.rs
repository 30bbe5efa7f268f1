//! Debian's `docker-registry` in a process of its own.

use std::io::{BufRead, BufReader, ErrorKind};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

/// It starts in a fraction of this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running registry, empty at first. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Docker {
    child: Child,
    host: String,
    _files: TempDir,
}

impl Docker {
    /// Starts it, with more lines of configuration. `None`, with a message, if it is not installed.
    pub(crate) fn start(more: &str) -> Option<Self> {
        let files = TempDir::new().expect("a folder");
        let config = files.path().join("config.yml");
        let data = files.path().join("data");
        let text = format!(
            "version: 0.1\nlog: {{level: info}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n{more}",
            data.display()
        );
        std::fs::write(&config, text).expect("a file");
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                println!("skipped: docker-registry is not installed");
                return None;
            }
            Err(error) => panic!("docker-registry does not start: {error}"),
        };
        let log = BufReader::new(child.stderr.take().expect("piped"));
        let (listening, host) = mpsc::channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                println!("docker-registry: {line}");
                if let Some((_, rest)) = line.split_once("listening on ") {
                    let host = rest.split(['"', ' ']).next().unwrap_or_default();
                    let _ = listening.send(host.to_owned());
                }
            }
        });
        let host = host.recv_timeout(PATIENCE).expect("it listens");
        Some(Self { child, host, _files: files })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.host)
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
