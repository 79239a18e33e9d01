//! What nodes have as a whole, of which no column tells: `status.capacity`.

use std::cell::RefCell;

use longshore_plugin::column::{Number, Text};
use longshore_plugin::{Node, host};
use serde::Deserialize;

use crate::Budget;
use crate::pod::Amounts;

/// So many nodes are read for one pod: they are large.
const NODES_FOR_ONE_POD: u32 = 64;

/// A node, as far as it is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawNode {
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    capacity: Amounts,
}

/// What is known of a row: the version and the name of its node, and what was allocatable when it was read.
struct Known {
    version: u64,
    name: String,
    allocatable: i64,
    capacity: i64,
}

/// Processors of nodes, by row. Bounded by the rows of the table.
pub struct Capacities {
    rows: RefCell<Vec<Option<Known>>>,
    budget: Budget,
}

impl Default for Capacities {
    fn default() -> Self {
        Self { rows: RefCell::default(), budget: Budget::of(NODES_FOR_ONE_POD) }
    }
}

impl Capacities {
    /// A pod has come: some more nodes may be read.
    pub fn refill(&self) {
        self.budget.refill();
    }

    /// The processors of a node in thousandths of a core; what is allocatable where nobody says how many it has. The whole node
    /// is read when it comes, and when it has something else to allocate; in a large cluster some pods later. The operator
    /// grants `raw`.
    pub fn milli_cpu(&self, node: Node<'_>, name: Text, allocatable: Number) -> i64 {
        let mut rows = self.rows.borrow_mut();
        let (row, version) = (node.row() as usize, node.version());
        if let Some(Some(known)) = rows.get(row)
            && known.version == version
        {
            return known.capacity;
        }
        let (name, allocatable) = (node.text(name).unwrap_or_default(), node.number(allocatable));
        if let Some(Some(known)) = rows.get_mut(row)
            && (known.name.as_str(), known.allocatable) == (name, allocatable)
        {
            known.version = version;
            return known.capacity;
        }
        if !self.budget.take() {
            return allocatable;
        }
        let Some(raw) = host::raw::node(name) else { return allocatable };
        let read = serde_json::from_slice::<RawNode>(&raw).unwrap_or_default();
        let capacity = read.status.capacity.get("cpu").map_or(allocatable, |amount| amount.milli());
        if rows.len() <= row {
            rows.resize_with(row + 1, || None);
        }
        rows[row] = Some(Known { version, name: name.to_owned(), allocatable, capacity });
        capacity
    }
}
