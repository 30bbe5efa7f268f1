//! Prometheus' text format, as far as figures need it.

use std::collections::{BTreeMap, HashSet};

/// Values of `/metrics` by name and labels, as they are printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scrape {
    /// Counters, and sums and counts of histograms and summaries.
    pub(super) counters: BTreeMap<String, f64>,
    pub(super) gauges: BTreeMap<String, f64>,
}

impl Scrape {
    pub(super) fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        let mut gauges = HashSet::new();
        for line in text.lines() {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                if let Some((name, "gauge")) = declared.trim().split_once(' ') {
                    gauges.insert(name);
                }
                continue;
            }
            let Some((key, value)) = sample(line) else { continue };
            let name = key.split('{').next().unwrap_or(key);
            if gauges.contains(name) {
                scrape.gauges.insert(key.to_owned(), value);
            } else if !name.ends_with("_bucket") && !key.contains("quantile=") {
                scrape.counters.insert(key.to_owned(), value);
            }
        }
        scrape
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counters.is_empty() && self.gauges.is_empty()
    }

    /// Counters that grew, with how much. One that was not there before began at 0.
    pub(super) fn growth_since(&self, before: &Self) -> BTreeMap<String, f64> {
        let growth = self.counters.iter().map(|(key, value)| {
            let start = before.counters.get(key).copied().unwrap_or(0.0);
            (key.clone(), value - start)
        });
        growth.filter(|(_, growth)| *growth > 0.0).collect()
    }
}

/// `name{label="value"} 12.5 1700000000`, of which the time at the end may be missing.
fn sample(line: &str) -> Option<(&str, f64)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    // Label values may hold spaces.
    let end = match line.rfind('}') {
        Some(brace) => brace + 1,
        None => line.find(char::is_whitespace)?,
    };
    let value: f64 = line[end..].split_whitespace().next()?.parse().ok()?;
    value.is_finite().then_some((&line[..end], value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"
# HELP quipu_kv_pages Pages of the KV pool
# TYPE quipu_kv_pages gauge
quipu_kv_pages{model="a b",state="free"} 100
quipu_kv_pages{model="a b",state="held"} 28
# TYPE quipu_generation_tokens_total counter
quipu_generation_tokens_total{model="a b"} 10
# TYPE quipu_ttft_seconds histogram
quipu_ttft_seconds_bucket{le="0.1"} 3
quipu_ttft_seconds_sum 1.5
quipu_ttft_seconds_count 3 1700000000
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing NaN
"#;

    #[test]
    fn what_is_read() {
        let scrape = Scrape::parse(BEFORE);
        assert_eq!(scrape.gauges.len(), 2);
        assert_eq!(scrape.gauges["quipu_kv_pages{model=\"a b\",state=\"held\"}"], 28.0);
        let counters: Vec<&str> = scrape.counters.keys().map(String::as_str).collect();
        let expected = [
            "quipu_generation_tokens_total{model=\"a b\"}",
            "quipu_ttft_seconds_count",
            "quipu_ttft_seconds_sum",
        ];
        assert_eq!(counters, expected);
    }

    #[test]
    fn growth() {
        let before = Scrape::parse(BEFORE);
        let after = BEFORE.replace("_total{model=\"a b\"} 10", "_total{model=\"a b\"} 25") + "new_total 4\n";
        let growth = Scrape::parse(&after).growth_since(&before);
        let expected = [
            ("new_total".to_owned(), 4.0),
            ("quipu_generation_tokens_total{model=\"a b\"}".to_owned(), 15.0),
        ];
        assert_eq!(growth, BTreeMap::from(expected));
    }
}
