//! One pair of columns per resource.

use std::sync::Arc;

use super::Slot;
use crate::Str;
use crate::resources::{Amounts, CPU, EPHEMERAL_STORAGE, MEMORY};

/// Which pair of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(usize);

impl ResourceId {
    /// As an index; ids count up from 0.
    pub fn index(self) -> usize {
        self.0
    }
}

/// cpu, in thousandths of a core.
pub const CPU_ID: ResourceId = ResourceId(0);
/// memory, in bytes.
pub const MEMORY_ID: ResourceId = ResourceId(1);
/// ephemeral-storage, in bytes.
pub const EPHEMERAL_ID: ResourceId = ResourceId(2);

#[derive(Clone, Debug)]
struct Column {
    name: Str,
    allocatable: Vec<i64>,
    requested: Vec<i64>,
}

/// The columns; a resource gets its own when a node or a pod first names it, and keeps it.
#[derive(Clone, Debug)]
pub(super) struct ResourceColumns {
    columns: Vec<Column>,
    /// Their names, for whoever keeps them beside amounts of its own.
    names: Arc<[Str]>,
    slots: usize,
}

impl Default for ResourceColumns {
    fn default() -> Self {
        let fresh = |name: &str| Column { name: name.into(), allocatable: Vec::new(), requested: Vec::new() };
        let columns: Vec<Column> = [CPU, MEMORY, EPHEMERAL_STORAGE].map(fresh).into();
        Self { names: columns.iter().map(|c| Arc::clone(&c.name)).collect(), columns, slots: 0 }
    }
}

impl ResourceColumns {
    pub(super) fn id(&self, name: &str) -> Option<ResourceId> {
        // A cluster has a handful of resources: a walk beats a hash.
        self.columns.iter().position(|c| &*c.name == name).map(ResourceId)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (ResourceId, &Str)> {
        self.columns.iter().enumerate().map(|(at, c)| (ResourceId(at), &c.name))
    }

    pub(super) fn shared_names(&self) -> &Arc<[Str]> {
        &self.names
    }

    pub(super) fn allocatable(&self, id: ResourceId) -> &[i64] {
        &self.columns[id.0].allocatable
    }

    pub(super) fn requested(&self, id: ResourceId) -> &[i64] {
        &self.columns[id.0].requested
    }

    pub(super) fn grow(&mut self) {
        self.slots += 1;
        for column in &mut self.columns {
            column.allocatable.push(0);
            column.requested.push(0);
        }
    }

    pub(super) fn clear(&mut self, slot: Slot) {
        for column in &mut self.columns {
            column.allocatable[slot.index()] = 0;
            column.requested[slot.index()] = 0;
        }
    }

    /// Whether there is a new column now.
    pub(super) fn set_allocatable(&mut self, slot: Slot, amounts: &Amounts) -> bool {
        let before = self.columns.len();
        for column in &mut self.columns {
            column.allocatable[slot.index()] = 0;
        }
        for (name, amount) in amounts.iter() {
            let id = self.ensure(name);
            self.columns[id.0].allocatable[slot.index()] = amount;
        }
        self.columns.len() != before
    }

    /// Adds (`sign` 1) or takes away (−1) a pod's amounts. Whether there is a new column now.
    pub(super) fn count(&mut self, slot: Slot, amounts: &Amounts, sign: i64) -> bool {
        let before = self.columns.len();
        let mut add = |id: usize, amount: i64| {
            let cell = &mut self.columns[id].requested[slot.index()];
            *cell = cell.saturating_add(amount.saturating_mul(sign));
        };
        add(CPU_ID.0, amounts.milli_cpu);
        add(MEMORY_ID.0, amounts.memory);
        add(EPHEMERAL_ID.0, amounts.ephemeral_storage);
        for (name, amount) in &amounts.scalars {
            let id = self.ensure(name);
            let cell = &mut self.columns[id.0].requested[slot.index()];
            *cell = cell.saturating_add(amount.saturating_mul(sign));
        }
        self.columns.len() != before
    }

    fn ensure(&mut self, name: &str) -> ResourceId {
        self.id(name).unwrap_or_else(|| {
            let empty = vec![0; self.slots];
            self.columns.push(Column { name: Arc::from(name), allocatable: empty.clone(), requested: empty });
            self.names = self.columns.iter().map(|c| Arc::clone(&c.name)).collect();
            ResourceId(self.columns.len() - 1)
        })
    }
}
