//! Cuts a stream into payloads, however the network cut it before.

/// How a stream is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A payload a line (NDJSON).
    Lines,
    /// Server-sent events: the `data` fields of an event are its payload, an empty line ends it. `error` fields, which
    /// are no part of the standard but of llama-server, count as data.
    Events,
}

/// Collects bytes and gives payloads.
#[derive(Debug)]
pub struct Scanner {
    framing: Framing,
    /// A line that is not complete.
    line: Vec<u8>,
    /// The data of an event that is not complete.
    event: Option<Vec<u8>>,
}

impl Scanner {
    /// At the start of a stream.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self { framing, line: Vec::new(), event: None }
    }

    /// Takes the next bytes, and hands over each payload that they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut payload: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (start, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.line.is_empty() {
                self.line(start, &mut payload);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(start);
                self.line(&line, &mut payload);
                // Its room is used again.
                line.clear();
                self.line = line;
            }
        }
        self.line.extend_from_slice(bytes);
    }

    /// Ends the stream, and hands over what a server left without an end.
    pub fn finish(mut self, mut payload: impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.line);
        self.line(&line, &mut payload);
        self.end_event(&mut payload);
    }

    fn line(&mut self, line: &[u8], payload: &mut impl FnMut(&[u8])) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.framing {
            Framing::Lines if line.trim_ascii().is_empty() => {}
            Framing::Lines => payload(line),
            Framing::Events if line.is_empty() => self.end_event(payload),
            Framing::Events => self.field(line),
        }
    }

    fn field(&mut self, line: &[u8]) {
        let data = line.strip_prefix(b"data:").or_else(|| line.strip_prefix(b"error:"));
        let Some(data) = data else { return };
        let is_error = line.starts_with(b"error:");
        let data = data.strip_prefix(b" ").unwrap_or(data);
        match &mut self.event {
            Some(event) => {
                event.push(b'\n');
                event.extend_from_slice(data);
            }
            None if is_error => self.event = Some([b"{\"error\":", data, b"}"].concat()),
            None => self.event = Some(data.to_vec()),
        }
    }

    fn end_event(&mut self, payload: &mut impl FnMut(&[u8])) {
        if let Some(event) = self.event.take() {
            payload(&event);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan<'a>(framing: Framing, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut payloads = Vec::new();
        let mut keep = |payload: &[u8]| payloads.push(String::from_utf8_lossy(payload).into_owned());
        let mut scanner = Scanner::new(framing);
        for part in parts {
            scanner.push(part, &mut keep);
        }
        scanner.finish(&mut keep);
        payloads
    }

    fn whole(framing: Framing, stream: &str) -> Vec<String> {
        scan(framing, [stream.as_bytes()])
    }

    #[test]
    fn lines() {
        assert_eq!(
            whole(Framing::Lines, "{\"a\":1}\n\r\n  \n{\"b\":2}\r\n{\"c\""),
            ["{\"a\":1}", "{\"b\":2}", "{\"c\""]
        );
    }

    #[test]
    fn events() {
        let stream = ": ping\n\ndata: {}\n\ndata:1\r\ndata: 2\r\nid: 7\r\n\r\nevent: x\n\ndata: [DONE]\n\n";
        assert_eq!(whole(Framing::Events, stream), ["{}", "1\n2", "[DONE]"]);
        assert_eq!(whole(Framing::Events, "data: cut"), ["cut"]);
        assert_eq!(whole(Framing::Events, "error: {\"code\":5}\n\n"), ["{\"error\":{\"code\":5}}"]);
    }

    /// Streams of what matters to the scanner.
    fn stream() -> impl Strategy<Value = String> {
        const PARTS: [&str; 11] =
            ["data: ", "data:", "error: ", "\n", "\n\n", "\r\n", ": ping", "{}", "é", "[DONE]", " "];
        prop::collection::vec(prop::sample::select(&PARTS[..]), 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn the_network_may_cut_anywhere(stream in stream(), cuts in prop::collection::vec(0_usize..200, 0..20)) {
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            for framing in [Framing::Lines, Framing::Events] {
                let parts = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
                prop_assert_eq!(scan(framing, parts), whole(framing, &stream));
            }
        }
    }
}
