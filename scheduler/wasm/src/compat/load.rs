//! From bytes to a plugin that is ready.

use std::sync::{Arc, Mutex};

use wasmtime::{Linker, Module};

use super::abi::{self, Reads};
use super::common::Common;
use super::exports::{Export, Exports};
use super::guard::Guard;
use super::instance::Template;
use super::nodes::Nodes;
use super::plugin::CompatPlugin;
use super::pool::Pool;
use super::verdicts;
use crate::args::Settings;
use crate::host::Host;
use crate::load_error::LoadError;

/// Compiles a core module and makes it ready. Its start has run once, and it has said which events it wants, when this
/// returns.
///
/// # Errors
/// It cannot be compiled, exports nothing that decides anything, imports what no host has, or fails on its first calls.
pub(crate) fn load(
    host: &Host,
    name: &str,
    bytes: &[u8],
    settings: &Settings,
) -> Result<CompatPlugin, LoadError> {
    let engine = host.runtime.engine();
    let module = host.compiler.module(bytes)?;
    let exports = Exports::of(&module).map_err(|e| LoadError::Foreign(format!("wasm: {e}")))?;
    let foreign = |e: wasmtime::Error| LoadError::Foreign(format!("wasm: {e:#}"));
    let mut linker = Linker::new(engine);
    abi::linker(&mut linker, &module).map_err(foreign)?;
    let pre = linker.instantiate_pre(&module).map_err(foreign)?;
    let (services, observer) = (&host.options.services, &host.options.observer);
    let world = (services.requests.clone(), Arc::clone(&services.raw));
    let patience = host.options.patience;
    let common = Common::new(name, settings, world, Arc::clone(observer)).patient(patience);
    let common = Arc::new(common);
    let reads = Reads::of(&module);
    let nodes = Arc::new(Mutex::new(Nodes::new(reads.node_list, reads.images)));
    let template = Template {
        runtime: host.runtime.clone(),
        pre,
        exports,
        common: Arc::clone(&common),
        nodes: Arc::clone(&nodes),
        memory: settings.memory,
        time: settings.time,
    };
    let pool = Arc::new(Pool::new(template)?);
    let events = match exports.has(Export::Enqueue) {
        true => verdicts::events(&pool.once(Export::Enqueue)?.pushed.events),
        false => verdicts::DEFAULT_EVENTS.to_vec(),
    };
    let plugin = Arc::clone(&common.plugin);
    let guard = Guard::new(plugin, settings.failure_policy, Arc::clone(observer), patience);
    let (imports, args) = (imports(&module), settings.effective());
    let stray = Mutex::default();
    Ok(CompatPlugin { pool, guard, common, nodes, exports, reads, events, args, imports, stray })
}

fn imports(module: &Module) -> Vec<String> {
    module.imports().map(|import| format!("{}#{}", import.module(), import.name())).collect()
}
