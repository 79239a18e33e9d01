//! What wasmtime generates of the interface.

#![allow(missing_docs, unreachable_pub, reason = "generated")]
#![allow(clippy::too_many_lines, clippy::unwrap_used, reason = "generated")]

wasmtime::component::bindgen!({
    path: "../../plugins/wit",
    world: "plugin",
});
