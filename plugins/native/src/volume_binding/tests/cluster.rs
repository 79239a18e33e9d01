//! A small cluster to ask VolumeBinding about.

use longshore_framework::Str;
use longshore_framework::fixture::{node, pod};
use longshore_framework::labels::LabelSelector;
use longshore_framework::node::{HOSTNAME, ZONE};
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::objects::{Object, Objects};
use longshore_framework::port::StorageWrite;
use longshore_framework::snapshot::Snapshot;
use longshore_framework::volume::{
    BIND_COMPLETED, BindingMode, Claim, CsiDriver, CsiStorageCapacity, NO_PROVISIONER, PersistentVolume,
    StorageClass, Volume, VolumeSource,
};

use super::super::*;

pub(super) const DRIVER: &str = "csi.example.com";
pub(super) const CONFLICT: &str = "node(s) didn't find available persistent volumes to bind";
pub(super) const ELSEWHERE: &str = "node(s) didn't match PersistentVolume's node affinity";

pub(super) fn on(key: &str, value: &str) -> Option<NodeSelector> {
    let requirement =
        NodeRequirement { key: key.into(), operator: NodeOperator::In, values: vec![value.into()] };
    let term = NodeSelectorTerm { expressions: vec![requirement], fields: Vec::new() };
    Some(NodeSelector { terms: vec![term] })
}

/// A free local volume of class `local`, on a node.
pub(super) fn local(name: &str, size: &str, host: &str) -> PersistentVolume {
    PersistentVolume {
        name: name.into(),
        class: "local".into(),
        capacity: size.parse().unwrap(),
        access_modes: vec!["ReadWriteOnce".into()],
        node_affinity: on(HOSTNAME, host),
        phase: "Available".into(),
        ..PersistentVolume::default()
    }
}

/// A claim of 5Gi that is not bound.
pub(super) fn claim(name: &str, class: &str) -> Claim {
    Claim {
        namespace: "default".into(),
        name: name.into(),
        uid: format!("uid-{name}").into(),
        class: Some(class.into()),
        access_modes: vec!["ReadWriteOnce".into()],
        request: "5Gi".parse().unwrap(),
        ..Claim::default()
    }
}

pub(super) fn annotate(claim: &mut Claim, key: &str, value: &str) {
    claim.annotations = [(key, value)].into_iter().collect();
}

/// Nodes `a` (zone x) and `b` (zone y), and the classes `local` (nothing is made), `fast` (made anywhere), `zonal`
/// (made in zone x), `counted` (made where there is room) and `immediate`.
pub(super) struct Cluster {
    pub(super) snapshot: Snapshot,
    pub(super) objects: Objects,
}

impl Cluster {
    pub(super) fn new() -> Self {
        let mut snapshot = Snapshot::default();
        snapshot.set_node(node("a").label(ZONE, "x").build());
        snapshot.set_node(node("b").label(ZONE, "y").build());
        let mut cluster = Self { snapshot, objects: Objects::default() };
        cluster.class("local", NO_PROVISIONER, &[]);
        cluster.class("fast", DRIVER, &[]);
        cluster.class("zonal", DRIVER, &["x"]);
        cluster.class("counted", "counted.example.com", &[]);
        let immediate = StorageClass {
            name: "immediate".into(),
            provisioner: DRIVER.into(),
            binding_mode: Some(BindingMode::Immediate),
            allowed_topologies: Vec::new(),
        };
        cluster.objects.set(Object::StorageClass(Arc::new(immediate)));
        let driver = CsiDriver {
            name: "counted.example.com".into(),
            storage_capacity: true,
            prevents_if_missing: false,
        };
        cluster.objects.set(Object::CsiDriver(Arc::new(driver)));
        cluster
    }

    pub(super) fn class(&mut self, name: &str, provisioner: &str, zones: &[&str]) {
        let zones: Vec<Str> = zones.iter().map(|z| Str::from(*z)).collect();
        let allowed = if zones.is_empty() { Vec::new() } else { vec![vec![(Str::from(ZONE), zones)]] };
        let class = StorageClass {
            name: name.into(),
            provisioner: provisioner.into(),
            binding_mode: Some(BindingMode::WaitForFirstConsumer),
            allowed_topologies: allowed,
        };
        self.objects.set(Object::StorageClass(Arc::new(class)));
    }

    pub(super) fn volumes(mut self, volumes: impl IntoIterator<Item = PersistentVolume>) -> Self {
        for volume in volumes {
            self.objects.set(Object::PersistentVolume(Arc::new(volume)));
        }
        self
    }

    pub(super) fn claims(mut self, claims: impl IntoIterator<Item = Claim>) -> Self {
        for claim in claims {
            self.objects.set(Object::Claim(Arc::new(claim)));
        }
        self
    }

    pub(super) fn capacity(mut self, host: &str, size: &str) -> Self {
        let capacity = CsiStorageCapacity {
            namespace: "kube-system".into(),
            name: host.into(),
            class: "counted".into(),
            topology: Some([(HOSTNAME, host)].into_iter().collect::<LabelSelector>()),
            capacity: size.parse().ok(),
            maximum_volume_size: None,
        };
        self.objects.set(Object::CsiStorageCapacity(Arc::new(capacity)));
        self
    }

    /// What is said of the pod on nodes `a` and `b`.
    #[track_caller]
    pub(super) fn check(&self, pod: &Pod, want: [&str; 2]) {
        let cx = Cycle { snapshot: &self.snapshot, objects: &self.objects, pod };
        let mut state = PluginState::default();
        let said = match VolumeBinding::default().pre_filter(cx, &mut state) {
            Err(error) => [format!("error: {error}"), String::new()],
            Ok(PreFilterVerdict::Skip) => ["skip".to_string(), String::new()],
            Ok(PreFilterVerdict::Reject(r)) => [format!("all: {}", r.message()), String::new()],
            Ok(PreFilterVerdict::Pass(_)) => ["a", "b"].map(|name| {
                let view = self.snapshot.view(self.snapshot.slot(name).unwrap());
                match VolumeBinding::default().filter(cx, &state, view).unwrap() {
                    Verdict::Pass => String::new(),
                    Verdict::Reject(r) => r.message(),
                }
            }),
        };
        assert_eq!(said, want);
    }

    /// Reserves for the pod on a node, and returns what PreBind writes.
    pub(super) fn reserve(&mut self, pod: &Pod, name: &str, state: &mut PluginState) -> Vec<PreBindWrite> {
        let cx = Cycle { snapshot: &self.snapshot, objects: &self.objects, pod };
        VolumeBinding::default().pre_filter(cx, state).unwrap();
        let slot = self.snapshot.slot(name).unwrap();
        assert_eq!(VolumeBinding::default().filter(cx, state, self.snapshot.view(slot)), Ok(Verdict::Pass));
        self.reserve_unfiltered(pod, slot, state)
    }

    /// The same without Filter.
    pub(super) fn reserve_unfiltered(
        &mut self,
        pod: &Pod,
        slot: Slot,
        state: &mut PluginState,
    ) -> Vec<PreBindWrite> {
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut self.objects, pod, node: slot };
        assert_eq!(VolumeBinding::default().reserve(&mut cx, state), Ok(Verdict::Pass));
        let cx = Cycle { snapshot: &self.snapshot, objects: &self.objects, pod };
        VolumeBinding::default().pre_bind(cx, state, slot).unwrap()
    }

    pub(super) fn unreserve(&mut self, pod: &Pod, name: &str, state: &mut PluginState) {
        let slot = self.snapshot.slot(name).unwrap();
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut self.objects, pod, node: slot };
        VolumeBinding::default().unreserve(&mut cx, state);
    }
}

pub(super) fn user(name: &str, claims: &[&str]) -> Arc<Pod> {
    let volume = |claim: &&str| Volume {
        name: Str::from(*claim),
        source: VolumeSource::Claim { name: Str::from(*claim) },
    };
    pod(name).spec(|s| s.volumes = claims.iter().map(volume).collect()).build()
}

pub(super) fn ephemeral(name: &str) -> Arc<Pod> {
    let volume = Volume { name: "scratch".into(), source: VolumeSource::Ephemeral };
    pod(name).spec(|s| s.volumes.push(volume)).build()
}

pub(super) fn bound(name: &str, volume: &str) -> Claim {
    let mut bound = claim(name, "local");
    bound.volume_name = volume.into();
    annotate(&mut bound, BIND_COMPLETED, "yes");
    bound
}

pub(super) fn bind(volume: &str, claim: &str) -> PreBindWrite {
    let (volume, namespace) = (volume.into(), "default".into());
    PreBindWrite::Storage(StorageWrite::BindVolume { volume, namespace, claim: claim.into() })
}

pub(super) fn provision(claim: &str, node: &str) -> PreBindWrite {
    let (namespace, claim) = ("default".into(), claim.into());
    PreBindWrite::Storage(StorageWrite::Provision { namespace, claim, node: node.into() })
}
