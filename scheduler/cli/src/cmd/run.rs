//! `longshore run`: schedules the pods of a cluster.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use longshore_framework::features::Minor;
use longshore_profile::Resolved;

use crate::args::DataFormat;
use crate::args::run::RunArgs;
use crate::clock::Clock;
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use crate::live::{self, End, Prepared, Watch};
use crate::logging;
use crate::metrics::Metrics;
use crate::plugins::{Loaded, Loader, LoaderOptions};
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

/// Minors in the order in which a configuration is tried.
const TRIED: [Minor; 3] = [Minor::STABLE, Minor::V1_36, Minor::V1_38];

/// Loads the configuration by the rules of the first minor that takes it and the feature gates: it says which cluster is meant,
/// and only that cluster says which minor is followed. Then it is loaded again.
///
/// # Errors
/// What the newest stable minor has against it, when no minor takes it.
fn load(args: &RunArgs, loader: &Loader) -> anyhow::Result<Loaded> {
    let mut refused = None;
    for minor in TRIED {
        let loaded = args.gates.resolve(minor).and_then(|resolved| {
            loader.follow(resolved.features);
            input::profiles(args.config.as_deref(), loader)
        });
        match loaded {
            Ok(loaded) => return Ok(loaded),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| anyhow::anyhow!("there is no minor to follow")))
}

/// Runs until told to stop.
pub(crate) fn run(args: &RunArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let metrics = Metrics::new().context("cannot set up metrics")?;
    let (watch, switches) = Watch::new(&metrics);
    let clock = Clock::new();
    let loader = Loader::new(LoaderOptions {
        cache_dir: args.plugins.cache_dir(),
        clock: Arc::new(move || u64::try_from(clock.now().0).unwrap_or(0)),
        observer: Arc::new(watch),
    });
    let loaded = load(args, &loader)?;
    if let Some(file) = &args.write_config_to {
        return write_config(file, &loaded.resolved);
    }
    let level = logging::serve(args.logging.logging_format, args.logging.level);
    for remark in args.remarks() {
        tracing::warn!("{remark}");
    }
    for warning in &loaded.resolved.warnings {
        console.warn(&warning.to_string());
    }
    abort_on_panic();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let prepared = Prepared { loaded, loader, metrics, switches };
    match runtime.block_on(live::start(args, prepared, level))? {
        End::Stopped => Ok(Exit::Done),
        End::Fatal(why) => {
            console.error(&why);
            Ok(Exit::Failure)
        }
    }
}
