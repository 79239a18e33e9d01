//! `k8s.io/api`: nodes.

use wasmtime::{Caller, Linker, Result};

use super::super::common::locked;
use super::Inside;
use super::memory::{give, read_text};

const MODULE: &str = "k8s.io/api";

pub(super) fn add(linker: &mut Linker<Inside>) -> Result<()> {
    linker.func_wrap(MODULE, "node", node)?;
    linker.func_wrap(MODULE, "nodeList", node_list)?;
    Ok(())
}

/// A v1.Node; nothing when there is none of that name.
fn node(mut caller: Caller<'_, Inside>, name: i32, len: i32, buf: i32, limit: i32) -> Result<i32> {
    let name = read_text(&mut caller, name, len, "nodeName")?;
    let inside = caller.data();
    let bytes = locked(&inside.nodes).bytes(&name, &*inside.common.raw);
    give(&mut caller, buf, limit, bytes.as_deref().unwrap_or_default())
}

/// A v1.NodeList of all nodes.
fn node_list(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    caller.data_mut().listed = true;
    let inside = caller.data();
    let bytes = locked(&inside.nodes).list(&*inside.common.raw);
    give(&mut caller, buf, limit, &bytes)
}
