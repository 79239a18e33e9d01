//! From bytes to a plugin that is ready.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::event::EventPattern;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use super::bindings::exports::longshore::scheduler::lifecycle::{Manifest, Sharding};
use super::bindings::exports::longshore::scheduler::metrics::Metric;
use super::bindings::longshore::scheduler as wit;
use super::convert;
use super::exports::Indices;
use super::imports::{Common, Inside};
use super::live::{Described, Live};
use super::loaded::Loaded;
use super::metering::Metering;
use super::plugin::ComponentPlugin;
use super::reading::Reading;
use super::table::Columns;
use super::version;
use crate::args::{Capability, Settings};
use crate::failure::FailureKind;
use crate::host::Host;
use crate::load_error::LoadError;
use crate::patience::Patience;

/// Compiles a component and makes it ready.
///
/// # Errors
/// It cannot be compiled, does not speak the interface, wants what it is not granted, or fails on its first calls.
pub(crate) fn load(
    host: &Host,
    name: &str,
    bytes: &[u8],
    settings: &Settings,
) -> Result<ComponentPlugin, LoadError> {
    let plugin = loaded(host, name, bytes, settings, false)?;
    plugin.rehearse()?;
    Ok(plugin)
}

/// The same without a first instance: `init` has not run. A plugin that refuses its config when it is described says what it
/// is without one.
///
/// # Errors
/// As [`load`], but for failures of `init`.
pub(crate) fn describe(
    host: &Host,
    name: &str,
    bytes: &[u8],
    settings: &Settings,
) -> Result<ComponentPlugin, LoadError> {
    loaded(host, name, bytes, settings, true)
}

fn loaded(
    host: &Host,
    name: &str,
    bytes: &[u8],
    settings: &Settings,
    lenient: bool,
) -> Result<ComponentPlugin, LoadError> {
    let bytes = version::current(bytes).map_err(LoadError::Invalid)?;
    let component = host.compiler.component(&bytes)?;
    let imports = imports(host, &component);
    let linker = linker(host, &imports, settings)?;
    let pre = linker.instantiate_pre(&component).map_err(|e| LoadError::Foreign(format!("{e:#}")))?;
    let indices = Indices::find(&pre).map_err(|e| LoadError::Foreign(format!("{e:#}")))?;
    if let Some(missing) = indices.missing() {
        return Err(LoadError::Foreign(missing));
    }
    let common = Common::new(name, host.options.services.clone(), Arc::clone(&host.options.observer))
        .patient(host.options.patience);
    let start = || Live::bare(&host.runtime, &pre, &indices, settings, &common);
    let described = match start()?.describe(settings) {
        Err(failure) if lenient && failure.kind == FailureKind::Error => {
            start()?.describe_without_config(settings)?
        }
        other => other?,
    };
    let loaded = finish(host, (pre, indices, imports), described, settings, common)?;
    Ok(ComponentPlugin::new(loaded))
}

fn finish(
    host: &Host,
    (pre, indices, imports): (InstancePre<Inside>, Indices, Vec<String>),
    Described { manifest, kinds, metrics, every }: Described,
    settings: &Settings,
    common: Common,
) -> Result<Loaded, LoadError> {
    let readings = Reading::all(&kinds).map_err(LoadError::Manifest)?;
    if !readings.is_empty() && !settings.capabilities.contains(&Capability::Objects) {
        let interface = format!("objects of the kind {}", readings[0].kind);
        return Err(LoadError::NotGranted { interface, capability: Capability::Objects.as_str() });
    }
    let metering = metering(host, &metrics, settings)?;
    let columns = Columns::new(manifest.columns.clone());
    check_manifest(&manifest, &columns, &imports, settings)?;
    let events = match &manifest.events {
        None => vec![EventPattern::ANY],
        Some(patterns) => convert::events(patterns, &readings).map_err(LoadError::Manifest)?,
    };
    let rows = match manifest.sharding {
        Sharding::Single => usize::MAX,
        Sharding::ByNode => host.options.rows_per_instance.max(64).next_multiple_of(64),
    };
    Ok(Loaded {
        runtime: host.runtime.clone(),
        sees_pods: imports.iter().any(|i| i == "pods" || i == "engine"),
        asks_engine: imports.iter().any(|i| i == "engine"),
        pure: manifest.pure && host.options.keep_pure,
        settings: settings.clone(),
        pre,
        indices,
        common,
        manifest,
        columns,
        events,
        imports,
        rows,
        readings,
        metering,
        ticks: every.map(|millis| Duration::from_millis(u64::from(millis.max(SHORTEST_TICK)))),
    })
}

/// What the plugin reads of what is measured on nodes.
fn metering(host: &Host, metrics: &[Metric], settings: &Settings) -> Result<Metering, LoadError> {
    if !metrics.is_empty() && !settings.capabilities.contains(&Capability::Metrics) {
        let interface = "what is measured on nodes".to_string();
        return Err(LoadError::NotGranted { interface, capability: Capability::Metrics.as_str() });
    }
    if metrics.is_empty() && settings.metrics.is_some() {
        let fix = "leave out metrics in its args";
        return Err(LoadError::Manifest(format!("it reads nothing of what is measured on nodes; {fix}")));
    }
    // Where the cluster stands still the engine's time begins at 0, and the plugin's clock does not.
    let clock = match host.options.patience {
        Patience::Live => 0,
        Patience::Endless => i64::try_from((host.options.services.clock)()).unwrap_or(0),
    };
    let source = settings.metrics.clone().unwrap_or_default();
    Metering::of(&source, metrics, clock).map_err(LoadError::Manifest)
}

/// What a function of the pod and the row does not look at.
const IMPURE: [&str; 5] = ["pods", "raw", "clock", "random", "engine"];

/// The shortest time between two ticks, in milliseconds.
const SHORTEST_TICK: u32 = 100;

/// The longest list of columns.
const MOST_COLUMNS: usize = 256;

fn check_manifest(
    manifest: &Manifest,
    columns: &Columns,
    imports: &[String],
    settings: &Settings,
) -> Result<(), LoadError> {
    let not_granted = |what: &str, capability: Capability| LoadError::NotGranted {
        interface: what.to_string(),
        capability: capability.as_str(),
    };
    let granted = |capability| settings.capabilities.contains(&capability);
    if manifest.columns.len() > MOST_COLUMNS {
        return Err(LoadError::Manifest(format!("it has more than {MOST_COLUMNS} columns")));
    }
    if columns.pods() && !granted(Capability::Pods) {
        return Err(not_granted("the column pods", Capability::Pods));
    }
    if (columns.raw() || manifest.raw_pod) && !granted(Capability::Raw) {
        return Err(not_granted("whole objects", Capability::Raw));
    }
    if manifest.pure && (manifest.raw_pod || columns.raw()) {
        return Err(LoadError::Manifest("a pure plugin reads nothing raw".to_string()));
    }
    if let Some(import) = imports.iter().find(|i| manifest.pure && IMPURE.contains(&i.as_str())) {
        return Err(LoadError::Manifest(format!("it says that it is pure, and imports {import}")));
    }
    if manifest.pure && manifest.sharding == Sharding::Single {
        return Err(LoadError::Manifest("a pure plugin is sharded by node".to_string()));
    }
    Ok(())
}

/// The interfaces of ours that a component imports, by their short names; others by their whole names.
fn imports(host: &Host, component: &Component) -> Vec<String> {
    let engine = host.runtime.engine();
    let ty = component.component_type();
    let short = |name: &str| version::short(name).unwrap_or(name).to_string();
    ty.imports(engine).map(|(name, _)| short(name)).filter(|name| name != "types").collect()
}

/// Exactly what is granted can be linked.
fn linker(host: &Host, imports: &[String], settings: &Settings) -> Result<Linker<Inside>, LoadError> {
    let mut linker = Linker::new(host.runtime.engine());
    for import in imports {
        let capability = match import.as_str() {
            "log" | "waiting" => None,
            other => match Capability::ALL.into_iter().find(|(word, _)| *word == other) {
                Some((_, capability)) => Some(capability),
                None => return Err(LoadError::Foreign(format!("imports {import}, which no host has"))),
            },
        };
        if let Some(missing) = capability.filter(|c| !settings.capabilities.contains(c)) {
            return Err(LoadError::NotGranted { interface: import.clone(), capability: missing.as_str() });
        }
        add(&mut linker, import).map_err(|e| LoadError::Foreign(format!("{e:#}")))?;
    }
    Ok(linker)
}

fn add(linker: &mut Linker<Inside>, import: &str) -> wasmtime::Result<()> {
    type Own = HasSelf<Inside>;
    match import {
        "log" => wit::log::add_to_linker::<_, Own>(linker, |inside| inside),
        "waiting" => wit::waiting::add_to_linker::<_, Own>(linker, |inside| inside),
        "events" => wit::events::add_to_linker::<_, Own>(linker, |inside| inside),
        "pods" => wit::pods::add_to_linker::<_, Own>(linker, |inside| inside),
        "raw" => wit::raw::add_to_linker::<_, Own>(linker, |inside| inside),
        "clock" => wit::clock::add_to_linker::<_, Own>(linker, |inside| inside),
        "engine" => wit::engine::add_to_linker::<_, Own>(linker, |inside| inside),
        "random" => wit::random::add_to_linker::<_, Own>(linker, |inside| inside),
        _ => Ok(()),
    }
}
