//! Everything that talks to the API server: watch, bind, evict, status, events, lease.

pub mod requests;
pub mod review;
