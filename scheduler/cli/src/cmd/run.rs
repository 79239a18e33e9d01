//! `longshore run`: schedules the pods of a cluster.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use longshore_framework::features::Features;
use longshore_loader::{Loader, LoaderOptions};
use longshore_profile::Resolved;
use longshore_service::clock::Clock;
use longshore_service::live::{self, End, Prepared, Watch};
use longshore_service::logging;
use longshore_service::metrics::Metrics;
use longshore_service::options::RunOptions;
use longshore_wasm::Patience;
use tokio::runtime::Runtime;

use crate::args::DataFormat;
use crate::args::run::RunArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::render::data;
use crate::render::ordered::Ordered;

/// Threads for everything but decisions.
const WORKERS: usize = 2;

/// Whatever thread breaks, the process ends: a scheduler that goes on without one of its parts would hold pods back in
/// silence. The next start reads everything from the API server.
fn abort_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |broken| {
        report(broken);
        std::process::abort();
    }));
}

/// Writes what comes of the configuration, every default filled in.
fn write_config(file: &Path, resolved: &Resolved) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    data::write(&mut text, DataFormat::Yaml, &Ordered(&longshore_profile::show(resolved)))?;
    std::fs::write(file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
    Ok(Exit::Done)
}

/// The rules to follow, where they are known before anything was read. A configuration that is only written out asks no server.
///
/// # Errors
/// Feature gates that are refused.
fn known(args: &RunArgs, options: &RunOptions, runtime: &Runtime) -> anyhow::Result<Option<Features>> {
    if args.write_config_to.is_some() && args.kubernetes_version.is_none() {
        return Ok(None);
    }
    runtime.block_on(live::rules(options))
}

/// Runs until told to stop.
pub(crate) fn run(args: &RunArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    // First of all: loading plugins has things to say.
    let level = logging::serve(args.logging.logging_format.into(), args.logging.level);
    let metrics = Metrics::new().context("cannot set up metrics")?;
    let (watch, switches) = Watch::new(&metrics);
    let clock = Clock::new();
    let loader = Loader::new(LoaderOptions {
        cache_dir: args.plugins.cache_dir(),
        catalogue: args.plugins.catalogue.clone(),
        ignore_unknown: false,
        clock: Arc::new(move || u64::try_from(clock.now().0).unwrap_or(0)),
        observer: Arc::new(watch),
        patience: Patience::Live,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let options = args.options();
    let loaded = live::load(&options, known(args, &options, &runtime)?, &loader)?;
    if let Some(file) = &args.write_config_to {
        return write_config(file, &loaded.resolved);
    }
    for remark in args.remarks() {
        tracing::warn!("{remark}");
    }
    for warning in &loaded.resolved.warnings {
        console.warn(&warning.to_string());
    }
    abort_on_panic();
    let prepared = Prepared { loaded, loader, metrics, switches };
    match runtime.block_on(live::start(&options, prepared, level))? {
        End::Stopped => Ok(Exit::Done),
        End::Fatal(why) => {
            console.error(&why);
            Ok(Exit::Failure)
        }
    }
}
