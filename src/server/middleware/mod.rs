//! What happens to every request before its route, one file for each concern; outermost first:
//! [`identity`], [`access_log`], [`cors`], [`host_guard`].

pub(super) mod access_log;
pub(super) mod cors;
pub(super) mod host_guard;
pub(super) mod identity;
