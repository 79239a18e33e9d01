//! Which group a pod belongs to.

use super::Pod;
use crate::Str;
use crate::group::{GROUP_LABEL, GroupApi, GroupKey};

impl GroupKey {
    /// The group that the pod names, whether there is one or not. A pod that names several belongs to the first of: the one
    /// in its spec, the one in its annotations, the one in its label.
    pub fn of(pod: &Pod) -> Option<Self> {
        let named = match (&pod.spec.scheduling_group, &pod.meta.own_group) {
            (Some(name), _) => Some((GroupApi::Kubernetes, name)),
            (None, Some(own)) => Some((GroupApi::Annotations, &own.name)),
            (None, None) => pod.meta.labels.get(GROUP_LABEL).map(|name| (GroupApi::Coscheduling, name)),
        };
        let (api, name) = named?;
        Some(Self { api, namespace: Str::clone(&pod.meta.namespace), name: Str::clone(name) })
    }
}
