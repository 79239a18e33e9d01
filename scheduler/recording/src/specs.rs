//! Pod specs by number: replicas share theirs, and a segment has each once.

use std::sync::Arc;

use longshore_framework::pod::PodSpec;
use rustc_hash::FxHashMap;

use crate::limits::MOST_SPECS;

/// The numbers of specs, for who writes.
#[derive(Debug, Default)]
pub(crate) struct Numbers(FxHashMap<Arc<PodSpec>, u32>);

/// The number of a spec.
pub(crate) enum Number {
    /// It has one.
    Known(u32),
    /// It has one from now on.
    New(u32),
    /// It has the first one, and all others are forgotten.
    Anew(u32),
}

impl Numbers {
    /// The number of `spec`.
    pub(crate) fn of(&mut self, spec: &Arc<PodSpec>) -> Number {
        if let Some(number) = self.0.get(spec) {
            return Number::Known(*number);
        }
        let full = self.0.len() >= MOST_SPECS;
        if full {
            self.0.clear();
        }
        let number = u32::try_from(self.0.len()).unwrap_or(0);
        self.0.insert(Arc::clone(spec), number);
        if full { Number::Anew(number) } else { Number::New(number) }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
