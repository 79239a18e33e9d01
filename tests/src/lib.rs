//! What the tests of the whole share: the real control plane as a fixture.
//!
//! `control_plane` starts etcd and kube-apiserver with throw-away certificates, and beside them kwok, kube-scheduler or
//! `longshore run`. Everything blocks: a test reads as the script that it is.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a fixture that cannot do its work fails the test"
)]

pub mod control_plane;
