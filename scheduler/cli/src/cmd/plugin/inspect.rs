//! `longshore plugin inspect`: what is it?

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::anyhow;
use longshore_wasm::{Observe, Settings};

use super::{exit, print};
use crate::args::plugin::InspectArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::rehearsal::report::PluginInspection;
use crate::rehearsal::subject::{explained, host};
use crate::rehearsal::{Setup, given, source};
use crate::render::plugin as render;

/// Fetches, looks, prints.
pub(crate) fn run(args: &InspectArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let fetched = source::fetch(&args.plugin, &args.transport)?;
    let settings = given::everything(args.config.as_deref(), &fetched.bytes)?;
    let named = fetched.resolved.unwrap_or_else(|| args.plugin.clone());
    let found = inspect(named, &source::stem(&args.plugin), &fetched.bytes, &settings)?;
    let (good, style) = (found.problem.is_none(), console.style());
    print(console, args.output, &found, |console, found| render::inspection(console.out, found, style))?;
    Ok(exit(good))
}

/// What a module is; that its `init` fails is a part of the answer.
///
/// # Errors
/// It is no plugin.
pub(super) fn inspect(
    source: String,
    name: &str,
    bytes: &[u8],
    settings: &Settings,
) -> anyhow::Result<PluginInspection> {
    let meter = Arc::new(MemoryMeter::default());
    let setup = Setup { observer: Arc::clone(&meter) as Arc<dyn Observe>, ..Setup::default() };
    let (host, _) = host(&setup)?;
    let began = Instant::now();
    let loaded = host.load(name, bytes, settings);
    let took = began.elapsed().as_secs_f64();
    let (guest, problem) = match loaded {
        Ok(guest) => (guest, None),
        Err(error) => {
            let described = host.describe(name, bytes, settings);
            (described.map_err(|e| anyhow!("{source}: {}", explained(&e)))?, Some(error.to_string()))
        }
    };
    let events = guest.instance().events.iter().map(ToString::to_string).collect();
    let memory = problem.is_none().then(|| meter.held());
    Ok(PluginInspection { problem, memory, ..PluginInspection::new(source, guest.about(), events, took) })
}

/// Counts what instances hold.
#[derive(Default)]
struct MemoryMeter(AtomicI64);

impl MemoryMeter {
    fn held(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

impl Observe for MemoryMeter {
    fn memory(&self, _plugin: &str, change: i64) {
        self.0.fetch_add(change, Ordering::Relaxed);
    }
}
