//! Keeps web pages from reaching a server on this machine by a name that points here (DNS rebinding).

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{Method, StatusCode, header};

use crate::server::host::split_port;

/// Ends of names that no public server has.
const LOCAL_DOMAINS: [&str; 3] = [".localhost", ".local", ".internal"];

/// Which `Host` headers are welcome.
pub(in crate::server) struct HostGuard {
    /// Only a server that listens on loopback relies on not being reachable.
    active: bool,
    hostname: String,
}

impl HostGuard {
    pub(in crate::server) fn new(listening: SocketAddr) -> Self {
        let hostname = gethostname::gethostname().to_string_lossy().to_lowercase();
        Self { active: listening.ip().is_loopback(), hostname }
    }

    fn admits(&self, authority: &str) -> bool {
        if !self.active {
            return true;
        }
        let host = split_port(authority).map_or(authority, |(host, _)| host);
        let host = host.trim_matches(['[', ']']).to_lowercase();
        match host.parse::<IpAddr>() {
            Ok(ip) => is_near(ip),
            Err(_) => {
                host.is_empty()
                    || host == "localhost"
                    || host == self.hostname
                    || LOCAL_DOMAINS.iter().any(|domain| host.ends_with(domain))
            }
        }
    }
}

/// Loopback, private, unspecified, or an address of this machine.
fn is_near(ip: IpAddr) -> bool {
    let private = match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    };
    // Only an address of one of our interfaces can be bound.
    ip.is_loopback() || ip.is_unspecified() || private || UdpSocket::bind((ip, 0)).is_ok()
}

/// Answers 403 to requests for a host that is not this one.
pub(in crate::server) async fn host_guard(
    State(guard): State<Arc<HostGuard>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 has no Host header, its authority is part of the URI.
    let host = header.or_else(|| request.uri().authority().map(Authority::as_str)).unwrap_or_default();
    if !guard.admits(host) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if guard.active && request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(active: bool) -> HostGuard {
        HostGuard { active, hostname: "mybox".into() }
    }

    #[test]
    fn near_hosts_are_admitted() {
        for host in [
            "",
            "localhost",
            "localhost:11434",
            "LocalHost:1",
            "127.0.0.1:11434",
            "127.9.9.9",
            "[::1]:11434",
            "[::1]",
            "::1",
            "0.0.0.0:11434",
            "10.1.2.3",
            "192.168.1.5:80",
            "172.16.0.1",
            "[fd00::1]:80",
            "mybox",
            "MyBox:11434",
            "app.localhost",
            "printer.local:11434",
            "host.docker.internal:11434",
        ] {
            assert!(guard(true).admits(host), "{host}");
        }
    }

    #[test]
    fn other_hosts_are_not() {
        for host in [
            "example.com",
            "example.com:11434",
            "8.8.8.8",
            "8.8.8.8:11434",
            "localhost.evil.com",
            "notlocal",
            "xlocalhost",
        ] {
            assert!(!guard(true).admits(host), "{host}");
            assert!(guard(false).admits(host), "{host}");
        }
    }
}
