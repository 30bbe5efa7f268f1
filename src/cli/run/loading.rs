//! How far the server has loaded a model, while somebody waits for it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::Duration;

use crate::cli::client::Client;
use crate::cli::progress::Spinner;
use crate::cli::ps::Running;
use crate::store::Name;

/// How often the server is asked. What takes less shows nothing but the spinner.
const LOOK: Duration = Duration::from_millis(300);

/// Works until it is done. As long as there is a spinner, it tells how far the model is loaded.
pub(super) async fn telling<T>(
    client: &Client,
    model: &str,
    spinner: &RefCell<Option<Spinner>>,
    work: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        done = work => done,
        never = tell(client, model, spinner) => match never {},
    }
}

async fn tell(client: &Client, model: &str, spinner: &RefCell<Option<Spinner>>) -> Infallible {
    if let Ok(name) = model.parse::<Name>() {
        while spinner.borrow().is_some() {
            tokio::time::sleep(LOOK).await;
            // A server that does not say is no reason to stop working.
            let running = client.get::<Running>("/api/ps").await.ok();
            let percent = running.and_then(|running| running.loading(&name));
            if let Some(spinner) = &*spinner.borrow() {
                spinner.say(&percent.map(|percent| format!("loading {percent}%")).unwrap_or_default());
            }
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_that_loads_is_found_by_its_name() {
        let running: Running = serde_json::from_value(json!({"models": [
            {"name": "tiny:latest", "state": "loading", "progress": 0.42},
            {"name": "other:latest", "size": 5},
        ]}))
        .unwrap();
        let loading = |name: &str| running.loading(&name.parse().unwrap());
        assert_eq!(loading("TINY"), Some(42));
        assert_eq!(loading("other"), None);
        assert_eq!(loading("tiny:1b"), None);
    }
}
