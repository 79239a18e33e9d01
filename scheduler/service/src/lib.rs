//! The live scheduler: the engine at work in a cluster, and everything around it. It is started with [`options`], and prints
//! nothing but its log.
//!
//! | module | what it does |
//! | --- | --- |
//! | `options` | what it is started with beside its configuration file |
//! | `live` | the engine at work: its thread, its parts, reloading |
//! | `metrics` | what it counts and times |
//! | `decisions` | what it decided lately |
//! | `logging` | the log |
//! | `serve` | its HTTPS server |
//! | `clock` | the time, which never runs backwards |
//! | `built`, `version` | what the program was built from, and whose rules it follows |

pub mod built;
pub mod clock;
pub mod decisions;
pub mod live;
pub mod logging;
pub mod metrics;
pub mod options;
pub mod serve;
pub mod version;
