//! Log-probabilities, which most dialects ask for and show alike.

use serde::Serialize;
use utoipa::ToSchema;

use super::error::Failure;
use crate::engine::protocol::TokenChance;

/// Alternatives that a request may ask for with each token.
const MOST_ALTERNATIVES: f64 = 20.0;

/// The log-probability of a token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenProbability {
    /// The token's text; a part of a character is shown as U+FFFD.
    token: String,
    /// Natural logarithm.
    logprob: f32,
    /// The token's bytes.
    bytes: Vec<u8>,
}

impl From<&TokenChance> for TokenProbability {
    fn from(chance: &TokenChance) -> Self {
        Self { token: text(chance), logprob: chance.logprob, bytes: chance.bytes.clone() }
    }
}

/// A token's text; a part of a character becomes U+FFFD.
pub(crate) fn text(chance: &TokenChance) -> String {
    String::from_utf8_lossy(&chance.bytes).into_owned()
}

/// `logprobs` and `top_logprobs` of a request: with how many alternatives, or `None` for no
/// log-probabilities at all. A fraction is cut off.
///
/// # Errors
/// If more alternatives are asked for than there may be.
pub(crate) fn wanted(logprobs: Option<bool>, top: Option<f64>) -> Result<Option<u8>, Failure> {
    let top = alternatives("top_logprobs", top)?;
    Ok((logprobs == Some(true)).then_some(top))
}

/// A number of alternatives, 0 if absent.
///
/// # Errors
/// If more are asked for than there may be.
pub(crate) fn alternatives(name: &str, top: Option<f64>) -> Result<u8, Failure> {
    let top = top.unwrap_or(0.0).trunc();
    if (0.0..=MOST_ALTERNATIVES).contains(&top) {
        Ok(top as u8)
    } else {
        Err(Failure::Invalid(format!("{name} must be between 0 and {MOST_ALTERNATIVES}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_need_logprobs_and_have_a_limit() {
        assert_eq!(wanted(None, None).unwrap(), None);
        assert_eq!(wanted(Some(false), Some(5.0)).unwrap(), None);
        assert_eq!(wanted(Some(true), None).unwrap(), Some(0));
        assert_eq!(wanted(Some(true), Some(5.9)).unwrap(), Some(5));
        for top in [-1.0, 21.0, f64::NAN] {
            let error = wanted(None, Some(top)).unwrap_err();
            assert_eq!(error.to_string(), "top_logprobs must be between 0 and 20");
        }
    }
}
