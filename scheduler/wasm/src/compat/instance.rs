//! One instance of a module, and calls into it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{InstancePre, Store, TypedFunc};

use super::abi::{Input, Inside, Pushed};
use super::common::Common;
use super::exports::{Answers, Export, Exports};
use super::nodes::Nodes;
use crate::failure::{Allowed, Failure, FailureKind};
use crate::runtime::Runtime;

/// How long `_start` may take: a runtime for a whole language may have to be set up.
const START_TIME: Duration = Duration::from_secs(5);

/// What a guest printed that is put into a message, in bytes; the trap has to fit beside it.
const MOST_QUOTED: usize = 700;

/// A function of the guest.
enum Function {
    Nothing(TypedFunc<(), ()>),
    Int(TypedFunc<(), i32>),
    Long(TypedFunc<(), i64>),
}

/// What a function answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reply {
    /// What it returned; 0 when it returns nothing.
    pub(crate) word: i64,
    /// What it pushed.
    pub(crate) pushed: Pushed,
}

impl Reply {
    /// The lower half.
    pub(crate) fn low(&self) -> i32 {
        self.word as i32
    }

    /// The upper half.
    pub(crate) fn high(&self) -> i32 {
        (self.word >> 32) as i32
    }
}

/// What instances are made from.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) runtime: Runtime,
    pub(crate) pre: InstancePre<Inside>,
    pub(crate) exports: Exports,
    pub(crate) common: Arc<Common>,
    pub(crate) nodes: Arc<std::sync::Mutex<Nodes>>,
    /// Bytes of memory of one instance.
    pub(crate) memory: usize,
    /// How long one call may take.
    pub(crate) time: Duration,
}

/// A running module.
pub(crate) struct Instance {
    runtime: Runtime,
    store: Store<Inside>,
    functions: Vec<(Export, Function)>,
    time: Duration,
    #[cfg(test)]
    inner: wasmtime::Instance,
}

impl Instance {
    /// Makes an instance and lets its `_initialize`, or else its `_start`, run.
    ///
    /// # Errors
    /// The start traps, takes too long, wants too much memory, or leaves with a code other than 0.
    pub(crate) fn start(template: &Template) -> Result<Self, Failure> {
        let inside = Inside::new(Arc::clone(&template.common), Arc::clone(&template.nodes), template.memory);
        let runtime = template.runtime.clone();
        let mut store = runtime.store(inside);
        let started =
            runtime.call(&mut store, "Start", Allowed::at_least(START_TIME, template.time), |store| {
                let instance = template.pre.instantiate(&mut *store)?;
                for name in ["_initialize", "_start"] {
                    let Ok(start) = instance.get_typed_func::<(), ()>(&mut *store, name) else { continue };
                    match start.call(&mut *store, ()) {
                        // A command that ends well leaves with code 0, and goes on being called.
                        Err(_) if store.data().exited == Some(0) => {}
                        other => other?,
                    }
                    break;
                }
                Ok((functions(&mut *store, &instance, template.exports)?, instance))
            });
        let (functions, _inner) = started.map_err(|failure| {
            let kind = if failure.kind == FailureKind::Trap { FailureKind::Start } else { failure.kind };
            worded(&mut store, "instantiate", failure, kind)
        })?;
        let inside = store.data_mut();
        (inside.exited, inside.pushed) = (None, Pushed::default());
        inside.printed.clear();
        template.common.observer.instance_made(&template.common.plugin);
        Ok(Self {
            runtime,
            store,
            functions,
            time: template.time,
            #[cfg(test)]
            inner: _inner,
        })
    }

    /// Calls a function that is exported; one that is not answers 0.
    ///
    /// # Errors
    /// It traps, takes too long, or wants too much memory; the message holds what it printed.
    pub(crate) fn call(&mut self, export: Export, input: Input) -> Result<Reply, Failure> {
        let Some((_, function)) = self.functions.iter().find(|(name, _)| *name == export) else {
            return Ok(Reply::default());
        };
        let inside = self.store.data_mut();
        inside.input = input;
        inside.listed &= export != Export::PreFilter;
        let began = Instant::now();
        let answer =
            self.runtime.call(&mut self.store, export.stage(), Allowed::by_limit(self.time), |store| {
                match function {
                    Function::Nothing(function) => function.call(store, ()).map(|()| 0),
                    Function::Int(function) => function.call(store, ()).map(i64::from),
                    Function::Long(function) => function.call(store, ()),
                }
            });
        let inside = self.store.data_mut();
        inside.common.observer.called(&inside.common.plugin, export.stage(), began.elapsed(), answer.is_ok());
        let answer = answer.map_err(|failure| {
            let kind = failure.kind;
            worded(&mut self.store, export.name(), failure, kind)
        });
        let inside = self.store.data_mut();
        inside.printed.clear();
        inside.input = Input::default();
        let pushed = std::mem::take(&mut inside.pushed);
        answer.map(|word| Reply { word, pushed })
    }

    /// Whether the guest read the list of all nodes since `prefilter`.
    pub(crate) fn listed(&self) -> bool {
        self.store.data().listed
    }

    /// From now on, what the guest logs and wants counts, or does not. How it was before.
    pub(crate) fn mute(&mut self, muted: bool) -> bool {
        std::mem::replace(&mut self.store.data_mut().muted, muted)
    }

    /// Bytes of memory in use.
    pub(crate) fn used(&self) -> usize {
        self.store.data().used()
    }

    /// Sets a global that the guest exports.
    #[cfg(test)]
    pub(crate) fn set_global(&mut self, name: &str, value: i32) {
        let global = self.inner.get_global(&mut self.store, name).unwrap();
        global.set(&mut self.store, wasmtime::Val::I32(value)).unwrap();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let common = &self.store.data().common;
        common.observer.instance_gone(&common.plugin);
    }
}

fn functions(
    store: &mut Store<Inside>,
    instance: &wasmtime::Instance,
    exports: Exports,
) -> wasmtime::Result<Vec<(Export, Function)>> {
    let mut functions = Vec::new();
    for export in exports.iter() {
        let function = match export.answers() {
            Answers::Nothing => Function::Nothing(instance.get_typed_func(&mut *store, export.name())?),
            Answers::Int => Function::Int(instance.get_typed_func(&mut *store, export.name())?),
            Answers::Long => Function::Long(instance.get_typed_func(&mut *store, export.name())?),
        };
        functions.push((export, function));
    }
    Ok(functions)
}

/// The failure with what the guest printed before it, in the words of the reference host.
fn worded(store: &mut Store<Inside>, export: &str, failure: Failure, kind: FailureKind) -> Failure {
    let printed = std::mem::take(&mut store.data_mut().printed);
    let printed = String::from_utf8_lossy(&printed[..printed.len().min(MOST_QUOTED)]);
    let printed = printed.trim_end();
    let message = match printed {
        "" => format!("wasm: {export} error: {}", failure.message),
        printed => format!("wasm: {export} error: {printed}\n{}", failure.message),
    };
    Failure::new(failure.stage, kind, message)
}
