//! What nodes offer and pods hold of each resource.

mod cells;

use std::collections::HashMap;
use std::sync::Arc;

use super::Slot;
use crate::Str;
use crate::keyed::KeyedState;
use crate::resources::{Amounts, CPU, EPHEMERAL_STORAGE, MEMORY};

use cells::Cells;
pub use cells::ResourceColumn;
pub(super) use cells::left;

/// Which resource. The number of a resource that no node offers and no pod holds any more may go to another one; the
/// [epoch](super::Snapshot::epoch) rises then.
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

/// How many resources every node has.
const BASIC: usize = 3;

/// Resources that nobody has any more are forgotten when there are more of them than this, and more than others: a device
/// plugin that comes and goes is not worth a look at every node each time.
const MOST_UNUSED: usize = 32;

#[derive(Clone, Debug)]
struct Column {
    name: Str,
    cells: Cells,
}

/// The columns. A resource gets its own when a node first offers some of it, or a pod holds some.
#[derive(Clone, Debug)]
pub(super) struct ResourceColumns {
    /// By number.
    columns: Vec<Column>,
    numbers: HashMap<Str, usize, KeyedState>,
    /// Numbers that no resource has.
    free: Vec<usize>,
    /// Numbers of the flat columns: those that grow with every node.
    flat: Vec<usize>,
    /// How many resources have a column, but nobody has any of them.
    unused: usize,
    slots: usize,
}

impl Default for ResourceColumns {
    fn default() -> Self {
        let basic = [CPU, MEMORY, EPHEMERAL_STORAGE];
        let columns = basic.map(|name| Column { name: name.into(), cells: Cells::flat() });
        Self {
            numbers: basic.iter().zip(0..).map(|(name, number)| ((*name).into(), number)).collect(),
            columns: columns.into(),
            free: Vec::new(),
            flat: (0..BASIC).collect(),
            unused: 0,
            slots: 0,
        }
    }
}

impl ResourceColumns {
    pub(super) fn id(&self, name: &str) -> Option<ResourceId> {
        // Those that are asked for all the time are found without a hash.
        let basic = self.columns.iter().take(BASIC).position(|column| &*column.name == name);
        basic.or_else(|| self.numbers.get(name).copied()).map(ResourceId)
    }

    pub(super) fn name(&self, id: ResourceId) -> &Str {
        &self.columns[id.0].name
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (ResourceId, &Str)> {
        let used = self.columns.iter().enumerate().filter(|(_, column)| !column.name.is_empty());
        used.map(|(at, column)| (ResourceId(at), &column.name))
    }

    pub(super) fn column(&self, id: ResourceId) -> ResourceColumn<'_> {
        self.columns[id.0].cells.column()
    }

    pub(super) fn reciprocals(&self, id: ResourceId) -> Option<&[f64]> {
        self.columns[id.0].cells.reciprocals()
    }

    pub(super) fn left(&self, id: ResourceId) -> Option<&[i64]> {
        self.columns[id.0].cells.left()
    }

    pub(super) fn allocated(&self) -> usize {
        self.columns.iter().map(|column| column.cells.allocated()).sum()
    }

    pub(super) fn grow(&mut self) {
        self.slots += 1;
        for number in &self.flat {
            self.columns[*number].cells.grow();
        }
        // What was much of a small cluster may be little of a large one.
        if self.slots.is_power_of_two() {
            for number in self.flat.clone().into_iter().filter(|number| *number >= BASIC) {
                self.settle(number);
            }
        }
    }

    /// Makes a column flat or sparse.
    fn settle(&mut self, number: usize) {
        let cells = &mut self.columns[number].cells;
        let was_flat = cells.is_flat();
        cells.settle(self.slots);
        match (was_flat, cells.is_flat()) {
            (false, true) => self.flat.push(number),
            (true, false) => self.flat.retain(|other| *other != number),
            _ => {}
        }
    }

    /// A node offers `new` where it offered `old`. Whether some resource has a column, or has none any more, that had not,
    /// or had one.
    pub(super) fn set_allocatable(&mut self, slot: Slot, old: &Amounts, new: &Amounts) -> bool {
        for (name, _) in old.iter().filter(|(name, _)| new.get(name) == 0) {
            if self.id(name).is_some() {
                self.write(slot, name, |cell| cell.0 = 0);
            }
        }
        let mut changed = false;
        for (name, amount) in new.iter().filter(|(_, amount)| *amount != 0) {
            changed |= self.write(slot, name, |cell| cell.0 = amount);
        }
        changed | self.forget_unused()
    }

    /// Adds (`sign` 1) or takes away (−1) a pod's amounts. Answers as [`set_allocatable`](Self::set_allocatable).
    pub(super) fn count(&mut self, slot: Slot, amounts: &Amounts, sign: i64) -> bool {
        let basic = [amounts.milli_cpu, amounts.memory, amounts.ephemeral_storage];
        for (column, amount) in self.columns.iter_mut().zip(basic) {
            column.cells.write(slot, |cell| add(&mut cell.1, amount, sign));
        }
        let mut changed = false;
        for (name, amount) in amounts.scalars.iter().filter(|(_, amount)| *amount != 0) {
            changed |= self.write(slot, name, |cell| add(&mut cell.1, *amount, sign));
        }
        changed | (!amounts.scalars.is_empty() && self.forget_unused())
    }

    /// Writes a cell; whether there is a new column now.
    fn write(&mut self, slot: Slot, name: &str, change: impl FnOnce(&mut (i64, i64))) -> bool {
        let known = self.id(name).map(|id| id.0);
        let number = known.unwrap_or_else(|| self.make(name));
        let cells = &mut self.columns[number].cells;
        let was_used = cells.is_used();
        cells.write(slot, change);
        if number >= BASIC {
            match (was_used, cells.is_used()) {
                (false, true) => self.unused -= 1,
                (true, false) => self.unused += 1,
                _ => {}
            }
            self.settle(number);
        }
        known.is_none()
    }

    fn make(&mut self, name: &str) -> usize {
        let column = Column { name: Arc::from(name), cells: Cells::default() };
        let number = self.free.pop().unwrap_or(self.columns.len());
        self.numbers.insert(Arc::clone(&column.name), number);
        match self.columns.get_mut(number) {
            Some(free) => *free = column,
            None => self.columns.push(column),
        }
        self.unused += 1;
        number
    }

    /// Gives back the columns of resources that nobody has, once they are many; whether any was.
    fn forget_unused(&mut self) -> bool {
        let used = self.numbers.len() - self.unused;
        if self.unused <= MOST_UNUSED.max(used) {
            return false;
        }
        for (number, column) in self.columns.iter_mut().enumerate().skip(BASIC) {
            if !column.cells.is_used() && !column.name.is_empty() {
                self.numbers.remove(&std::mem::take(&mut column.name));
                column.cells = Cells::default();
                self.free.push(number);
            }
        }
        self.unused = 0;
        let last = self.columns.iter().rposition(|column| !column.name.is_empty());
        self.columns.truncate(last.map_or(BASIC, |at| at + 1));
        self.columns.shrink_to_fit();
        self.numbers.shrink_to_fit();
        let len = self.columns.len();
        self.free.retain(|number| *number < len);
        true
    }
}

fn add(cell: &mut i64, amount: i64, sign: i64) {
    *cell = cell.saturating_add(amount.saturating_mul(sign));
}

#[cfg(test)]
mod tests;
