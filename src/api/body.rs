//! Request bodies: bounded, JSON whatever the `Content-Type` says, read as tolerantly as Ollama reads them.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::header::CONTENT_ENCODING;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Failure;
use super::tolerant;
use super::unpack::{MOST, Unpacker};

/// A client that sends nothing of its body for this long has forgotten it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads a whole body of at most `limit` bytes as JSON, as [`tolerant`] says. What follows the first JSON value is ignored.
///
/// # Errors
/// Those of [`Failure`] that speak of bodies.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Failure> {
    match encoding(&request) {
        None => {
            let mut bytes = Vec::new();
            let append = |piece: &[u8]| {
                bytes.extend_from_slice(piece);
                Ok(())
            };
            read(request.into_body(), limit, append).await?;
            parse_json(&bytes)
        }
        Some(other) => Err(Failure::Encoding(other)),
    }
}

/// As [`read_json`], also of a body that is packed with Zstandard, and has at most 20 MiB and `limit` bytes unpacked.
///
/// # Errors
/// As of [`read_json`].
pub(crate) async fn read_packed_json<T: DeserializeOwned>(
    request: Request,
    limit: usize,
) -> Result<T, Failure> {
    if encoding(&request).as_deref() != Some("zstd") {
        return read_json(request, limit).await;
    }
    let mut unpacker = Unpacker::new(limit.min(MOST))?;
    read(request.into_body(), limit, |piece| unpacker.push(piece)).await?;
    parse_json(&unpacker.finish()?)
}

/// How a body is packed, in lower case; `None` if it is not.
fn encoding(request: &Request) -> Option<String> {
    let encoding = request.headers().get(CONTENT_ENCODING)?;
    let encoding = String::from_utf8_lossy(encoding.as_bytes()).trim().to_ascii_lowercase();
    (encoding != "identity").then_some(encoding)
}

/// Reads a body to its end, and gives each piece away as it comes.
async fn read(
    body: Body,
    limit: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut body = Limited::new(body, limit);
    loop {
        let Ok(frame) = tokio::time::timeout(PATIENCE, body.frame()).await else {
            return Err(Failure::BodyBroken("it stopped coming".into()));
        };
        match frame {
            None => return Ok(()),
            Some(Ok(frame)) => take(frame.data_ref().map_or(&[], |data| data))?,
            Some(Err(error)) if error.is::<LengthLimitError>() => {
                return Err(Failure::BodyTooLarge { limit });
            }
            Some(Err(error)) => return Err(Failure::BodyBroken(error.to_string())),
        }
    }
}

fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::MissingBody);
    }
    let value = Value::deserialize(&mut serde_json::Deserializer::from_slice(bytes))?;
    if !value.is_object() {
        return Err(Failure::Invalid("the request body must be a JSON object".into()));
    }
    Ok(tolerant::from_value(value)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn read(body: &'static str, limit: usize) -> Result<Value, Failure> {
        read_json(Request::new(Body::from(body)), limit).await
    }

    #[tokio::test]
    async fn content_type_and_trailing_text_do_not_matter() {
        assert_eq!(read("{\"a\":1} trailing", 100).await.unwrap(), json!({"a": 1}));
    }

    #[tokio::test]
    async fn no_body_wrong_json_and_too_much_are_told_apart() {
        assert!(matches!(read(" \n", 100).await, Err(Failure::MissingBody)));
        assert!(matches!(read("{\"a\":}", 100).await, Err(Failure::Json(_))));
        assert!(matches!(read("{\"a\":1}", 4).await, Err(Failure::BodyTooLarge { limit: 4 })));
    }

    #[tokio::test]
    async fn only_an_object_is_a_request() {
        for body in ["[]", "[\"mock\", \"hi\"]", "5", "null", " \"text\""] {
            let error = read(body, 100).await.unwrap_err();
            assert_eq!(error.to_string(), "the request body must be a JSON object", "{body}");
        }
        assert!(matches!(read("hello", 100).await, Err(Failure::Json(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_given_up() {
        let first = futures_util::stream::once(async { Ok::<_, std::io::Error>("{\"a\":") });
        let stalled =
            Body::from_stream(futures_util::StreamExt::chain(first, futures_util::stream::pending()));
        let error = read_json::<Value>(Request::new(stalled), 100).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot read the request body: it stopped coming");
    }

    fn packed(encoding: &str, body: Vec<u8>) -> Request {
        Request::builder().header(CONTENT_ENCODING, encoding).body(Body::from(body)).unwrap()
    }

    #[tokio::test]
    async fn a_packed_body_is_refused_by_name() {
        let error = read_json::<Value>(packed("zstd", vec![1]), 100).await.unwrap_err();
        assert_eq!(error.to_string(), "content encoding \"zstd\" is not supported");
        let error = read_packed_json::<Value>(packed("br", vec![1]), 100).await.unwrap_err();
        assert_eq!(error.to_string(), "content encoding \"br\" is not supported");
        let plain = packed("Identity", b"{\"a\":1}".to_vec());
        assert_eq!(read_packed_json::<Value>(plain, 100).await.unwrap(), json!({"a": 1}));
    }

    #[tokio::test]
    async fn a_body_is_unpacked_within_its_limits() {
        let pack = |json: Value| zstd::encode_all(json.to_string().as_bytes(), 1).unwrap();
        let long = json!({"a": "x".repeat(1000)});
        let read = |limit| read_packed_json::<Value>(packed("ZSTD", pack(long.clone())), limit);
        assert_eq!(read(2000).await.unwrap(), long);
        assert!(matches!(read(500).await, Err(Failure::BodyTooLarge { limit: 500 })));
        assert!(matches!(read(5).await, Err(Failure::BodyTooLarge { limit: 5 })));
        let nothing = packed("zstd", zstd::encode_all(&b""[..], 1).unwrap());
        assert!(matches!(read_packed_json::<Value>(nothing, 100).await, Err(Failure::MissingBody)));
    }
}
