//! A page with tables and pictures that needs nothing but itself.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::console;
use super::console::number;
use super::svg::{Bar, Labels, Series, escape, layers, lines, timeline};
use crate::compare::{METRICS, by_workload, compare, loads};
use crate::result::RunResult;
use crate::server_side::ServerSide;
use crate::sweep::{NEEDED, Point, Sweep, sweep};

/// Pictures of more runs than this would make the page too large.
const MOST_RUNS: usize = 24;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1em; color: #222 }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 2em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
.wide { overflow-x: auto } .grid2 { display: flex; flex-wrap: wrap; gap: 1em } .grid2 > svg { width: 560px; max-width: 100% }
svg text { font: 11px system-ui, sans-serif; fill: #444 } svg .title { font-size: 13px; font-weight: 600; fill: #222 }
.end { text-anchor: end } .middle { text-anchor: middle } .grid { stroke: #e5e5e5 }
.line { fill: none; stroke-width: 2 } .layer { opacity: .8 } .warn { color: #b00020 } code { word-break: break-all }
";

/// The page: one part for each workload, and texts of other programs with their names.
#[must_use]
pub fn page(results: &[RunResult], texts: &[(String, String)]) -> String {
    let mut html = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    let _ = write!(html, "<title>Load test</title><style>{STYLE}</style></head><body><h1>Load test</h1>");
    machine(&mut html, results);
    ratios(&mut html, results);
    let parts = by_workload(results).count().max(1);
    for results in by_workload(results) {
        part(&mut html, results, MOST_RUNS / parts);
    }
    for (name, text) in texts {
        let _ = write!(html, "<h2>{}</h2><pre>{}</pre>", escape(name), escape(text.trim()));
    }
    html + "</body></html>\n"
}

/// One workload, with pictures of so many runs at most.
fn part(html: &mut String, results: &[RunResult], pictures: usize) {
    facts(html, results);
    table(html, results);
    for versus in compare(results) {
        let _ = write!(html, "<h3>Comparison</h3><pre>{}</pre>", escape(console::versus(&versus).trim()));
    }
    if loads(results).len() > 1 {
        under_load(html, results);
    }
    html.push_str("<h3>Runs</h3>");
    for run in results.iter().take(pictures) {
        details(html, run);
    }
    if results.len() > pictures {
        let _ = write!(html, "<p>{} more runs are in the table only.</p>", results.len() - pictures);
    }
}

/// What stands in the table at the top, where there are several workloads.
const RATIOS: [&str; 5] =
    ["output_throughput", "median_ttft_ms", "p99_itl_ms", "p99.9_itl_ms", "running_peak"];

/// All comparisons at a glance.
fn ratios(html: &mut String, results: &[RunResult]) {
    if by_workload(results).count() < 2 {
        return;
    }
    let title =
        |name: &str| METRICS.iter().find(|metric| metric.name == name).map_or("", |metric| metric.title);
    let head: String = RATIOS.map(|name| format!("<th>{}</th>", title(name))).concat();
    let _ = write!(
        html,
        "<h2>Ratios</h2><div class=\"wide\"><table><tr><th>workload</th><th>load</th><th>beside</th>{head}</tr>"
    );
    for versus in compare(results) {
        let ratio = |name: &str| {
            let row = versus.rows.iter().find(|row| row.name == name);
            let ratio = row.and_then(|row| row.ratio.as_ref());
            format!("<td>{}</td>", ratio.map_or("-".to_owned(), |ratio| number(ratio.value)))
        };
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{} / {}</td>{}</tr>",
            escape(&versus.workload),
            escape(&versus.load),
            escape(&versus.first),
            escape(&versus.second),
            RATIOS.map(ratio).concat(),
        );
    }
    html.push_str("</table></div>");
}

fn machine(html: &mut String, results: &[RunResult]) {
    let Some(run) = results.first() else { return };
    let environment = &run.quipu.environment;
    let memory = environment.memory as f64 / f64::from(1 << 30);
    let _ = write!(
        html,
        "<p>{}, {} cores, {memory:.0} GiB, {}, {}. Harness {}.</p>",
        escape(&environment.cpu),
        environment.cores,
        escape(&environment.os),
        escape(&environment.kernel),
        escape(&run.quipu.harness),
    );
}

fn facts(html: &mut String, results: &[RunResult]) {
    let Some(run) = results.first() else { return };
    let _ = write!(
        html,
        "<h2><code>{}</code></h2><p><code>{}</code></p>",
        escape(&run.quipu.workload.spec()),
        escape(&run.quipu.environment.command.join(" ")),
    );
}

fn table(html: &mut String, results: &[RunResult]) {
    let columns = [
        "target",
        "load",
        "round",
        "complete",
        "failed",
        "tok/s",
        "tok/s/user",
        "TTFT p50",
        "TTFT p99",
        "TPOT mean",
        "ITL p99",
        "E2EL p50",
        "",
    ];
    let head: String = columns.map(|column| format!("<th>{column}</th>")).concat();
    let _ = write!(html, "<p>Times in milliseconds.</p><div class=\"wide\"><table><tr>{head}</tr>");
    for run in results {
        let (latency, more) = (&run.latency, &run.quipu);
        let cells = [
            escape(&run.label),
            more.arrival.short(),
            more.round.to_string(),
            run.completed.to_string(),
            run.failed.to_string(),
            run.output_throughput.map_or("withheld".to_owned(), number),
            number(more.user_tokens_per_s.mean),
            number(latency.ttft.p50),
            number(latency.ttft.p99),
            number(latency.tpot.mean),
            number(latency.itl.p99),
            number(latency.e2el.p50),
            if more.valid && more.gate.passed { String::new() } else { "<b class=\"warn\">!</b>".to_owned() },
        ];
        let _ = write!(html, "<tr>{}</tr>", cells.map(|cell| format!("<td>{cell}</td>")).concat());
    }
    html.push_str("</table></div>");
}

fn under_load(html: &mut String, results: &[RunResult]) {
    let sweeps = sweep(results, NEEDED);
    let series = |x: fn(&Point) -> Option<f64>, y: fn(&Point) -> Option<f64>| -> Vec<Series> {
        let points =
            |sweep: &Sweep| sweep.points.iter().filter_map(|point| Some((x(point)?, y(point)?))).collect();
        sweeps.iter().map(|sweep| Series { name: sweep.name.clone(), points: points(sweep) }).collect()
    };
    let load: fn(&Point) -> Option<f64> = |point| Some(point.load);
    let picture = |title, x, y, series: Vec<Series>| lines(Labels { title, x, y }, &series);
    html.push_str("<h3>Under load</h3><div class=\"grid2\">");
    let pictures = [
        picture(
            "Throughput over load",
            "load",
            "output tokens/s",
            series(load, |point| point.output_throughput),
        ),
        picture(
            "Throughput against what one user gets",
            "tokens/s of one user",
            "output tokens/s of all",
            series(|point| Some(point.user_tokens_per_s), |point| point.output_throughput),
        ),
        picture(
            "Throughput against latency",
            "TTFT p99, ms",
            "output tokens/s",
            series(|point| Some(point.p99_ttft_ms), |point| point.output_throughput),
        ),
        picture("Time to first token, p50", "load", "ms", series(load, |point| Some(point.p50_ttft_ms))),
        picture("Time to first token, p99", "load", "ms", series(load, |point| Some(point.p99_ttft_ms))),
        picture("Between tokens, p50", "load", "ms", series(load, |point| Some(point.p50_itl_ms))),
        picture("Between tokens, p99", "load", "ms", series(load, |point| Some(point.p99_itl_ms))),
    ];
    html.extend(pictures);
    html.push_str("</div>");
    for sweep in &sweeps {
        let _ = write!(html, "<pre>{}</pre>", escape(console::sweep(sweep).trim()));
    }
}

fn details(html: &mut String, run: &RunResult) {
    let more = &run.quipu;
    let title = format!("{}, {}, round {}", run.label, more.arrival.short(), more.round);
    let _ = write!(html, "<details><summary>{}</summary>", escape(&title));
    if let Some(settings) = &more.server.settings {
        let _ = write!(html, "<p>Started with <code>{}</code>.</p>", escape(settings));
    }
    let _ = write!(html, "<pre>{}</pre><div class=\"grid2\">", escape(console::run(run).trim()));
    let bars: Vec<Bar> = more
        .requests
        .iter()
        .map(|record| Bar {
            due: record.scheduled,
            sent: record.sent,
            first: record.first,
            end: record.end,
            good: record.is_complete(),
        })
        .collect();
    html.push_str(&timeline("Requests", &bars));
    if let Some(side) = &more.server_side {
        server_pictures(html, side);
    }
    html.push_str("</div></details>");
}

/// Gauges that belong into one picture.
fn server_pictures(html: &mut String, side: &ServerSide) {
    let pages = gauges(side, |name| name == "quipu_kv_pages", "state");
    // What is in use lies at the bottom.
    let order = ["held", "cached", "free"];
    let mut pages: Vec<Series> = pages;
    pages.sort_by_key(|series| order.iter().position(|state| *state == series.name).unwrap_or(order.len()));
    if !pages.is_empty() {
        html.push_str(&layers(Labels { title: "KV pages over time", x: "seconds", y: "pages" }, &pages));
    }
    let requests = gauges(side, |name| REQUESTS.contains(&name), "");
    if !requests.is_empty() {
        html.push_str(&lines(
            Labels { title: "Requests in the server", x: "seconds", y: "requests" },
            &requests,
        ));
    }
    let usage = gauges(side, |name| USAGE.contains(&name), "");
    if !usage.is_empty() {
        html.push_str(&lines(Labels { title: "KV cache in use", x: "seconds", y: "share" }, &usage));
    }
}

const REQUESTS: [&str; 6] = [
    "quipu_num_requests_running",
    "quipu_num_requests_waiting",
    "llamacpp:requests_processing",
    "llamacpp:requests_deferred",
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
];
const USAGE: [&str; 2] = ["quipu_kv_cache_usage_ratio", "vllm:kv_cache_usage_perc"];

/// Gauges of which the name is wanted, called by the value of a label, or by their name. Those called the same, of
/// several models, are added up.
fn gauges(side: &ServerSide, wanted: impl Fn(&str) -> bool, label: &str) -> Vec<Series> {
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (key, values) in &side.gauges {
        let (name, labels) = key.split_once('{').unwrap_or((key, ""));
        if !wanted(name) {
            continue;
        }
        let marker = format!("{label}=\"");
        let value =
            labels.split_once(&marker).and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value);
        let called = if label.is_empty() { name } else { value.unwrap_or(name) };
        let sums = found.entry(called.to_owned()).or_insert_with(|| vec![0.0; side.times.len()]);
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value.unwrap_or(0.0);
        }
    }
    let series = found
        .into_iter()
        .map(|(name, values)| Series { name, points: side.times.iter().copied().zip(values).collect() });
    series.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrival::Arrival;
    use crate::compare::tests::rounds;

    #[test]
    fn a_page_has_all_pictures_and_asks_nobody() {
        let mut results = rounds(2.0);
        for (i, run) in results.iter_mut().enumerate() {
            run.quipu.arrival = Arrival::Closed { concurrency: 1 << (i / 2) };
            run.quipu.server_side = Some(ServerSide {
                times: vec![0.0, 1.0],
                gauges: BTreeMap::from([
                    ("quipu_kv_pages{model=\"a\",state=\"free\"}".to_owned(), vec![Some(9.0), Some(5.0)]),
                    ("quipu_kv_pages{model=\"a\",state=\"held\"}".to_owned(), vec![Some(0.0), Some(4.0)]),
                    ("quipu_num_requests_running{model=\"a\"}".to_owned(), vec![None, Some(4.0)]),
                ]),
                ..ServerSide::default()
            });
        }
        results[0].label = "<script>".into();
        let mut chat = rounds(3.0);
        chat.iter_mut().for_each(|run| run.quipu.workload = "chat:requests=7".parse().unwrap());
        results.extend(chat);
        let html = page(&results, &[("bench".to_owned(), "1 < 2".to_owned())]);
        assert!(html.contains("<h2>bench</h2><pre>1 &lt; 2</pre>") && html.contains("<h2>Ratios</h2>"));
        assert_eq!(html.matches("<h2><code>").count(), 2);
        for title in ["Throughput over load", "Throughput against latency", "Requests", "KV pages over time"]
        {
            assert!(html.contains(title), "{title}");
        }
        assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("@import"));
        assert!(html.contains("beside theirs"));
    }

    #[test]
    fn gauges_of_several_models_are_added_up() {
        let gauge = |model| format!("quipu_kv_pages{{model=\"{model}\",state=\"free\"}}");
        let side = ServerSide {
            times: vec![0.0, 1.0],
            gauges: BTreeMap::from([
                (gauge("a"), vec![Some(1.0), None]),
                (gauge("b"), vec![Some(2.0), Some(3.0)]),
            ]),
            ..ServerSide::default()
        };
        let found = gauges(&side, |name| name == "quipu_kv_pages", "state");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), &found[0].points), ("free", &vec![(0.0, 3.0), (1.0, 3.0)]));
    }
}
