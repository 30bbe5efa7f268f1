//! Pulling from and pushing to registries, over real sockets.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "../common/registry/mod.rs"]
mod servers;

mod faults;
mod pull;
mod push;
mod shared;
