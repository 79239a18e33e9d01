//! What an expansion sees of the cluster, and where it puts what it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::{ClaimSource, Pod};
use longshore_framework::volume::Claim;

use super::device_claims::DeviceClaims;
use super::existing::Existing;
use super::scale::Autoscalers;
use crate::admission::{Admission, Charge, Refused};
use crate::error::{ObjectError, Within};
use crate::kind::Kind;
use crate::manifests::{Refusal, Removed};
use crate::wire::meta::{Meta, OwnerReference};
use crate::wire::volume::Volume;
use crate::wire::workload::DisruptionBudgetSpec;
use crate::{meta, storage};

/// Pods that are made for all workloads together, at most: beyond that a number is more likely a slip than a wish.
const MOST_PODS: usize = 1_000_000;

/// The cluster as read so far.
#[derive(Debug)]
pub(crate) struct World<'a> {
    /// What becomes of new pods.
    pub(crate) admission: Admission,
    /// What scales workloads.
    pub(crate) autoscalers: Autoscalers,
    /// Nodes.
    pub(crate) nodes: &'a [Arc<Node>],
    /// The class of claims that name none.
    pub(crate) default_class: Option<Str>,
    /// Names of pods, read and made.
    pub(crate) pod_names: BTreeSet<NamespacedName>,
    /// UIDs of pods in the input.
    pub(crate) uids: BTreeSet<Str>,
    /// Names of claims, read and made.
    pub(crate) claim_names: BTreeSet<NamespacedName>,
    /// Claims for devices.
    pub(crate) device_claims: DeviceClaims,
    /// Namespaces of the input, and whether they allow admin access to devices.
    pub(crate) admin_namespaces: BTreeMap<Str, bool>,
    /// The pods of workloads that are there.
    pub(crate) existing: Existing,
    /// ReplicaSets that were made here, with their Deployments.
    pub(super) made_sets: BTreeMap<NamespacedName, Str>,
    /// Pods in order.
    pub(crate) pods: Vec<Arc<Pod>>,
    /// Other objects in order.
    pub(crate) objects: Vec<Object>,
    /// The workload at hand, as messages name it.
    pub(crate) subject: String,
    /// Places among the objects of claims that no API server has seen.
    pub(crate) new_claims: Vec<usize>,
    /// The same of budgets without status, with what they ask for.
    pub(crate) new_budgets: Vec<(usize, DisruptionBudgetSpec)>,
    /// Replicas that workloads ask for.
    pub(crate) scales: BTreeMap<(Kind, Str, Str), usize>,
    /// UIDs of running pods that are not ready.
    pub(crate) unready: BTreeSet<Str>,
    /// Pods that are not made, and why.
    pub(crate) refused: Vec<Refusal>,
    /// What else is worth knowing.
    pub(crate) warnings: Vec<String>,
    /// UIDs of pods of the input that go.
    removed: BTreeSet<Str>,
    /// The same pods, and why.
    pub(crate) gone: Vec<Removed>,
    /// Pods made so far.
    made: usize,
}

impl<'a> World<'a> {
    /// An empty cluster.
    pub(crate) fn new(admission: Admission, nodes: &'a [Arc<Node>], default_class: Option<Str>) -> Self {
        Self {
            admission,
            autoscalers: Autoscalers::default(),
            nodes,
            default_class,
            pod_names: BTreeSet::new(),
            uids: BTreeSet::new(),
            claim_names: BTreeSet::new(),
            device_claims: DeviceClaims::default(),
            admin_namespaces: BTreeMap::new(),
            existing: Existing::default(),
            made_sets: BTreeMap::new(),
            pods: Vec::new(),
            objects: Vec::new(),
            subject: String::new(),
            new_claims: Vec::new(),
            new_budgets: Vec::new(),
            scales: BTreeMap::new(),
            unready: BTreeSet::new(),
            refused: Vec::new(),
            warnings: Vec::new(),
            removed: BTreeSet::new(),
            gone: Vec::new(),
            made: 0,
        }
    }

    /// Notes that `pods` pods of the workload at hand are not made.
    pub(crate) fn refuse(&mut self, pods: usize, Refused(reason): Refused) {
        if pods > 0 {
            self.refused.push(Refusal { object: self.subject.clone(), pods, reason });
        }
    }

    /// Takes one pod off the quotas. Where they do not allow it, all of the `rest` are refused.
    pub(super) fn charge(&mut self, charge: &Charge, rest: usize) -> bool {
        let charged = self.admission.charge(charge);
        charged.map_err(|refused| self.refuse(rest, refused)).is_ok()
    }

    /// The Deployment that a ReplicaSet belongs to.
    pub(crate) fn deployment_of(&self, namespace: &Str, set: &Str) -> Option<Str> {
        let made = self.made_sets.get(&(namespace.clone(), set.clone())).cloned();
        made.or_else(|| self.existing.deployment_of(namespace, set))
    }

    /// Whether a pod runs and is ready, as far as the input says.
    pub(crate) fn is_healthy(&self, pod: &Pod) -> bool {
        pod.meta.node_name.is_some() && !pod.meta.terminating && !self.unready.contains(&pod.meta.uid)
    }

    /// Takes a pod of the input out of the cluster.
    pub(crate) fn remove(&mut self, pod: &Pod, reason: &str) {
        if self.removed.insert(pod.meta.uid.clone()) {
            let node = pod.meta.node_name.as_ref().map(ToString::to_string);
            self.gone.push(Removed { pod: pod.key(), node, reason: reason.to_string() });
        }
    }

    /// Whether a pod was taken out.
    pub(crate) fn is_removed(&self, uid: &Str) -> bool {
        self.removed.contains(uid)
    }

    /// Notes something about the workload at hand.
    pub(super) fn warn_of_subject(&mut self, message: &str) {
        self.warnings.push(format!("{} {message}", self.subject));
    }

    /// Adds a pod, and the claims of its generic ephemeral volumes where no API server has made them. Claims for devices are
    /// made when all templates are known.
    pub(crate) fn add_pod(
        &mut self,
        pod: Arc<Pod>,
        volumes: &[Volume],
        hand_written: bool,
    ) -> Result<(), ObjectError> {
        if hand_written {
            self.add_ephemeral_claims(&pod, volumes)?;
            if pod.spec.resource_claims.iter().any(|c| matches!(c.source, ClaimSource::Template(_))) {
                self.device_claims.waiting.push(self.pods.len());
            }
        }
        self.pods.push(pod);
        Ok(())
    }

    fn add_ephemeral_claims(&mut self, pod: &Pod, volumes: &[Volume]) -> Result<(), ObjectError> {
        for (at, volume) in volumes.iter().enumerate() {
            let Some(ephemeral) = &volume.ephemeral else { continue };
            let template = &ephemeral.volume_claim_template;
            let owner = OwnerReference {
                kind: "Pod".into(),
                name: pod.meta.name.clone(),
                uid: pod.meta.uid.clone(),
                controller: true,
                ..Default::default()
            };
            let metadata = Meta {
                name: format!("{}-{}", pod.meta.name, volume.name).into(),
                namespace: pod.meta.namespace.clone(),
                labels: template.metadata.labels.clone(),
                annotations: template.metadata.annotations.clone(),
                owner_references: vec![owner],
                ..Default::default()
            };
            let claim = storage::claim_of(&metadata, &template.spec);
            let claim = claim.within("ephemeral.volumeClaimTemplate").within_item("spec.volumes", at)?;
            self.make_claim(claim);
        }
        Ok(())
    }

    /// Adds a claim that a controller would make, unless there is one of that name.
    pub(crate) fn make_claim(&mut self, claim: Claim) {
        if self.claim_names.insert((claim.namespace.clone(), claim.name.clone())) {
            self.add_claim(claim, true);
        }
    }

    /// Adds a claim; a hand-written one that is unbound and names no class gets the default class.
    pub(crate) fn add_claim(&mut self, mut claim: Claim, hand_written: bool) {
        if hand_written && claim.class.is_none() && claim.volume_name.is_empty() {
            claim.class = self.default_class.clone();
        }
        if hand_written {
            self.new_claims.push(self.objects.len());
        }
        self.objects.push(Object::Claim(Arc::new(claim)));
    }

    /// Takes `weight` off the number of pods that may still be made; `count` is what the message says.
    pub(crate) fn allow(&mut self, weight: usize, count: usize) -> Result<(), ObjectError> {
        let made = self.made.saturating_add(weight);
        if made > MOST_PODS {
            let message = format!("asks for {count} pods; all workloads together may have {MOST_PODS}");
            return Err(ObjectError::new(message));
        }
        self.made = made;
        Ok(())
    }

    /// Takes a pod name; whether it was free.
    pub(crate) fn take_name(&mut self, namespace: &Str, name: &Str) -> bool {
        self.pod_names.insert((namespace.clone(), name.clone()))
    }

    /// Whether a pod has the name of its maker and a suffix.
    pub(crate) fn has_pod_named_after(&self, namespace: &Str, maker: &str) -> bool {
        let first: Str = format!("{maker}-").into();
        let at_least = self.pod_names.range((namespace.clone(), first.clone())..).next();
        at_least.is_some_and(|(of, name)| of == namespace && name.starts_with(&*first))
    }

    /// Whether a pod of that name is there.
    pub(super) fn has_name(&self, namespace: &Str, name: &Str) -> bool {
        self.pod_names.contains(&(namespace.clone(), name.clone()))
    }

    /// The UID of a pod that is made here.
    pub(crate) fn pod_uid(namespace: &str, name: &str) -> Str {
        meta::made_up_uid("Pod", namespace, name)
    }
}
