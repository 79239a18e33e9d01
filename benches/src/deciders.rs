//! Who decides: the default profile, and what a workload adds to it.

mod catalogue;
mod extender;
mod guest;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use longshore_framework::extender::Extender;
use longshore_framework::port::Requests;
use longshore_framework::profile::Profile;

use crate::workload::{Addition, Workload};

pub use catalogue::folder as catalogue_folder;

/// Who decides.
#[derive(Clone, Debug)]
pub struct Deciders {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// The extenders.
    pub extenders: Vec<Arc<dyn Extender>>,
    /// The time that a plugin in WebAssembly has taken so far, if there is one.
    pub guest: Option<GuestTime>,
    /// What plugins ask of the engine.
    pub requests: Requests,
}

/// The time that a plugin in WebAssembly has taken so far.
#[derive(Clone, Debug, Default)]
pub struct GuestTime(Arc<AtomicU64>);

impl GuestTime {
    fn add(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(took, Ordering::Relaxed);
    }

    /// All of it.
    pub fn so_far(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

impl Deciders {
    /// Those that a workload is run with.
    ///
    /// # Errors
    /// A plugin that cannot be loaded.
    pub fn of(workload: &Workload) -> anyhow::Result<Self> {
        match &workload.adds {
            Some(Addition::Guest(guest)) => guest::beside_default(guest),
            Some(Addition::Catalogue(plugin)) => catalogue::beside_default(plugin, workload),
            Some(Addition::Extender {}) => {
                Ok(Self { extenders: vec![Arc::new(extender::InProcess)], ..Self::default() })
            }
            None => Ok(Self::default()),
        }
    }
}

/// The in-tree plugins.
impl Default for Deciders {
    fn default() -> Self {
        Self {
            profiles: crate::default_profiles(),
            extenders: Vec::new(),
            guest: None,
            requests: Requests::default(),
        }
    }
}
