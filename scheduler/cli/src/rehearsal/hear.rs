//! The lines that a plugin logs, kept in place of being written.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A line of a plugin's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// `debug`, `info`, `warn` or `error`.
    pub(crate) level: String,
    /// What it said.
    pub(crate) message: String,
}

/// Does `work` and returns what plugins logged meanwhile on this thread.
pub(crate) fn listening<T>(work: impl FnOnce() -> T) -> (T, Vec<Line>) {
    let ear = Ear::default();
    let heard = Arc::clone(&ear.0);
    let done = tracing::subscriber::with_default(Registry::default().with(ear), work);
    let lines = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    (done, lines)
}

#[derive(Default)]
struct Ear(Arc<Mutex<Vec<Line>>>);

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        // The host speaks of a plugin too, and then says more than its name.
        if let (true, Some(message), 0) = (said.of_plugin, said.message, said.others) {
            let level = event.metadata().level().as_str().to_lowercase();
            let line = Line { level, message };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}

#[derive(Default)]
struct Said {
    of_plugin: bool,
    message: Option<String>,
    others: usize,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "plugin" => self.of_plugin = true,
            "message" => self.message = Some(format!("{value:?}")),
            _ => self.others += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_plugins_are_kept_and_no_others() {
        let ((), lines) = listening(|| {
            tracing::info!(plugin = "P", "the first");
            tracing::warn!(plugin = "P", stage = "Filter", "of the host");
            tracing::info!(nodes = 3, "of the command");
            tracing::debug!(plugin = "P", "{}", "the second");
        });
        let said: Vec<(&str, &str)> = lines.iter().map(|l| (&*l.level, &*l.message)).collect();
        assert_eq!(said, [("info", "the first"), ("debug", "the second")]);
    }
}
