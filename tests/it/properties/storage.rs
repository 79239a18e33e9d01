//! Random storage objects: few names, so that claims, volumes and nodes meet.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Labels};
use longshore_framework::node::{HOSTNAME, ZONE};
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::objects::Object;
use longshore_framework::quantity::Quantity;
use longshore_framework::volume::{
    BIND_COMPLETED, BindingMode, Claim, ClaimRef, CsiDriver, CsiNode, CsiSource, CsiStorageCapacity,
    NO_PROVISIONER, PersistentVolume, SELECTED_NODE, StorageClass, Volume, VolumeAttachment, VolumeSource,
};
use proptest::prelude::*;

use super::cluster::{NAMESPACES, ZONES, node_name};

const DRIVERS: [&str; 2] = ["csi.example.com", "ebs.csi.aws.com"];
const MODES: [&str; 3] = ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"];
const EBS: &str = "kubernetes.io/aws-ebs";

/// A volume of a pod.
#[derive(Clone, Debug)]
pub(super) enum VolumeDraft {
    /// A claim that other pods may use as well.
    Shared(usize),
    /// A claim that comes with the pod.
    Own(ClaimDraft),
    Ephemeral(ClaimDraft),
    Disk(usize),
}

/// What a claim is made of.
#[derive(Clone, Debug)]
pub(super) struct ClaimDraft {
    class: usize,
    size: i64,
    mode: usize,
    volume: Option<usize>,
    selected: Option<usize>,
    chooses: bool,
}

/// Something that happens to storage objects.
#[derive(Clone, Debug)]
pub(super) enum StorageChange {
    Claim(usize, usize, ClaimDraft),
    ClaimDeleted(usize, usize),
    Volume(VolumeParts),
    VolumeDeleted(usize),
    Class { at: usize, waits: bool, provisioner: usize, zone: Option<usize> },
    Driver { at: usize, counted: bool },
    CsiNode { node: usize, limit: Option<i64>, migrated: bool },
    CsiNodeDeleted(usize),
    Attachment { at: usize, node: usize, volume: usize },
    AttachmentDeleted(usize),
    Capacity { at: usize, class: usize, size: i64 },
}

/// What a volume is made of.
#[derive(Clone, Debug)]
pub(super) struct VolumeParts {
    at: usize,
    class: usize,
    size: i64,
    place: usize,
    claim: Option<(usize, usize)>,
    handle: usize,
    migrated: bool,
    zone_label: bool,
    terminating: bool,
}

fn claim_draft() -> impl Strategy<Value = ClaimDraft> {
    let volume = prop_oneof![2 => Just(None), 3 => (0..12_usize).prop_map(Some)];
    let selected = prop_oneof![7 => Just(None), 1 => (0..6_usize).prop_map(Some)];
    let parts = (0..3_usize, 1..4_i64, 0..3_usize, volume, selected, prop::bool::weighted(0.1));
    parts.prop_map(|(class, size, mode, volume, selected, chooses)| ClaimDraft {
        class,
        size,
        mode,
        volume,
        selected,
        chooses,
    })
}

pub(super) fn volume_draft() -> impl Strategy<Value = VolumeDraft> {
    prop_oneof![
        3 => (0..4_usize).prop_map(VolumeDraft::Shared),
        6 => claim_draft().prop_map(VolumeDraft::Own),
        1 => claim_draft().prop_map(VolumeDraft::Ephemeral),
        1 => (0..8_usize).prop_map(VolumeDraft::Disk),
    ]
}

pub(super) fn storage_change() -> impl Strategy<Value = StorageChange> {
    use StorageChange as S;
    let claim = prop_oneof![4 => Just(None), 1 => (0..4_usize, 0..2_usize).prop_map(Some)];
    let parts = (0..12_usize, 0..3_usize, 1..4_i64, 0..8_usize, claim, 0..8_usize);
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    let volume = (parts, flags).prop_map(|(parts, (migrated, zone_label, terminating))| {
        let (at, class, size, place, claim, handle) = parts;
        VolumeParts { at, class, size, place, claim, handle, migrated, zone_label, terminating }
    });
    let limit = prop_oneof![1 => Just(None), 3 => (0..4_i64).prop_map(Some)];
    let zone = prop_oneof![3 => Just(None), 1 => (0..3_usize).prop_map(Some)];
    prop_oneof![
        4 => (0..4_usize, 0..2_usize, claim_draft()).prop_map(|(at, space, claim)| S::Claim(at, space, claim)),
        1 => (0..4_usize, 0..2_usize).prop_map(|(at, space)| S::ClaimDeleted(at, space)),
        8 => volume.prop_map(S::Volume),
        1 => (0..12_usize).prop_map(S::VolumeDeleted),
        1 => (0..3_usize, prop::bool::weighted(0.9), 0..4_usize, zone)
            .prop_map(|(at, waits, provisioner, zone)| S::Class { at, waits, provisioner, zone }),
        1 => (0..2_usize, any::<bool>()).prop_map(|(at, counted)| S::Driver { at, counted }),
        4 => (0..6_usize, limit, any::<bool>())
            .prop_map(|(node, limit, migrated)| S::CsiNode { node, limit, migrated }),
        1 => (0..6_usize).prop_map(S::CsiNodeDeleted),
        2 => (0..4_usize, 0..6_usize, 0..12_usize)
            .prop_map(|(at, node, volume)| S::Attachment { at, node, volume }),
        1 => (0..4_usize).prop_map(S::AttachmentDeleted),
        2 => (0..3_usize, 0..3_usize, 1..4_i64)
            .prop_map(|(at, class, size)| S::Capacity { at, class, size }),
    ]
}

/// What the histories begin with: three classes, and CSINodes with a limit.
pub(super) fn first_changes() -> Vec<StorageChange> {
    use StorageChange as S;
    let classes = (0..3).map(|at| S::Class { at, waits: true, provisioner: at, zone: None });
    let nodes = (0..6).map(|node| S::CsiNode { node, limit: Some(3), migrated: node % 2 == 0 });
    classes.chain(nodes).collect()
}

fn name(kind: &str, at: usize) -> Str {
    format!("{kind}-{at}").into()
}

fn given<'a>(key: &'a str, value: &'a str) -> Labels {
    [(key, value)].into_iter().collect()
}

impl VolumeDraft {
    /// The volume, the one with this number of its pod.
    pub(super) fn volume(&self, pod: &str, number: usize) -> Volume {
        let name = name("volume", number);
        let source = match self {
            Self::Shared(at) => VolumeSource::Claim { name: self::name("claim", *at) },
            Self::Own(_) => VolumeSource::Claim { name: format!("{pod}-{name}").into() },
            Self::Ephemeral(_) => VolumeSource::Ephemeral,
            Self::Disk(at) => VolumeSource::AwsElasticBlockStore { id: format!("aws://x/vol-{at}").into() },
        };
        Volume { name, source }
    }

    /// The claim that comes with a pod.
    pub(super) fn claim(&self, pod: &longshore_framework::pod::Pod, number: usize) -> Option<Object> {
        let (Self::Own(draft) | Self::Ephemeral(draft)) = self else { return None };
        let name = format!("{}-{}", pod.meta.name, name("volume", number)).into();
        let owner = matches!(self, Self::Ephemeral(_)).then(|| Arc::clone(&pod.meta.uid));
        let claim = Claim { owner_uid: owner, ..draft.build(name, Arc::clone(&pod.meta.namespace)) };
        Some(Object::Claim(Arc::new(claim)))
    }
}

impl ClaimDraft {
    fn build(&self, name: Str, namespace: Str) -> Claim {
        let annotations = match (self.volume, self.selected) {
            (Some(_), _) => given(BIND_COMPLETED, "yes"),
            (None, Some(node)) => given(SELECTED_NODE, &node_name(node)),
            (None, None) => Labels::default(),
        };
        Claim {
            uid: format!("uid-{namespace}-{name}").into(),
            namespace,
            name,
            annotations,
            class: Some(self::name("class", self.class)),
            volume_name: self.volume.map(|at| self::name("pv", at)).unwrap_or_default(),
            access_modes: vec![MODES[self.mode].into()],
            request: Quantity::units(self.size),
            selector: self.chooses.then(|| [("tier", "a")].into_iter().collect::<LabelSelector>()),
            ..Claim::default()
        }
    }
}

impl VolumeParts {
    fn build(&self) -> PersistentVolume {
        let claim = self.claim.map(|(at, space)| ClaimRef {
            namespace: NAMESPACES[space].into(),
            name: name("claim", at),
            uid: Str::default(),
        });
        let labels = match self.zone_label {
            true => given(ZONE, ZONES[self.place % 3]),
            false => given("tier", ["a", "b"][self.at % 2]),
        };
        PersistentVolume {
            name: name("pv", self.at),
            labels,
            class: name("class", self.class),
            capacity: Quantity::units(self.size),
            access_modes: MODES.iter().map(|mode| Str::from(*mode)).collect(),
            node_affinity: self.place(),
            phase: if claim.is_some() { "Bound" } else { "Available" }.into(),
            claim,
            terminating: self.terminating,
            csi: Some(CsiSource {
                driver: DRIVERS[usize::from(self.migrated)].into(),
                handle: format!("vol-{}", self.handle).into(),
                migrated_from: self.migrated.then(|| EBS.into()),
            }),
            ..PersistentVolume::default()
        }
    }

    /// Anywhere, in a zone, on one node or on either of two.
    fn place(&self) -> Option<NodeSelector> {
        let (key, values) = match self.place {
            0 | 1 => return None,
            2 | 3 => (ZONE, vec![ZONES[self.place - 2].to_string()]),
            4 => (HOSTNAME, vec![node_name(self.at % 6), node_name(self.size as usize)]),
            _ => (HOSTNAME, vec![node_name(self.at % 6)]),
        };
        let values = values.into_iter().map(Str::from).collect();
        let requirement = NodeRequirement { key: key.into(), operator: NodeOperator::In, values };
        let term = NodeSelectorTerm { expressions: vec![requirement], fields: Vec::new() };
        Some(NodeSelector { terms: vec![term] })
    }
}

impl StorageChange {
    /// What the API server shows: an object, or that it is gone.
    pub(super) fn shown(&self) -> (Object, bool) {
        match self {
            Self::Claim(at, space, draft) => {
                (Object::Claim(Arc::new(draft.build(name("claim", *at), NAMESPACES[*space].into()))), true)
            }
            Self::ClaimDeleted(at, space) => {
                let (namespace, name) = (NAMESPACES[*space].into(), name("claim", *at));
                (Object::Claim(Arc::new(Claim { namespace, name, ..Claim::default() })), false)
            }
            Self::Volume(parts) => (Object::PersistentVolume(Arc::new(parts.build())), true),
            Self::VolumeDeleted(at) => {
                let gone = PersistentVolume { name: name("pv", *at), ..PersistentVolume::default() };
                (Object::PersistentVolume(Arc::new(gone)), false)
            }
            Self::Class { at, waits, provisioner, zone } => {
                let mode = if *waits { BindingMode::WaitForFirstConsumer } else { BindingMode::Immediate };
                let zone = zone.map(|at| vec![(ZONE.into(), vec![ZONES[at].into()])]);
                let class = StorageClass {
                    name: name("class", *at),
                    provisioner: [NO_PROVISIONER, DRIVERS[0], DRIVERS[1], EBS][*provisioner].into(),
                    binding_mode: Some(mode),
                    allowed_topologies: zone.into_iter().collect(),
                };
                (Object::StorageClass(Arc::new(class)), true)
            }
            Self::Driver { at, counted } => {
                let driver = CsiDriver {
                    name: DRIVERS[*at].into(),
                    storage_capacity: *counted,
                    prevents_if_missing: false,
                };
                (Object::CsiDriver(Arc::new(driver)), true)
            }
            Self::CsiNode { node, limit, migrated } => {
                let drivers = DRIVERS.iter().map(|driver| (Str::from(*driver), *limit)).collect();
                let migrated = migrated.then(|| EBS.into()).into_iter().collect();
                (
                    Object::CsiNode(Arc::new(CsiNode { name: node_name(*node).into(), drivers, migrated })),
                    true,
                )
            }
            Self::CsiNodeDeleted(node) => {
                let gone = CsiNode { name: node_name(*node).into(), ..CsiNode::default() };
                (Object::CsiNode(Arc::new(gone)), false)
            }
            Self::Attachment { at, node, volume } => {
                let attachment = VolumeAttachment {
                    name: name("attachment", *at),
                    attacher: DRIVERS[0].into(),
                    node: node_name(*node).into(),
                    volume: Some(name("pv", *volume)),
                };
                (Object::VolumeAttachment(Arc::new(attachment)), true)
            }
            Self::AttachmentDeleted(at) => {
                let gone = VolumeAttachment { name: name("attachment", *at), ..VolumeAttachment::default() };
                (Object::VolumeAttachment(Arc::new(gone)), false)
            }
            Self::Capacity { at, class, size } => {
                let capacity = CsiStorageCapacity {
                    namespace: "default".into(),
                    name: name("capacity", *at),
                    class: name("class", *class),
                    topology: Some([(HOSTNAME, &*node_name(*at))].into_iter().collect()),
                    capacity: Some(Quantity::units(*size)),
                    maximum_volume_size: None,
                };
                (Object::CsiStorageCapacity(Arc::new(capacity)), true)
            }
        }
    }
}
