//! Sending a request over a connection that the server may have closed meanwhile.

use std::error::Error;
use std::io::ErrorKind;

use reqwest::{RequestBuilder, Response};

/// Sends a request, and once more if the connection ends before anything of an answer came.
///
/// Servers close connections that were used for a while, some without saying so in the last answer: llama-server after
/// a hundred streamed ones. Other clients do the same; a server that is broken closes the second one, too.
pub(crate) async fn send(request: RequestBuilder) -> reqwest::Result<Response> {
    let again = request.try_clone();
    match (request.send().await, again) {
        (Err(error), Some(again)) if was_closed(&error) => again.send().await,
        (answer, _) => answer,
    }
}

fn was_closed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let http = error.downcast_ref::<hyper::Error>();
        let io = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if http.is_some_and(|http| http.is_incomplete_message() || http.is_canceled())
            || matches!(io, Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
        {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server whose connections end after so many answers, when the next request is there. Returns its address.
    async fn server(answers: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 4096];
                for _ in 0..answers {
                    let _ = stream.read(&mut buffer).await;
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                }
                let _ = stream.read(&mut buffer).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_is_replaced() {
        let (client, address) = (reqwest::Client::new(), server(2).await);
        for _ in 0..9 {
            let answer = send(client.post(&address).body("?")).await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "ok");
        }
    }

    #[tokio::test]
    async fn a_server_that_never_answers_fails() {
        let address = server(0).await;
        assert!(send(reqwest::Client::new().post(&address).body("?")).await.is_err());
    }
}
