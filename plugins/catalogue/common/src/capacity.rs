//! What nodes have as a whole, of which no column tells: `status.capacity`.

use std::cell::RefCell;

use longshore_plugin::column::{Number, Text};
use longshore_plugin::{Node, host};
use serde::Deserialize;

use crate::pod::Amounts;

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
#[derive(Default)]
pub struct Capacities(RefCell<Vec<Option<Known>>>);

impl Capacities {
    /// The processors of a node in thousandths of a core; what is allocatable where nobody says how many it has. The whole node
    /// is read when it comes, and when it has something else to allocate. The operator grants `raw`.
    pub fn milli_cpu(&self, node: Node<'_>, name: Text, allocatable: Number) -> i64 {
        let mut rows = self.0.borrow_mut();
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
