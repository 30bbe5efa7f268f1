//! When to try again.

use std::time::{Duration, SystemTime};

use super::RegistryError;

/// The longest that a registry can make us wait.
const MAX_WAIT: Duration = Duration::from_mins(5);

/// How often, and after which waits, something is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Failures in a row after which no more is tried.
    pub tries: u32,
    /// The wait after the first failure; each further one doubles it.
    pub wait: Duration,
    /// A connection on which nothing comes for this long is given up.
    pub stall: Duration,
}

impl Default for Patience {
    /// What Ollama does: 6 tries, 1, 2, 4, … seconds apart; 30 seconds without a byte.
    fn default() -> Self {
        Self { tries: 6, wait: Duration::from_secs(1), stall: Duration::from_secs(30) }
    }
}

/// Counts the failures of one thing that is tried.
#[derive(Debug)]
pub(super) struct Tries {
    patience: Patience,
    failures: u32,
}

impl Tries {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, failures: 0 }
    }

    /// Something got better: the failures until now do not count.
    pub(super) fn forgive(&mut self) {
        self.failures = 0;
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// If no other try makes sense.
    pub(super) async fn after(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        let wait = self.wait_after(error)?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Twice as long after each failure, and up to half of that less, so that not all who failed at the same moment
    /// come back at the same moment. At least as long as the registry asks for.
    fn wait_after(&mut self, error: RegistryError) -> Result<Duration, RegistryError> {
        if !error.is_transient() {
            return Err(error);
        }
        self.failures += 1;
        if self.failures >= self.patience.tries {
            return Err(RegistryError::GaveUp(Box::new(error)));
        }
        let longest = self.patience.wait.saturating_mul(1 << (self.failures - 1).min(16)).min(MAX_WAIT);
        let asked = error.retry_after().unwrap_or_default().min(MAX_WAIT);
        let wait = longest.mul_f64(1.0 - random_fraction() / 2.0).max(asked);
        tracing::warn!(%error, seconds = wait.as_secs_f32(), "trying again");
        Ok(wait)
    }
}

/// Tries something until it succeeds, or no other try makes sense.
pub(super) async fn persist<T, F>(
    patience: Patience,
    mut attempt: impl FnMut() -> F,
) -> Result<T, RegistryError>
where
    F: Future<Output = Result<T, RegistryError>>,
{
    let mut tries = Tries::new(patience);
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => tries.after(error).await?,
        }
    }
}

/// From 0 to 1. Without randomness, 0: the wait is then as long as it may be.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX))
}

/// What a `Retry-After` header asks for: seconds, or a date.
pub(super) fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(SystemTime::from(date.timestamp()).duration_since(now).unwrap_or_default())
}
