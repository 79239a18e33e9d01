//! What all instances of a plugin share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use longshore_framework::Str;
use longshore_framework::port::Requests;
use longshore_framework::raw::RawObjects;

use super::objects::PodSource;
use crate::args::{Capability, Settings, Syntax};
use crate::log::Bucket;
use crate::observe::Observe;
use crate::patience::Patience;

/// Lines and events at once, and so many more every second.
const LINES: (u32, u32) = (100, 20);
const EVENTS: (u32, u32) = (50, 5);

/// A lock whose holder panicked still holds data: guests' data is never half changed by the host.
pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A plugin's name, its settings as its guest sees them, and the world outside.
pub(crate) struct Common {
    pub(crate) plugin: Str,
    /// What `get_config` answers.
    pub(crate) config: String,
    /// The least severity that is logged.
    pub(crate) severity: i32,
    /// WASI arguments.
    pub(crate) args: Vec<String>,
    /// Kubernetes events are passed on.
    pub(crate) may_emit: bool,
    pub(crate) requests: Requests,
    pub(crate) raw: Arc<dyn RawObjects>,
    pub(crate) observer: Arc<dyn Observe>,
    buckets: Mutex<(Bucket, Bucket)>,
    /// Pods that wait for this plugin's Permit, by UID.
    pub(crate) waiting: Mutex<BTreeMap<Str, Arc<PodSource>>>,
}

impl Common {
    /// The profile's settings, for a guest. In the older syntax, which knows no capabilities, a guest may do all that the
    /// interface has; in ours `events` has to be granted.
    pub(crate) fn new(
        plugin: &str,
        settings: &Settings,
        (requests, raw): (Requests, Arc<dyn RawObjects>),
        observer: Arc<dyn Observe>,
    ) -> Self {
        let (config, severity, args, may_emit) = match &settings.syntax {
            Syntax::Extension { guest_config, log_severity, args } => {
                (guest_config.clone(), *log_severity, args.clone(), true)
            }
            Syntax::Longshore => {
                let config = match &settings.config {
                    serde_json::Value::Null => String::new(),
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                (config, 0, Vec::new(), settings.capabilities.contains(&Capability::Events))
            }
        };
        let buckets = Mutex::new((Bucket::new(LINES.0, LINES.1), Bucket::new(EVENTS.0, EVENTS.1)));
        let (plugin, waiting) = (plugin.into(), Mutex::default());
        Self { plugin, config, severity, args, may_emit, requests, raw, observer, buckets, waiting }
    }

    /// With as many events as guests like where the cluster stands still: which of them are told must not depend on how fast
    /// the machine is.
    pub(crate) fn patient(self, patience: Patience) -> Self {
        if patience == Patience::Endless {
            locked(&self.buckets).1 = Bucket::endless();
        }
        self
    }

    /// Whether one more line may be logged.
    pub(crate) fn may_log(&self) -> bool {
        self.counted(locked(&self.buckets).0.take(Instant::now()))
    }

    /// Whether one more event may be recorded.
    pub(crate) fn may_record(&self) -> bool {
        self.counted(locked(&self.buckets).1.take(Instant::now()))
    }

    fn counted(&self, may: bool) -> bool {
        if !may {
            self.observer.dropped(&self.plugin);
        }
        may
    }
}
