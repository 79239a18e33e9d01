//! Whether and where a volume can be made for a claim.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Labels, Operator};
use longshore_framework::objects::Objects;
use longshore_framework::quantity::Quantity;
use longshore_framework::volume::{Claim, CsiStorageCapacity, NO_PROVISIONER, StorageClass};

use super::pin_index::PinIndex;

/// Whether and where a volume can be made for a claim.
#[derive(Debug)]
pub(super) enum Provision {
    /// The class is gone.
    NoClass(Str),
    /// The class has no provisioner.
    Never,
    /// Where the class allows it.
    Allowed(Arc<StorageClass>),
    /// Where the class allows it and one of the capacities reaches.
    WithRoom(Arc<StorageClass>, Room),
}

/// Capacities that are large enough.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Where each is, and how many bytes it has.
    topologies: Vec<(LabelSelector, i64)>,
    index: PinIndex,
}

impl Room {
    fn add(&mut self, topology: &LabelSelector, capacity: i64) {
        let listed = topology.requirements.iter().find(|r| r.operator == Operator::In);
        self.index.add(self.topologies.len(), listed.map(|r| (&r.key, r.values.as_slice())));
        self.topologies.push((topology.clone(), capacity));
    }

    /// The bytes of the first one, by name, that a node with these labels has access to.
    pub(super) fn reached(&self, labels: &Labels) -> Option<i64> {
        let at = self.index.first(labels, |at| self.topologies[at].0.matches(labels))?;
        Some(self.topologies[at].1)
    }
}

/// Whether the claim's driver says where there is room.
pub(super) fn is_counted(claim: &Claim, objects: &Objects) -> bool {
    let class = claim.class.as_ref().and_then(|name| objects.classes.get(name));
    let driver = class.and_then(|class| objects.csi_drivers.get(&class.provisioner));
    driver.is_some_and(|driver| driver.storage_capacity) && claim.request != Quantity::ZERO
}

impl Provision {
    /// What can be done for `claim`. With `exact`, amounts are compared as they are written.
    pub(super) fn of(claim: &Claim, objects: &Objects, exact: bool) -> Self {
        let name = claim.class.clone().unwrap_or_default();
        let Some(class) = objects.classes.get(&name) else { return Self::NoClass(name) };
        if class.provisioner.is_empty() || &*class.provisioner == NO_PROVISIONER {
            return Self::Never;
        }
        if !is_counted(claim, objects) {
            return Self::Allowed(Arc::clone(class));
        }
        let holds = |limit: Quantity| match exact {
            true => limit >= claim.request,
            false => limit.value() >= claim.request.value(),
        };
        let enough = |c: &CsiStorageCapacity| c.limit().is_some_and(holds);
        let mut room = Room::default();
        for capacity in objects.capacities.values().filter(|c| c.class == name && enough(c)) {
            if let Some(topology) = &capacity.topology {
                room.add(topology, capacity.capacity.map_or(0, Quantity::value));
            }
        }
        Self::WithRoom(Arc::clone(class), room)
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::objects::Object;
    use longshore_framework::volume::{BindingMode, CsiDriver};

    use super::*;

    /// Whether a volume of `asks` can be made where there is a capacity of `has`.
    #[track_caller]
    fn check(asks: &str, has: &str, exact: bool, want: bool) {
        let mut objects = Objects::default();
        let class = StorageClass {
            name: "fast".into(),
            provisioner: "csi.example.com".into(),
            binding_mode: Some(BindingMode::WaitForFirstConsumer),
            allowed_topologies: Vec::new(),
        };
        let driver =
            CsiDriver { name: "csi.example.com".into(), storage_capacity: true, prevents_if_missing: false };
        let capacity = CsiStorageCapacity {
            name: "c".into(),
            class: "fast".into(),
            topology: Some(LabelSelector::default()),
            capacity: Some(has.parse().unwrap()),
            ..CsiStorageCapacity::default()
        };
        objects.set(Object::StorageClass(Arc::new(class)));
        objects.set(Object::CsiDriver(Arc::new(driver)));
        objects.set(Object::CsiStorageCapacity(Arc::new(capacity)));
        let request = asks.parse().unwrap();
        let claim = Claim { class: Some("fast".into()), request, ..Claim::default() };
        let Provision::WithRoom(_, room) = Provision::of(&claim, &objects, exact) else {
            panic!("not counted")
        };
        assert_eq!(room.reached(&Labels::default()).is_some(), want, "{asks} of {has}, exact: {exact}");
    }

    #[test]
    fn amounts_are_compared_as_they_are_written_since_1_38() {
        for exact in [false, true] {
            check("1Gi", "2Gi", exact, true);
            check("2Gi", "1Gi", exact, false);
        }
        check("1500m", "1200m", false, true);
        check("1500m", "1200m", true, false);
        check("1200m", "1500m", true, true);
    }
}
