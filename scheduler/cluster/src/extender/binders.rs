//! Extenders that bind, for whoever performs bindings.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::extender::Extender;
use longshore_framework::port::Binding;
use longshore_framework::verdict::PluginError;

use super::http_extender::HttpExtender;

/// The extenders that may bind.
#[derive(Clone, Debug, Default)]
pub struct Binders(Arc<[Arc<HttpExtender>]>);

impl Binders {
    /// Those of `extenders` that bind.
    pub fn of(extenders: &[Arc<HttpExtender>]) -> Self {
        Self(extenders.iter().filter(|e| e.is_binder()).cloned().collect())
    }

    /// Asks the extenders called `names` in this order to bind, as
    /// [`Effect::Bind`](longshore_framework::port::Effect::Bind) wants it: the first answer counts, errors included, but
    /// an ignorable extender that fails is passed over. `None` when none has answered, and the binding is to be written
    /// as if there were none.
    pub async fn bind(&self, names: &[Str], binding: &Binding) -> Option<Result<(), PluginError>> {
        for name in names {
            let Some(extender) = self.0.iter().find(|e| e.name() == &**name) else { continue };
            match extender.bind(binding).await {
                Err(error) if extender.is_ignorable() => {
                    tracing::info!(extender = extender.name(), %error, "an extender failed to bind and is passed over");
                }
                answer => return Some(answer),
            }
        }
        None
    }
}
