//! Everything that talks to the API server: watch, bind, evict, status, events, lease.

pub mod call;
pub mod lease;
pub mod limiter;
pub mod record;
pub mod retry;

#[cfg(test)]
mod fake_api;
