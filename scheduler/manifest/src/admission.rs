//! What an API server does once, when a pod is created, in its order: LimitRanges, priority, tolerations, RuntimeClass, the
//! merge of label keys, ResourceQuotas (`plugin/pkg/admission`, `pkg/registry/core/pod/strategy.go`). For pods that no API
//! server has seen, with the objects that are at hand.
//!
//! What is derived from an object, for whom, and where Kubernetes does it:
//!
//! | What | For whom | Where |
//! | --- | --- | --- |
//! | requests from limits, pod-level requests, host ports of `hostNetwork`, amounts rounded up to thousandths | all pods; on those of an API server it changes nothing | `pkg/apis/core/v1/defaults.go`: `SetDefaults_Pod`, `SetDefaults_ResourceList` |
//! | `schedulerName` | all pods, as above | `SetDefaults_PodSpec` |
//! | a node's allocatable from its capacity, a namespace's own label, selector and replicas of workloads | all, as above | `SetDefaults_NodeStatus`, `SetDefaults_Namespace`, `pkg/apis/apps/v1/defaults.go` |
//! | requests and limits from LimitRanges, their bounds | hand-written pods | `plugin/pkg/admission/limitranger` |
//! | priority and preemption policy from the class or the global default | hand-written pods that give none; the priority alone for PodGroups of `scheduling.k8s.io` | `plugin/pkg/admission/priority` |
//! | tolerations of not-ready and unreachable nodes | hand-written pods | `plugin/pkg/admission/defaulttolerationseconds` |
//! | overhead, node selector and tolerations of the RuntimeClass | hand-written pods | `plugin/pkg/admission/runtimeclass` |
//! | `matchLabelKeys`, `mismatchLabelKeys` of affinity terms | hand-written pods | `pkg/registry/core/pod/strategy.go` |
//! | `matchLabelKeys` of spread constraints | all pods, at each decision | `pkg/scheduler/framework/plugins/podtopologyspread/common.go` |
//! | tolerations that compare numbers, as the gate allows | hand-written pods | `pkg/apis/core/validation`: `ValidateTolerations` |
//! | what a ResourceQuota still allows | hand-written pods and claims for devices, claims of templates | `plugin/pkg/admission/resourcequota` of k8s.io/apiserver, `pkg/quota/v1/evaluator/core` |
//! | fields of devices and claims whose gate is off | hand-written objects | `dropDisabledFields` of `pkg/registry/resource` |
//! | admin access to devices | hand-written claims and templates | `AuthorizedForAdmin` of `pkg/registry/resource` |
//! | claims for devices from templates, with their names in the pod's status | hand-written pods, those of workloads among them | `pkg/controller/resourceclaim` |
//! | class of a claim that names none, binding mode of a class | hand-written objects | `plugin/pkg/admission/storage/storageclass`, `pkg/apis/storage/v1/defaults.go` |
//! | volume of a claim whose class binds at once | hand-written claims | `pkg/controller/volume/persistentvolume` |
//! | `disruptionsAllowed` | hand-written budgets | `pkg/controller/disruption` |
//! | pods of workloads | what is missing of them | `pkg/controller` |

mod label_keys;
mod limit_range;
mod quota;
mod refused;
mod runtime_class;
mod shown;
mod tolerations;

use std::collections::{BTreeMap, BTreeSet};

use longshore_framework::Str;
use longshore_framework::device::DeviceClass;
use longshore_framework::features::{Features, Gate};
use longshore_framework::group::{GroupApi, PodGroup};
use longshore_framework::resources::ResourceList;

use crate::meta;
use crate::priority::PriorityClasses;
use crate::wire::admission::{LimitRange, ResourceQuota, RuntimeClass};
use crate::wire::devices::ClaimDevices;
use crate::wire::pod::Pod;

pub(crate) use quota::Charge;
use quota::Quotas;
pub(crate) use refused::Refused;

/// What admission knows of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// PriorityClasses.
    pub(crate) classes: PriorityClasses,
    limit_ranges: BTreeMap<Str, Vec<LimitRange>>,
    runtime_classes: BTreeMap<Str, RuntimeClass>,
    quotas: Quotas,
    /// Extended resources that DeviceClasses serve, by class.
    device_classes: BTreeMap<Str, Str>,
    warnings: BTreeSet<String>,
    /// The rules that are followed.
    pub(crate) features: Features,
}

impl Admission {
    /// With these PriorityClasses, by these rules.
    pub(crate) fn of(classes: PriorityClasses, features: Features) -> Self {
        Self { classes, features, ..Self::default() }
    }

    /// Takes a LimitRange.
    pub(crate) fn add_limit_range(&mut self, mut range: LimitRange) {
        range.spec.limits.iter_mut().for_each(limit_range::fill_in);
        self.limit_ranges.entry(meta::namespace(&range.metadata)).or_default().push(range);
    }

    /// Takes a RuntimeClass.
    pub(crate) fn add_runtime_class(&mut self, class: RuntimeClass) {
        self.runtime_classes.insert(class.metadata.name.clone(), class);
    }

    /// Takes a ResourceQuota.
    pub(crate) fn add_quota(&mut self, quota: ResourceQuota) {
        self.quotas.add(quota);
    }

    /// Takes note of a DeviceClass that serves an extended resource.
    pub(crate) fn add_device_class(&mut self, class: &DeviceClass) {
        if let Some(resource) = &class.extended_resource {
            self.device_classes.insert(class.name.clone(), resource.clone());
        }
    }

    /// A pod that exists: it counts towards quotas that no controller has counted yet, and its priority says what its class
    /// is worth.
    pub(crate) fn note(&mut self, pod: &Pod) {
        self.classes.note(&pod.spec);
        self.quotas.note(pod);
    }

    /// Gives a new pod, its defaults filled in, what admission gives it. `object` is who a warning is about.
    pub(crate) fn admit(&mut self, object: &str, pod: &mut Pod) -> Result<(), Refused> {
        let ranges = self.limit_ranges.get(&meta::namespace(&pod.metadata)).map_or(&[][..], Vec::as_slice);
        ranges.iter().for_each(|range| limit_range::apply(range, &mut pod.spec));
        self.prioritise(object, pod);
        tolerations::add_defaults(&mut pod.spec.tolerations);
        match self.runtime_classes.get(&pod.spec.runtime_class_name) {
            Some(class) => runtime_class::apply(class, &mut pod.spec)?,
            None if pod.spec.runtime_class_name.is_empty() => {}
            None => self.warn(missing_runtime_class(object, &pod.spec.runtime_class_name)),
        }
        label_keys::merge(pod);
        Ok(())
    }

    /// The same, and whether such a pod may be created at all; what it then takes of quotas.
    pub(crate) fn create(&mut self, object: &str, pod: &mut Pod) -> Result<Charge, Refused> {
        self.admit(object, pod)?;
        tolerations::check(&pod.spec.tolerations, self.features)?;
        let ranges = self.limit_ranges.get(&meta::namespace(&pod.metadata));
        ranges.into_iter().flatten().try_for_each(|range| limit_range::check(range, &pod.spec))?;
        self.quotas.charge_of(pod)
    }

    /// Takes one such pod off the quotas, if all of them allow it.
    pub(crate) fn charge(&mut self, charge: &Charge) -> Result<(), Refused> {
        self.quotas.charge(charge)
    }

    /// What a claim for devices takes of quotas.
    pub(crate) fn usage_of_claim(&self, devices: &ClaimDevices) -> ResourceList {
        let extended = self.features.enabled(Gate::DRAExtendedResource).then_some(&self.device_classes);
        quota::of_claim(devices, extended)
    }

    /// A claim for devices that exists: it counts towards quotas that no controller has counted yet.
    pub(crate) fn note_claim(&mut self, namespace: &Str, devices: &ClaimDevices) {
        let usage = self.usage_of_claim(devices);
        self.quotas.note_claim(namespace, &usage);
    }

    /// Takes one such claim off the quotas, if all of them allow it.
    pub(crate) fn charge_claim(&mut self, namespace: &Str, usage: &ResourceList) -> Result<(), Refused> {
        self.quotas.charge_claim(namespace, usage)
    }

    /// What is worth knowing, each once.
    pub(crate) fn into_warnings(self) -> impl Iterator<Item = String> {
        self.warnings.into_iter()
    }

    fn prioritise(&mut self, object: &str, pod: &mut Pod) {
        if pod.spec.priority.is_some() {
            return;
        }
        let found = self.classes.find(&pod.spec.priority_class_name);
        if let Some(warning) = found.warning {
            self.warn(format!("{object}: {warning}"));
        }
        let spec = &mut pod.spec;
        spec.priority = Some(found.value);
        spec.priority_class_name = found.name;
        if spec.preemption_policy.is_empty() {
            spec.preemption_policy = found.policy;
        }
    }

    /// Gives a new group of `scheduling.k8s.io` the priority of its class.
    pub(crate) fn prioritise_group(&mut self, group: &mut PodGroup) {
        if group.api != GroupApi::Kubernetes || group.priority.is_some() {
            return;
        }
        let found = self.classes.find(&group.priority_class);
        if let Some(warning) = found.warning {
            self.warn(format!("PodGroup {}: {warning}", group.key()));
        }
        group.priority = (!found.name.is_empty()).then_some(found.value);
    }

    fn warn(&mut self, message: String) {
        self.warnings.insert(message);
    }
}

fn missing_runtime_class(object: &str, name: &str) -> String {
    format!(
        "{object}: RuntimeClass {name} is not in the input, so its overhead and its scheduling rules are not applied"
    )
}

#[cfg(test)]
mod tests;
