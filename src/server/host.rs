//! Where the server listens and where its clients find it: the value of `QUIPU_HOST` or `OLLAMA_HOST`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;
use tracing::warn;

/// Ollama's port, which every client assumes.
pub const DEFAULT_PORT: u16 = 11434;

/// A parsed host setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// `http` or `https`; the latter makes sense for clients only.
    pub scheme: String,
    /// Name or address, without brackets. Empty means every interface.
    pub host: String,
    /// Port; 0 lets the system choose.
    pub port: u16,
    /// For clients behind a proxy: what comes before the API's own paths, without the first slash.
    pub path: String,
}

impl Default for Host {
    fn default() -> Self {
        Self::parse("")
    }
}

impl Host {
    /// Reads a setting by Ollama's rules, which refuse nothing: spaces and quotes around it do not count, a
    /// scheme changes the default port (`http` 80, `https` 443), and a port that is none is replaced by the
    /// default.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim().trim_matches(['"', '\'']).trim();
        let (scheme, rest, default_port) = match text.split_once("://") {
            None if text == "ollama.com" => ("https", "ollama.com:443", DEFAULT_PORT),
            None => ("http", text, DEFAULT_PORT),
            Some(("http", rest)) => ("http", rest, 80),
            Some(("https", rest)) => ("https", rest, 443),
            Some((scheme, rest)) => (scheme, rest, DEFAULT_PORT),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match split_port(authority) {
            Some((host, port)) => (host.to_owned(), port.parse::<u16>().ok().or_else(|| bad_port(port))),
            None => (host_without_port(authority), None),
        };
        let port = port.unwrap_or(default_port);
        Self { scheme: scheme.to_owned(), host, port, path: path.to_owned() }
    }

    /// `host:port`, with brackets where IPv6 needs them.
    #[must_use]
    pub fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// The base of URLs for clients, without a slash at the end. Addresses that mean "every interface" are
    /// mapped to loopback.
    #[must_use]
    pub fn url(&self) -> String {
        let host = match self.host.parse() {
            Ok(IpAddr::V4(ip)) if ip.is_unspecified() => "127.0.0.1",
            Ok(IpAddr::V6(ip)) if ip.is_unspecified() => "::1",
            Err(_) if self.host.is_empty() => "127.0.0.1",
            _ => &self.host,
        };
        let path = self.path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        format!("{}://{}{slash}{path}", self.scheme, authority(host, self.port))
    }

    /// Whether clients reach it without leaving the machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.host.is_empty()
            || self.host == "localhost"
            || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback() || ip.is_unspecified())
    }

    /// Listens there.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn listen(&self) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = if self.host.is_empty() {
            // Both families in one socket where there is IPv6.
            match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Ok(listener) => listener,
                Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await?,
            }
        } else {
            TcpListener::bind((self.host.as_str(), self.port)).await?
        };
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
}

fn bad_port(port: &str) -> Option<u16> {
    warn!(port, "invalid port, using the default");
    None
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Splits `host:port` and `[v6]:port`; `None` if there is no port, or no telling which colon begins it.
pub(crate) fn split_port(authority: &str) -> Option<(&str, &str)> {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once("]:");
    }
    let (host, port) = authority.rsplit_once(':')?;
    (!host.contains(':')).then_some((host, port))
}

fn host_without_port(authority: &str) -> String {
    match authority.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => ip.to_string(),
        Err(_) if authority.is_empty() => Ipv4Addr::LOCALHOST.to_string(),
        Err(_) => authority.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn settings_are_read_as_ollama_reads_them() {
        for (text, expected) in [
            ("", "http://127.0.0.1:11434"),
            ("1.2.3.4", "http://1.2.3.4:11434"),
            ("1.2.3.4:1234", "http://1.2.3.4:1234"),
            ("example.com", "http://example.com:11434"),
            ("example.com:1234", "http://example.com:1234"),
            (":1234", "http://127.0.0.1:1234"),
            (":0", "http://127.0.0.1:0"),
            (":66000", "http://127.0.0.1:11434"),
            (":-1", "http://127.0.0.1:11434"),
            ("1.2.3.4:port", "http://1.2.3.4:11434"),
            ("[::1]", "http://[::1]:11434"),
            ("::1", "http://[::1]:11434"),
            ("[::1]:1337", "http://[::1]:1337"),
            ("[::]", "http://[::1]:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            (" 1.2.3.4 ", "http://1.2.3.4:11434"),
            ("\" 1.2.3.4 \"", "http://1.2.3.4:11434"),
            ("'1.2.3.4'", "http://1.2.3.4:11434"),
            ("http://1.2.3.4", "http://1.2.3.4:80"),
            ("http://1.2.3.4:4321", "http://1.2.3.4:4321"),
            ("https://1.2.3.4", "https://1.2.3.4:443"),
            ("https://example.com/ollama/", "https://example.com:443/ollama"),
            ("https://example.com:66000", "https://example.com:443"),
            ("ollama.com", "https://ollama.com:443"),
        ] {
            assert_eq!(Host::parse(text).url(), expected, "{text:?}");
        }
    }

    #[test]
    fn an_address_of_every_interface_is_kept_for_listening() {
        assert_eq!(Host::parse("0.0.0.0").authority(), "0.0.0.0:11434");
        assert_eq!(Host::parse(":1234").host, "");
    }

    proptest! {
        #[test]
        fn any_text_is_a_host(text in "\\PC{0,30}") {
            let _ = Host::parse(&text).url();
        }

        #[test]
        fn addresses_and_ports_survive(ip: IpAddr, port: u16) {
            let text = SocketAddr::new(ip, port).to_string();
            let host = Host::parse(&text);
            prop_assert_eq!(host.authority(), text);
        }
    }
}
