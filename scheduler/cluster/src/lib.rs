//! Everything that talks to the API server: watch, bind, evict, status, events, lease.
//!
//! | module | what it does |
//! | --- | --- |
//! | `connect` | which cluster, as whom; clients |
//! | `discover`, `kinds` | what the server serves of what scheduling reads |
//! | `watch` | what happens, as inputs for the engine |

pub mod connect;
pub mod discover;
pub mod kinds;
pub mod watch;
