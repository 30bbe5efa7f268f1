//! Sizes, counts and times as people read them. The rules and texts are Ollama's, so that what scripts cut out of
//! its tables can be cut out of ours.

use std::time::Duration;

use jiff::Timestamp;

use crate::api::duration;

/// Decimal units, largest first.
const BYTE_UNITS: [(u64, &str); 4] =
    [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];

/// A size in bytes: `999 B`, `1.5 KB`, `2 GB`, `2.0 GB` (a little less), `25 MB`. At most six columns below 1000 TB.
pub(super) fn bytes(bytes: u64) -> String {
    let Some((unit, name)) = BYTE_UNITS.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} B");
    };
    if bytes >= 10 * unit || bytes.is_multiple_of(unit) {
        format!("{} {name}", bytes / unit)
    } else {
        format!("{:.1} {name}", bytes as f64 / unit as f64)
    }
}

/// A count, of parameters for example: `7B`, `1.2B`, `494.03M`, `12K`, `999`.
pub(super) fn number(number: u64) -> String {
    let scaled = |unit: u64, decimals: usize, name: &str| {
        let decimals = if number.is_multiple_of(unit) { 0 } else { decimals };
        format!("{:.decimals$}{name}", number as f64 / unit as f64)
    };
    match number {
        1_000_000_000.. => scaled(1_000_000_000, 1, "B"),
        1_000_000.. => scaled(1_000_000, 2, "M"),
        1_000.. => scaled(1_000, 0, "K"),
        _ => number.to_string(),
    }
}

/// A point in time, seen from `now`: `3 days ago`, `4 minutes from now`, `Forever` (more than 20 years ahead), `Never`
/// if there is none.
pub(super) fn time(time: Option<Timestamp>, now: Timestamp) -> String {
    let Some(time) = time else { return "Never".to_owned() };
    let age = now.duration_since(time);
    if age.as_hours() / 24 / 365 < -20 {
        return "Forever".to_owned();
    }
    let direction = if age.is_negative() { "from now" } else { "ago" };
    format!("{} {direction}", about(age.unsigned_abs()))
}

/// Reads a time of the API. What is no time, and the year 1, which stands for "none" there, are `None`.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (time.as_second() != -62_135_596_800).then_some(time)
}

/// About how long: each unit is used until the next is good for two.
fn about(duration: Duration) -> String {
    let (seconds, minutes) = (duration.as_secs(), duration.as_secs() / 60);
    // From an hour on, the nearest hour counts, not the last whole one.
    let hours = (duration.as_secs_f64() / 3600.0).round() as u64;
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (_, _, 1) => "About an hour".to_owned(),
        (_, _, 2..48) => format!("{hours} hours"),
        (_, _, 48..336) => format!("{} days", hours / 24),
        (_, _, 336..1_440) => format!("{} weeks", hours / 24 / 7),
        (_, _, 1_440..17_520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

/// How long something will still take: `12s`, `1m48s`, `3h7m`, `99h+`. At most six columns.
pub(super) fn remaining(seconds: u64) -> String {
    match seconds / 3600 {
        0 => duration::format(seconds * 1_000_000_000),
        hours @ 1..100 => format!("{hours}h{}m", seconds / 60 % 60),
        _ => "99h+".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_have_decimal_units() {
        for (size, text) in [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1_000, "1 KB"),
            (1_234, "1.2 KB"),
            (1_500, "1.5 KB"),
            (9_999, "10.0 KB"),
            (10_000, "10 KB"),
            (10_999, "10 KB"),
            (999_999, "999 KB"),
            (1_000_000, "1 MB"),
            (1_234_567, "1.2 MB"),
            (25_600_000, "25 MB"),
            (999_999_999, "999 MB"),
            (1_000_000_000, "1 GB"),
            (2_000_000_000, "2 GB"),
            (2_019_393_189, "2.0 GB"),
            (4_683_075_271, "4.7 GB"),
            (999_999_999_999, "999 GB"),
            (1_000_000_000_000, "1 TB"),
            (1_999_999_999_999, "2.0 TB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(bytes(size), text, "{size}");
        }
    }

    #[test]
    fn counts_are_rounded() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1K"),
            (12_345, "12K"),
            (999_999, "1000K"),
            (1_000_000, "1M"),
            (125_000_000, "125M"),
            (494_032_768, "494.03M"),
            (500_550_000, "500.55M"),
            (999_999_999, "1000.00M"),
            (1_000_000_000, "1B"),
            (1_235_814_432, "1.2B"),
            (7_000_000_000, "7B"),
            (8_030_261_248, "8.0B"),
            (1_000_000_000_000, "1000B"),
        ] {
            assert_eq!(number(count), text, "{count}");
        }
    }

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn durations_are_approximate() {
        for (seconds, text) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (2, "2 seconds"),
            (59, "59 seconds"),
            (MINUTE, "About a minute"),
            (2 * MINUTE - 1, "About a minute"),
            (2 * MINUTE, "2 minutes"),
            (HOUR - 1, "59 minutes"),
            (HOUR, "About an hour"),
            (HOUR + 30 * MINUTE - 1, "About an hour"),
            (HOUR + 30 * MINUTE, "2 hours"),
            (47 * HOUR, "47 hours"),
            (48 * HOUR - 30 * MINUTE, "2 days"),
            (14 * DAY - HOUR, "13 days"),
            (14 * DAY, "2 weeks"),
            (60 * DAY - HOUR, "8 weeks"),
            (60 * DAY, "2 months"),
            (2 * 365 * DAY - HOUR, "24 months"),
            (2 * 365 * DAY - 30 * MINUTE, "2 years"),
            (3 * 365 * DAY - 20 * MINUTE, "3 years"),
            (30 * 365 * DAY, "30 years"),
        ] {
            let now = Timestamp::UNIX_EPOCH;
            let then = now - SignedDuration::from_secs(seconds);
            assert_eq!(time(Some(then), now), format!("{text} ago"), "{seconds}");
        }
    }

    #[test]
    fn the_future_is_from_now_until_it_is_forever() {
        let now: Timestamp = "2026-08-01T12:00:00Z".parse().unwrap();
        let ahead = |seconds| time(Some(now + SignedDuration::from_secs(seconds)), now);
        assert_eq!(time(Some(now + SignedDuration::from_millis(800)), now), "Less than a second from now");
        assert_eq!(ahead(4 * MINUTE + 50), "4 minutes from now");
        assert_eq!(ahead(2 * DAY), "2 days from now");
        assert_eq!(ahead(21 * 365 * DAY - 1), "21 years from now");
        assert_eq!(ahead(21 * 365 * DAY), "Forever");
        assert_eq!(ahead(292 * 365 * DAY), "Forever");
        assert_eq!(time(None, now), "Never");
        assert_eq!(time(Some(now), now), "Less than a second ago");
    }

    #[test]
    fn times_carry_any_offset() {
        let utc = parse_time("2026-08-01T12:00:00.123456789Z");
        assert!(utc.is_some());
        assert_eq!(parse_time("2026-08-01T14:00:00.123456789+02:00"), utc);
        for none in ["0001-01-01T00:00:00Z", "", "yesterday"] {
            assert_eq!(parse_time(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_remains_is_short() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (108, "1m48s"),
            (3_599, "59m59s"),
            (3_600, "1h0m"),
            (11_220, "3h7m"),
            (359_999, "99h59m"),
            (360_000, "99h+"),
            (u64::MAX, "99h+"),
        ] {
            assert_eq!(remaining(seconds), text, "{seconds}");
        }
    }

    proptest! {
        #[test]
        fn figures_fit_their_columns(size in 0..1_000_000_000_000_000_u64, seconds: u64) {
            prop_assert!(bytes(size).len() <= 7, "{}", bytes(size));
            prop_assert!(remaining(seconds).len() <= 6);
        }

        #[test]
        fn any_two_times_are_apart(a in -60_000_000_000_i64..60_000_000_000, b in -60_000_000_000_i64..60_000_000_000) {
            let at = |second| Timestamp::from_second(second).unwrap();
            let text = time(Some(at(a)), at(b));
            prop_assert!(text == "Forever" || text.ends_with(if a > b { " from now" } else { " ago" }), "{text}");
        }
    }
}
