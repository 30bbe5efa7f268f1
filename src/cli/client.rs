//! The client of the server's API that all commands share.
//!
//! An answer is one JSON object, or a stream of them, one a line. Either may be an error instead,
//! `{"error": "…"}`; a stream may become one at any line, when its status is long sent.

use bytes::{Buf, BytesMut};
use http::{Method, StatusCode, header};
use reqwest::{Body, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::CliError;
use crate::server::host::Host;

/// Speaks to one server.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    is_local: bool,
}

impl Client {
    pub(super) fn new(host: &Host) -> Result<Self, CliError> {
        let builder = reqwest::Client::builder();
        // A proxy for the web does not know this machine.
        let builder = if host.is_local() { builder.no_proxy() } else { builder };
        Ok(Self { http: builder.build()?, base: host.url(), is_local: host.is_local() })
    }

    /// Whether the server sees the same files as we do.
    pub(super) fn is_local(&self) -> bool {
        self.is_local
    }

    /// What the server calls itself: `quipu/0.1.0`. Empty if it does not say.
    pub(super) async fn server_name(&self) -> Result<String, CliError> {
        let response = self.send(self.request(Method::GET, "/api/version")).await?;
        let name = response.headers().get(header::SERVER).and_then(|name| name.to_str().ok());
        Ok(name.unwrap_or_default().to_owned())
    }

    /// Gets one object.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        read(self.send(self.request(Method::GET, path)).await?).await
    }

    /// Posts, and reads the answer as one object.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        request: &impl Serialize,
    ) -> Result<T, CliError> {
        read(self.send(self.request(Method::POST, path).json(request)).await?).await
    }

    /// Sends what is answered with a status alone.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        request: &impl Serialize,
    ) -> Result<(), CliError> {
        self.send(self.request(method, path).json(request)).await?;
        Ok(())
    }

    /// Posts, and hands over the objects of the answer as they come, until the answer ends or `each` fails.
    pub(super) async fn stream<T: DeserializeOwned>(
        &self,
        path: &str,
        request: &impl Serialize,
        mut each: impl FnMut(T) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let mut response = self.send(self.request(Method::POST, path).json(request)).await?;
        let mut lines = Lines::default();
        while let Some(chunk) = response.chunk().await? {
            lines.0.extend_from_slice(&chunk);
            while let Some(line) = lines.next() {
                each(parse_line(&line)?)?;
            }
        }
        // The last line need not be ended.
        if !lines.0.is_empty() {
            each(parse_line(&lines.0)?)?;
        }
        Ok(())
    }

    /// Whether the server has a blob, `sha256:…`.
    pub(super) async fn has_blob(&self, digest: &str) -> Result<bool, CliError> {
        match self.send(self.request(Method::HEAD, &blob_path(digest))).await {
            Err(CliError::Server { status: StatusCode::NOT_FOUND, .. }) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    /// Sends a blob. The server checks its digest.
    pub(super) async fn send_blob(&self, digest: &str, body: Body) -> Result<(), CliError> {
        self.send(self.request(Method::POST, &blob_path(digest)).body(body)).await?;
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// The head of a successful answer. Of any other, the body is read for the server's words.
    async fn send(&self, request: RequestBuilder) -> Result<Response, CliError> {
        let response = request.send().await.map_err(|error| {
            if error.is_connect() { CliError::Unreachable } else { CliError::Broken(error) }
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await?;
        let message = match serde_json::from_slice::<Value>(&body).ok().as_ref().and_then(error_text) {
            Some(text) => text.to_owned(),
            None if body.is_empty() => status.to_string(),
            None => String::from_utf8_lossy(&body).trim_end().to_owned(),
        };
        Err(CliError::Server { status, message })
    }
}

fn blob_path(digest: &str) -> String {
    format!("/api/blobs/{digest}")
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, CliError> {
    Ok(serde_json::from_slice(&response.bytes().await?)?)
}

/// A line of a stream that was answered with "OK".
fn parse_line<T: DeserializeOwned>(line: &[u8]) -> Result<T, CliError> {
    let value: Value = serde_json::from_slice(line)?;
    match error_text(&value) {
        Some(text) => Err(CliError::Server { status: StatusCode::OK, message: text.to_owned() }),
        None => Ok(serde_json::from_value(value)?),
    }
}

fn error_text(answer: &Value) -> Option<&str> {
    answer.get("error")?.as_str()
}

/// Cuts a stream into lines.
#[derive(Default)]
struct Lines(BytesMut);

impl Lines {
    /// The next whole line that is not blank, without its end.
    fn next(&mut self) -> Option<BytesMut> {
        loop {
            let end = self.0.iter().position(|byte| *byte == b'\n')?;
            let line = self.0.split_to(end);
            self.0.advance(1);
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_cut_wherever_the_chunks_end() {
        let mut lines = Lines::default();
        lines.0.extend_from_slice(b"\r\n{\"a\":1}\n{\"b\"");
        assert_eq!(lines.next().unwrap(), &b"{\"a\":1}"[..]);
        assert!(lines.next().is_none());
        lines.0.extend_from_slice(b":2}\n");
        assert_eq!(lines.next().unwrap(), &b"{\"b\":2}"[..]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(texts in prop::collection::vec("[a-z]{1,9}", 0..9), chunk in 1..12_usize) {
            let stream: String = texts.iter().map(|text| format!("{text}\n")).collect();
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for part in stream.as_bytes().chunks(chunk) {
                lines.0.extend_from_slice(part);
                while let Some(line) = lines.next() {
                    found.push(String::from_utf8_lossy(&line).into_owned());
                }
            }
            prop_assert_eq!(found, texts);
            prop_assert!(lines.0.is_empty());
        }
    }
}
