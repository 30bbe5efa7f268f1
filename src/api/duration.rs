//! Durations as Go writes them, which is how Ollama's clients and settings write them: `5m`, `1h30m`, `-1s`.

/// Why a text is no duration, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not of the form `[-+](number unit)+`, or too large.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit that is none of `ns us µs ms s m h`.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// Reads a duration, in nanoseconds; it may be negative.
///
/// # Errors
/// See [`DurationError`].
pub fn parse(text: &str) -> Result<i64, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        if unit.is_empty() {
            return Err(DurationError::MissingUnit(text.to_owned()));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() });
        };
        total += number * scale;
        rest = after;
    }
    // 2^63 nanoseconds, about 292 years, is where Go's durations end too.
    if total < 9_223_372_036_854_775_808.0 { Ok((sign * total) as i64) } else { Err(invalid()) }
}

/// Writes nanoseconds as Go does: `1h2m3.5s`, `1.5ms`, `0s`.
#[must_use]
pub fn format(nanoseconds: u64) -> String {
    let with_fraction = |unit: u64, name: &str| {
        let (whole, part) = (nanoseconds / unit, nanoseconds % unit);
        let digits = unit.ilog10() as usize;
        let fraction = format!("{part:0digits$}");
        match fraction.trim_end_matches('0') {
            "" => format!("{whole}{name}"),
            fraction => format!("{whole}.{fraction}{name}"),
        }
    };
    match nanoseconds {
        0 => "0s".into(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => with_fraction(1_000, "µs"),
        1_000_000..1_000_000_000 => with_fraction(1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => with_fraction(1_000_000_000, "s"),
        _ => {
            let minutes = nanoseconds / 60_000_000_000;
            let seconds = match nanoseconds % 60_000_000_000 {
                0 => "0s".into(),
                part @ 1..1_000_000_000 => format!("0.{}s", format!("{part:09}").trim_end_matches('0')),
                part => format(part),
            };
            match minutes / 60 {
                0 => format!("{minutes}m{seconds}"),
                hours => format!("{hours}h{}m{seconds}", minutes % 60),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("-1m", -60_000_000_000),
            ("+1.5s", 1_500_000_000),
            (".5ms", 500_000),
            ("10us", 10_000),
            ("10µs", 10_000),
            ("24h", 86_400_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("-", "time: invalid duration \"-\""),
            ("soon", "time: invalid duration \"soon\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
            ("300", "time: missing unit in duration \"300\""),
            ("-1", "time: missing unit in duration \"-1\""),
            ("5 m", "time: unknown unit \" m\" in duration \"5 m\""),
            ("5d", "time: unknown unit \"d\" in duration \"5d\""),
            ("9999999h", "time: invalid duration \"9999999h\""),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (999, "999ns"),
            (1_500, "1.5µs"),
            (2_000_000, "2ms"),
            (1_234_567_890, "1.23456789s"),
            (60_000_000_000, "1m0s"),
            (90_500_000_000, "1m30.5s"),
            (60_250_000_000, "1m0.25s"),
            (5_400_000_000_000, "1h30m0s"),
        ] {
            assert_eq!(format(nanoseconds), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }

        // Beyond 2^53 nanoseconds (104 days) the sum is rounded.
        #[test]
        fn what_is_written_reads_back(nanoseconds in 0..9_007_199_254_740_992_u64) {
            let read = parse(&format(nanoseconds)).unwrap();
            prop_assert!(read.abs_diff(nanoseconds as i64) <= 2, "{read}");
        }
    }
}
