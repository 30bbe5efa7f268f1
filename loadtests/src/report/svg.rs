//! Pictures that stand within a page: lines, layers, and a bar for each request.

use std::fmt::Write;

use super::console::number;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 280.0;
/// Room for labels: left, right, top, bottom.
const MARGIN: (f64, f64, f64, f64) = (64.0, 16.0, 28.0, 64.0);
/// Easy to tell apart, also for those who see fewer colours.
pub(super) const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#555555"];
/// About so many steps on an axis.
const STEPS: f64 = 5.0;
/// More bars than this are a blur.
const MOST_BARS: usize = 400;

/// Points with a name.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// What stands around a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Labels<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
}

/// From values to places. Both axes start at 0.
struct Frame {
    highest: (f64, f64),
}

impl Frame {
    fn around(points: impl Iterator<Item = (f64, f64)>) -> Self {
        let highest =
            points.fold((0.0, 0.0), |high: (f64, f64), point| (high.0.max(point.0), high.1.max(point.1)));
        let end = |high: f64| if high > 0.0 { high } else { 1.0 };
        let (x, y) = (end(highest.0), end(highest.1));
        Self { highest: (x, (y / step(y)).ceil() * step(y)) }
    }

    fn x(&self, value: f64) -> f64 {
        MARGIN.0 + value / self.highest.0 * (WIDTH - MARGIN.0 - MARGIN.1)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - MARGIN.3 - value / self.highest.1 * (HEIGHT - MARGIN.2 - MARGIN.3)
    }

    fn open(&self, labels: Labels<'_>, names: &[&str]) -> String {
        let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">");
        let (left, right, bottom) = (MARGIN.0, WIDTH - MARGIN.1, HEIGHT - MARGIN.3);
        let title = escape(labels.title);
        let _ =
            write!(svg, "<title>{title}</title><text x=\"{left}\" y=\"16\" class=\"title\">{title}</text>");
        for value in ticks(self.highest.1) {
            let (y, text) = (self.y(value), number(value));
            let _ = write!(
                svg,
                "<line x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" class=\"grid\"/>"
            );
            let _ =
                write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" class=\"end\">{text}</text>", left - 6.0, y + 4.0);
        }
        for value in ticks(self.highest.0) {
            let (x, text) = (self.x(value), number(value));
            let _ =
                write!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" class=\"middle\">{text}</text>", bottom + 16.0);
        }
        let middle = f64::midpoint(left, right);
        let _ = write!(
            svg,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" class=\"middle\">{}</text>",
            bottom + 32.0,
            escape(labels.x)
        );
        let _ = write!(
            svg,
            "<text transform=\"translate(14 {:.1}) rotate(-90)\" class=\"middle\">{}</text>",
            HEIGHT / 2.0 - 16.0,
            escape(labels.y)
        );
        legend(&mut svg, names, bottom + 50.0);
        svg
    }
}

fn legend(svg: &mut String, names: &[&str], y: f64) {
    let mut x = MARGIN.0;
    for (i, name) in names.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let _ = write!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            y - 9.0
        );
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"{y:.1}\">{}</text>", x + 14.0, escape(name));
        x += 28.0 + 6.5 * name.chars().count() as f64;
    }
}

/// A round step, of which an axis up to `high` has about [`STEPS`].
fn step(high: f64) -> f64 {
    let rough = high / STEPS;
    let power = 10.0_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough)
}

fn ticks(high: f64) -> Vec<f64> {
    let step = step(high);
    (0..=(high / step + 1e-9) as usize).map(|i| i as f64 * step).collect()
}

/// Lines through points.
pub(super) fn lines(labels: Labels<'_>, series: &[Series]) -> String {
    let frame = Frame::around(series.iter().flat_map(|series| series.points.iter().copied()));
    let names: Vec<&str> = series.iter().map(|series| series.name.as_str()).collect();
    let mut svg = frame.open(labels, &names);
    for (i, series) in series.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let places: Vec<(f64, f64)> = series.points.iter().map(|(x, y)| (frame.x(*x), frame.y(*y))).collect();
        let line: String = places.iter().map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
        let _ = write!(svg, "<polyline points=\"{}\" stroke=\"{colour}\" class=\"line\"/>", line.trim_end());
        if places.len() <= 40 {
            for (x, y) in places {
                let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
            }
        }
    }
    svg + "</svg>"
}

/// Layers on top of each other, all at the same times.
pub(super) fn layers(labels: Labels<'_>, series: &[Series]) -> String {
    let count = series.iter().map(|series| series.points.len()).max().unwrap_or(0);
    let mut below = vec![0.0; count];
    let mut tops: Vec<Vec<(f64, f64, f64)>> = Vec::new();
    for series in series {
        let mut layer = Vec::new();
        for (i, (x, y)) in series.points.iter().enumerate() {
            layer.push((*x, below[i], below[i] + y));
            below[i] += y;
        }
        tops.push(layer);
    }
    let frame = Frame::around(tops.iter().flatten().map(|(x, _, top)| (*x, *top)));
    let names: Vec<&str> = series.iter().map(|series| series.name.as_str()).collect();
    let mut svg = frame.open(labels, &names);
    for (i, layer) in tops.iter().enumerate() {
        let there = layer.iter().map(|(x, _, top)| (frame.x(*x), frame.y(*top)));
        let back = layer.iter().rev().map(|(x, bottom, _)| (frame.x(*x), frame.y(*bottom)));
        let outline: String = there.chain(back).map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
        let colour = COLOURS[i % COLOURS.len()];
        let _ = write!(svg, "<polygon points=\"{}\" fill=\"{colour}\" class=\"layer\"/>", outline.trim_end());
    }
    svg + "</svg>"
}

/// When a request was due, was sent, had its first token and was over, in seconds, and whether it went well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bar {
    pub(super) due: f64,
    pub(super) sent: f64,
    pub(super) first: Option<f64>,
    pub(super) end: f64,
    pub(super) good: bool,
}

/// A bar for each request: waiting to be sent, waiting for the first token, getting tokens.
pub(super) fn timeline(title: &str, bars: &[Bar]) -> String {
    // Evenly chosen, if they are too many.
    let every = bars.len().div_ceil(MOST_BARS).max(1);
    let shown: Vec<&Bar> = bars.iter().step_by(every).collect();
    let title = if every > 1 { format!("{title}, each {every}th") } else { title.to_owned() };
    let frame = Frame::around(shown.iter().map(|bar| (bar.end, shown.len() as f64)));
    let labels = Labels { title: &title, x: "seconds", y: "request" };
    let mut svg = frame.open(labels, &["held back", "first token", "tokens", "failed"]);
    let height = (frame.y(0.0) - frame.y(1.0)).max(0.3);
    for (i, bar) in shown.iter().enumerate() {
        let first = bar.first.unwrap_or(bar.end);
        let parts =
            [(bar.due, bar.sent, 0), (bar.sent, first, 1), (first, bar.end, if bar.good { 2 } else { 3 })];
        for (from, to, colour) in parts {
            // A part that takes no time has no room, but a failure at once is to be seen.
            let width = (frame.x(to) - frame.x(from)).max(if colour == 3 { 1.0 } else { 0.0 });
            if width > 0.0 {
                let (x, y, colour) = (frame.x(from), frame.y(i as f64 + 1.0), COLOURS[colour]);
                let _ = write!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.2}\" fill=\"{colour}\"/>"
                );
            }
        }
    }
    svg + "</svg>"
}

/// Text as HTML and XML have it.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels<'_> = Labels { title: "a < b", x: "x", y: "y" };

    fn series(points: &[(f64, f64)]) -> Series {
        Series { name: "s".into(), points: points.to_vec() }
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([1.0, 7.0, 16.0, 100.0, 0.3].map(step), [0.2, 2.0, 5.0, 20.0, 0.1]);
        assert_eq!(ticks(16.0), [0.0, 5.0, 10.0, 15.0]);
    }

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let svg = lines(LABELS, &[series(&[(0.0, 0.0), (10.0, 20.0)])]);
        assert!(svg.contains("<polyline points=\"64.0,216.0 544.0,28.0\""), "{svg}");
        assert!(svg.contains("a &lt; b") && svg.ends_with("</svg>"));
    }

    #[test]
    fn layers_stand_on_each_other() {
        let svg = layers(LABELS, &[series(&[(0.0, 1.0), (1.0, 1.0)]), series(&[(0.0, 1.0), (1.0, 1.0)])]);
        assert!(svg.contains("points=\"64.0,28.0 544.0,28.0 544.0,122.0 64.0,122.0\""), "{svg}");
    }

    #[test]
    fn nothing_and_too_much_can_be_drawn() {
        assert!(lines(LABELS, &[]).ends_with("</svg>"));
        assert!(layers(LABELS, &[]).ends_with("</svg>"));
        let bar = Bar { due: 0.0, sent: 0.1, first: None, end: 0.1, good: false };
        let svg = timeline("t", &vec![bar; 1000]);
        assert!(svg.contains("each 3th") && svg.matches("<rect").count() < 2 * MOST_BARS + 8);
    }
}
