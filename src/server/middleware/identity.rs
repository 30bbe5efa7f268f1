//! Who says what: a request id in and out, and the server's name.

use std::hash::{BuildHasher, RandomState};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids, and ids with other than visible ASCII, are replaced: they end up in logs.
const LONGEST_ID: usize = 128;

/// The id of a request, as an extension of the request.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub HeaderValue);

/// Gives the request an id, the client's if it sent a good one, and says it in the response.
pub(in crate::server) async fn identity(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).filter(|id| is_good(id)).cloned();
    let id = given.unwrap_or_else(new_id);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    let server = HeaderValue::from_static(concat!("quipu/", env!("CARGO_PKG_VERSION")));
    response.headers_mut().insert(header::SERVER, server);
    response
}

fn is_good(id: &HeaderValue) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(u8::is_ascii_graphic)
}

/// 16 hex digits. Each `RandomState` has keys of its own, so that no generator is needed.
fn new_id() -> HeaderValue {
    let id = format!("{:016x}", RandomState::new().hash_one(()));
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_would_spoil_a_log_are_not_taken() {
        assert!(is_good(&HeaderValue::from_static("req-42")));
        assert!(!is_good(&HeaderValue::from_static("")));
        assert!(!is_good(&HeaderValue::from_static("two words")));
        assert!(!is_good(&HeaderValue::from_str(&"x".repeat(LONGEST_ID + 1)).unwrap()));
    }

    #[test]
    fn new_ids_differ() {
        assert_ne!(new_id(), new_id());
    }
}
