//! One node, many pods: what is attached to the node is looked up once.

use std::fmt;
use std::sync::Arc;

use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, PerSeat, Seats};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};
use longshore_framework::view::NodeView;

use super::incoming::Incoming;
use super::on_node::Nodes;
use super::{has_countable, incoming, judge};

/// What the pods at the seats bring, of those that bring volumes.
pub(super) struct VolumeSeats {
    nodes: Arc<Nodes>,
    requires_drivers: bool,
    incoming: Vec<(usize, Incoming)>,
}

impl VolumeSeats {
    pub(super) fn new(nodes: &Arc<Nodes>, requires_drivers: bool) -> Self {
        Self { nodes: Arc::clone(nodes), requires_drivers, incoming: Vec::new() }
    }
}

impl fmt::Debug for VolumeSeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VolumeSeats({} pods)", self.incoming.len())
    }
}

impl Seats for VolumeSeats {
    fn take(&mut self, seat: usize, cx: Cycle<'_>, state: &PluginState) -> Result<bool, PluginError> {
        self.incoming.retain(|(other, _)| *other != seat);
        if has_countable(cx.pod) {
            self.incoming.push((seat, incoming(cx, state)));
        }
        Ok(true)
    }

    fn filter(&self, node: NodeView<'_>, objects: &Objects, room: &mut PerSeat) -> u64 {
        if self.incoming.is_empty() {
            return 0;
        }
        self.nodes.reader().read(node, objects, |row| {
            let mut broken = 0;
            for (seat, incoming) in &self.incoming {
                match judge(incoming, row, self.requires_drivers) {
                    Ok(Verdict::Pass) => {}
                    Ok(Verdict::Reject(_)) => room[*seat] = -1,
                    Err(_) => broken |= 1 << seat,
                }
            }
            broken
        })
    }
}
