//! Ranges of the sampler's options, the same for every dialect.

use super::error::Failure;
use crate::engine::protocol::Sampling;

/// Checks that the sampler can work with these options.
///
/// # Errors
/// [`Failure::Invalid`] that names the option, its value and its range.
pub(crate) fn check(sampling: &Sampling) -> Result<(), Failure> {
    let unit = 0.0..=1.0;
    let ranges = [
        ("temperature", sampling.temperature, sampling.temperature >= 0.0, "0 or more"),
        ("top_p", sampling.top_p, unit.contains(&sampling.top_p), "between 0 and 1"),
        ("min_p", sampling.min_p, unit.contains(&sampling.min_p), "between 0 and 1"),
        ("typical_p", sampling.typical_p, unit.contains(&sampling.typical_p), "between 0 and 1"),
        ("repeat_penalty", sampling.repeat_penalty, sampling.repeat_penalty > 0.0, "more than 0"),
        ("presence_penalty", sampling.presence_penalty, true, "a finite number"),
        ("frequency_penalty", sampling.frequency_penalty, true, "a finite number"),
    ];
    for (name, value, in_range, range) in ranges {
        if !in_range || !value.is_finite() {
            return Err(out_of_range(name, value, range));
        }
    }
    if sampling.repeat_last_n < -1 {
        return Err(out_of_range("repeat_last_n", sampling.repeat_last_n, "-1 or more"));
    }
    Ok(())
}

/// The failure of an option that is out of its range.
pub(crate) fn out_of_range(name: &str, value: impl std::fmt::Display, range: &str) -> Failure {
    Failure::Invalid(format!("option {name:?} must be {range}, not {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        check(&Sampling::default()).unwrap();
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        type Change = fn(&mut Sampling);
        let cases: [(Change, &str); 6] = [
            (|s| s.temperature = -0.5, "option \"temperature\" must be 0 or more, not -0.5"),
            (|s| s.temperature = f32::NAN, "option \"temperature\" must be 0 or more, not NaN"),
            (|s| s.top_p = 1.5, "option \"top_p\" must be between 0 and 1, not 1.5"),
            (|s| s.repeat_penalty = 0.0, "option \"repeat_penalty\" must be more than 0, not 0"),
            (
                |s| s.presence_penalty = f32::INFINITY,
                "option \"presence_penalty\" must be a finite number, not inf",
            ),
            (|s| s.repeat_last_n = -2, "option \"repeat_last_n\" must be -1 or more, not -2"),
        ];
        for (change, error) in cases {
            let mut sampling = Sampling::default();
            change(&mut sampling);
            assert_eq!(check(&sampling).unwrap_err().to_string(), error);
        }
    }
}
