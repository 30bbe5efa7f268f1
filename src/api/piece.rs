//! What an answer is made of, before a dialect puts it on the wire.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::error::Failure;
use crate::engine::protocol::{FinishReason, Summary, TokenLogprob};

/// A part of an answer.
#[derive(Debug)]
pub struct Piece {
    /// When it came.
    pub at: Timestamp,
    /// New text, whole characters; may be empty in the last piece.
    pub text: String,
    /// One entry for each token whose text is out, if asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// Set in the last piece.
    pub end: Option<Result<Totals, Failure>>,
}

/// Figures of a whole answer.
#[derive(Clone, Debug)]
pub struct Totals {
    /// What the engine says.
    pub summary: Summary,
    /// From the request's arrival to the end.
    pub total: Duration,
    /// Of that, waiting for the model to be loaded. Never zero: it takes some time to find that it is.
    pub load: Duration,
}

impl Totals {
    /// Why the answer ended, as all dialects call it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.summary.reason {
            FinishReason::Length => "length",
            FinishReason::Stop | FinishReason::Cancelled => "stop",
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Whole {
    /// When it was complete.
    pub at: Timestamp,
    /// The text.
    pub text: String,
    /// One entry for each token, if asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// Figures.
    pub totals: Totals,
}

/// RFC 3339 in UTC with nanoseconds, as Go writes times: `2025-01-31T23:59:59.123456789Z`.
///
/// Its own few lines because every streamed token carries one, and the general formatter takes longer than
/// all the rest of the line.
#[derive(Clone, Copy, Debug)]
pub struct GoTime(pub Timestamp);

impl GoTime {
    fn write(self, out: &mut [u8; 30]) -> &str {
        let (days, second) = {
            let seconds = self.0.as_nanosecond().div_euclid(1_000_000_000) as i64;
            (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32)
        };
        let nanosecond = self.0.as_nanosecond().rem_euclid(1_000_000_000) as u32;
        let (year, month, day) = civil_from_days(days);
        *out = *b"0000-00-00T00:00:00.000000000Z";
        digits(&mut out[0..4], year);
        digits(&mut out[5..7], month);
        digits(&mut out[8..10], day);
        digits(&mut out[11..13], second / 3600);
        digits(&mut out[14..16], second / 60 % 60);
        digits(&mut out[17..19], second % 60);
        digits(&mut out[20..29], nanosecond);
        // Only ASCII was written.
        std::str::from_utf8(out).unwrap_or_default()
    }
}

fn digits(out: &mut [u8], mut value: u32) {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a day counted from 1970-01-01 in the Gregorian calendar (Howard Hinnant's
/// `civil_from_days`: eras of 400 years that begin in March).
fn civil_from_days(days: i64) -> (u32, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

impl Serialize for GoTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.write(&mut [0; 30]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_written_as_the_general_formatter_writes_them(
            second in 0..4_102_444_800_i64,
            nanosecond in 0..1_000_000_000_i32,
        ) {
            let time = Timestamp::new(second, nanosecond).unwrap();
            let mut written = [0; 30];
            prop_assert_eq!(GoTime(time).write(&mut written), format!("{time:.9}"));
        }
    }
}
