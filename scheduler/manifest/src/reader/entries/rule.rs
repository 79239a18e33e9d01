//! Objects that say what becomes of new pods and workloads. They are known before any pod is made.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::decode::decode;
use crate::error::ObjectError;
use crate::expand::World;
use crate::kind::Kind;
use crate::meta;
use crate::wire::admission::{Autoscaler, LimitRange, ResourceQuota, RuntimeClass};
use crate::wire::meta::Meta;

/// One of them.
#[derive(Debug)]
pub(super) enum Rule {
    LimitRange(LimitRange),
    RuntimeClass(RuntimeClass),
    Quota(ResourceQuota),
    Autoscaler(Autoscaler),
}

impl Rule {
    /// Reads an object of such a kind; nothing when it is of another.
    pub(super) fn load(kind: Kind, value: &Value) -> Result<Option<Self>, ObjectError> {
        Ok(Some(match kind {
            Kind::LimitRange => Self::LimitRange(named(value, |o: &LimitRange| &o.metadata)?),
            Kind::RuntimeClass => Self::RuntimeClass(named(value, |o: &RuntimeClass| &o.metadata)?),
            Kind::ResourceQuota => Self::Quota(named(value, |o: &ResourceQuota| &o.metadata)?),
            Kind::HorizontalPodAutoscaler => Self::Autoscaler(named(value, |o: &Autoscaler| &o.metadata)?),
            _ => return Ok(None),
        }))
    }

    /// Puts the rule in force.
    pub(super) fn enact(self, world: &mut World<'_>) {
        match self {
            Self::LimitRange(range) => world.admission.add_limit_range(range),
            Self::RuntimeClass(class) => world.admission.add_runtime_class(class),
            Self::Quota(quota) => world.admission.add_quota(quota),
            Self::Autoscaler(autoscaler) => world.autoscalers.add(&autoscaler),
        }
    }
}

fn named<T: DeserializeOwned>(value: &Value, metadata: fn(&T) -> &Meta) -> Result<T, ObjectError> {
    let read = decode(value)?;
    meta::name(metadata(&read))?;
    Ok(read)
}
