//! The log: to standard error, for the server and for its engines.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::environment::Environment;

/// Logs to standard error: `QUIPU_LOG` in `tracing`'s syntax, or `OLLAMA_DEBUG` (1 debug, 2 trace).
pub(super) fn to_stderr(environment: &Environment<'_>) {
    let level = level(environment);
    let filter = match environment.text("QUIPU_LOG") {
        Some(filter) => EnvFilter::builder().with_default_directive(level.into()).parse_lossy(filter),
        // The libraries' own debug output is for those who ask for it by name.
        None => EnvFilter::builder()
            .with_default_directive(LevelFilter::WARN.into())
            .parse_lossy(format!("quipu={level},quipu_llama={level}")),
    };
    let colours = std::io::stderr().is_terminal();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // Only the first call in a process counts.
    let _ = subscriber.try_init();
}

fn level(environment: &Environment<'_>) -> LevelFilter {
    match environment.ollama("DEBUG").map(|value| value.to_lowercase()).as_deref() {
        None | Some("0" | "false" | "f") => LevelFilter::INFO,
        Some("2") => LevelFilter::TRACE,
        // What cannot be read as false is true.
        Some(_) => LevelFilter::DEBUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollamas_debug_levels() {
        let level_of = |value: &'static str| level(&Environment(&move |_| Some(value.to_owned())));
        assert_eq!(level_of("0"), LevelFilter::INFO);
        assert_eq!(level_of("False"), LevelFilter::INFO);
        assert_eq!(level_of("1"), LevelFilter::DEBUG);
        assert_eq!(level_of("yes"), LevelFilter::DEBUG);
        assert_eq!(level_of("2"), LevelFilter::TRACE);
        assert_eq!(level(&Environment(&|_| None)), LevelFilter::INFO);
    }
}
