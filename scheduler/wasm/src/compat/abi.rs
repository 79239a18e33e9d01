//! The functions a guest imports, as the reference host gives them.
//!
//! Guests pull what they want to know: they name a buffer of theirs, and the host answers with the length of the value
//! and writes it when it fits. They push what they have to say before the call returns. An instance is called for one
//! thing at a time, so what is pulled and pushed belongs to that call.

mod api;
mod klog;
mod memory;
mod results;
mod scheduler;
mod wasi;

use std::sync::{Arc, Mutex};

use longshore_framework::Str;
use wasmtime::{Linker, Memory, Module};

use super::common::Common;
use super::nodes::Nodes;
use super::objects::PodSource;
use crate::runtime::{Capped, MemoryCap};

/// What a guest may pull during one call.
#[derive(Clone, Default)]
pub(crate) struct Input {
    /// The pod being scheduled.
    pub(crate) pod: Option<Arc<PodSource>>,
    /// The pod to be added or removed.
    pub(crate) target: Option<Arc<PodSource>>,
    /// The node in question.
    pub(crate) node: Str,
    /// JSON: names of the feasible nodes.
    pub(crate) filtered_nodes: Option<Str>,
    /// JSON: status codes by node name.
    pub(crate) statuses: Option<Str>,
    /// JSON: scores by node name.
    pub(crate) scores: Option<Str>,
}

/// What a guest pushed during one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pushed {
    /// Pairs of resource and action bits.
    pub(crate) events: Vec<(u32, u32)>,
    pub(crate) node_names: Vec<Str>,
    pub(crate) nominated: Str,
    pub(crate) reason: String,
    /// `None`: nothing, or an empty list.
    pub(crate) scores: Option<Vec<(String, i64)>>,
}

/// The data of a store.
pub(crate) struct Inside {
    pub(super) common: Arc<Common>,
    pub(super) nodes: Arc<Mutex<Nodes>>,
    cap: MemoryCap,
    memory: Option<Memory>,
    pub(super) input: Input,
    pub(super) pushed: Pushed,
    /// What the guest printed.
    pub(super) printed: Vec<u8>,
    /// The code it left with.
    pub(super) exited: Option<i32>,
    /// It read the list of all nodes since `prefilter`.
    pub(super) listed: bool,
    /// What it logs and wants does not count.
    pub(super) muted: bool,
    clock: u64,
    random: u64,
}

impl Inside {
    pub(crate) fn new(common: Arc<Common>, nodes: Arc<Mutex<Nodes>>, memory: usize) -> Self {
        let cap = MemoryCap::new(memory, Arc::clone(&common.plugin), Arc::clone(&common.observer));
        Self {
            common,
            nodes,
            cap,
            memory: None,
            input: Input::default(),
            pushed: Pushed::default(),
            printed: Vec::new(),
            exited: None,
            listed: false,
            muted: false,
            clock: wasi::CLOCK_START,
            random: wasi::SEED,
        }
    }

    /// Bytes of memory in use.
    pub(crate) fn used(&self) -> usize {
        self.cap.used()
    }
}

impl Capped for Inside {
    fn cap(&mut self) -> &mut MemoryCap {
        &mut self.cap
    }
}

/// Everything a guest may import. Functions of WASI beyond those that guests of the SDK use answer that they are not
/// there.
///
/// # Errors
/// None in practice: a name is defined twice.
pub(crate) fn linker(linker: &mut Linker<Inside>, module: &Module) -> wasmtime::Result<()> {
    api::add(linker)?;
    scheduler::add(linker)?;
    results::add(linker)?;
    klog::add(linker)?;
    wasi::add(linker, module)
}

/// Which of the costlier imports a module uses, so that nothing is made ready that nobody reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) filtered_nodes: bool,
    pub(crate) statuses: bool,
    pub(crate) scores: bool,
    pub(crate) images: bool,
    pub(crate) node_list: bool,
}

impl Reads {
    /// Of a module.
    pub(crate) fn of(module: &Module) -> Self {
        let imports = |name: &str| module.imports().any(|import| import.name() == name);
        Self {
            filtered_nodes: imports("filteredNodeList"),
            statuses: imports("nodeToStatusMap"),
            scores: imports("nodeScoreList"),
            images: imports("nodeImageStates"),
            node_list: imports("nodeList"),
        }
    }
}
