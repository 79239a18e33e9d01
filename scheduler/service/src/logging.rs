//! Logs to standard error.
//!
//! Commands that end are silent unless asked ([`start`]). `longshore run` writes one line per event in klog's text form
//! or in Kubernetes' JSON form ([`serve`]), at a level that can be changed while it runs. Of a line that is not written
//! nothing is computed.

mod decision;
mod format;
mod line;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

pub use decision::{PodKey, bound, broken, gated, unschedulable};
pub use format::Format;
pub use line::Lines;

/// Starts logging at the level of so many `-v`; none keeps silent. A second start in one process has no effect.
pub fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time();
    // Tests run several commands in one process.
    let _ = subscriber.try_init();
}

/// The level of the log (`--v`), as kube-scheduler counts: 0 what an operator has to know, 2 each decision, 4 and more
/// for debugging, from 6 on libraries too.
#[derive(Clone)]
pub struct Level {
    value: Arc<AtomicU8>,
    filter: Option<reload::Handle<Targets, Registry>>,
}

impl Level {
    /// A level that nobody listens to.
    pub fn detached(level: u8) -> Self {
        Self { value: Arc::new(AtomicU8::new(level)), filter: None }
    }

    /// The level.
    pub fn get(&self) -> u8 {
        self.value.load(Ordering::Relaxed)
    }

    /// Changes it from now on.
    pub fn set(&self, level: u8) {
        self.value.store(level, Ordering::Relaxed);
        if let Some(filter) = &self.filter {
            // It fails when the log is gone, at the end of the process.
            let _ = filter.reload(targets(level));
        }
    }
}

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Level").field(&self.get()).finish()
    }
}

/// Starts the log of `longshore run`. A second start in one process has no effect but a level of its own.
pub fn serve(format: Format, level: u8) -> Level {
    let (subscriber, level) = subscriber(Lines::new(format, io::stderr), level);
    // Tests start it more than once.
    let _ = subscriber.try_init();
    level
}

/// The log as a subscriber, with its level.
pub(crate) fn subscriber(lines: Lines, level: u8) -> (impl Subscriber + Send + Sync + 'static, Level) {
    let (filter, handle) = reload::Layer::new(targets(level));
    let level = Level { value: Arc::new(AtomicU8::new(level)), filter: Some(handle) };
    (Registry::default().with(filter).with(lines), level)
}

/// Ours by the level; those of libraries only at high levels.
fn targets(level: u8) -> Targets {
    let (ours, others) = match level {
        0 | 1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 | 3 => (LevelFilter::DEBUG, LevelFilter::WARN),
        4 | 5 => (LevelFilter::TRACE, LevelFilter::WARN),
        6 | 7 => (LevelFilter::TRACE, LevelFilter::INFO),
        8 | 9 => (LevelFilter::TRACE, LevelFilter::DEBUG),
        _ => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    Targets::new().with_default(others).with_target("longshore", ours)
}

#[cfg(test)]
mod tests;
