//! Does what the engine wants done, and tells how it went.

use std::sync::{Arc, PoisonError, RwLock};

use longshore_framework::Str;
use longshore_framework::port::{Binding, Effect, Input};
use tokio::runtime::Handle;

use crate::bind;
use crate::call::Caller;
use crate::extender::Binders;
use crate::watch::Told;

/// Who does what the engine wants. Never blocks.
pub trait Perform: Send {
    /// Begins to do it.
    fn perform(&self, effect: Effect);
}

/// The way back to the engine.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// Does it for real. Clones share everything.
#[derive(Clone)]
pub struct Performer {
    runtime: Handle,
    shared: Arc<Shared>,
}

struct Shared {
    api: Caller,
    binders: RwLock<Binders>,
    tell: Tell,
}

impl Performer {
    /// Works on `runtime`; bindings are limited by whoever asks for them.
    pub fn new(runtime: Handle, api: Caller, tell: Tell) -> Self {
        Self { runtime, shared: Arc::new(Shared { api, binders: RwLock::default(), tell }) }
    }

    /// Extenders that bind, from now on.
    pub fn set_binders(&self, binders: Binders) {
        *self.shared.binders.write().unwrap_or_else(PoisonError::into_inner) = binders;
    }
}

impl Perform for Performer {
    fn perform(&self, effect: Effect) {
        let shared = Arc::clone(&self.shared);
        match effect {
            Effect::Bind { binding, extenders, .. } => {
                self.runtime.spawn(async move { shared.bind(binding, extenders).await });
            }
            _ => {}
        }
    }
}

impl Shared {
    async fn bind(&self, binding: Binding, extenders: Vec<Str>) {
        let binders = self.binders.read().unwrap_or_else(PoisonError::into_inner).clone();
        let result = match binders.bind(&extenders, &binding).await {
            Some(answer) => answer.map_err(|e| e.to_string().into()),
            None => bind::bind(&self.api, &binding).await.map_err(|e| e.to_string().into()),
        };
        (self.tell)(Told::Input(Input::Bound { uid: binding.uid, result }));
    }
}
