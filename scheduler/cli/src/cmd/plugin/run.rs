//! `longshore plugin run`: what does it say of this pod?

use std::sync::Arc;

use super::{exit, identity, print};
use crate::args::plugin::RunArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::measured;
use crate::rehearsal::report::PluginRun;
use crate::rehearsal::{Last, Scene, Setup, Subject, given, hear, source, take};
use crate::render::plugin as render;

/// Loads, asks, prints.
pub(crate) fn run(args: &RunArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let (mut scene, complete) = Scene::load(&args.filenames, console)?;
    let sample = measured::file(&args.measured, scene.nodes())?;
    let pod = scene.take_pod(&args.pod)?;
    let fetched = source::fetch(&args.guest.plugin, &args.guest.transport)?;
    let settings = given::settings(&args.guest.given, &fetched.bytes)?;
    let name = source::stem(&args.guest.plugin);
    let setup = Setup { raw: Arc::clone(&scene.raw), now: now(), ..Setup::default() };
    let (asked, log) = hear::listening(|| {
        let subject = Subject::load(&name, &fetched.bytes, &settings, &setup)?;
        scene.declare(&subject.guest.declarations());
        scene.measure(&subject.instance, sample.as_ref(), setup.now);
        let turn = take(&subject.instance, &mut scene, &pod, Last::PostBind);
        Ok::<_, anyhow::Error>((identity(&subject.guest, &name), turn, subject.requests.drain()))
    });
    let (identity, turn, requests) = asked?;
    let good = complete && turn.failure().is_none();
    let report = PluginRun::new(identity, pod.key(), &turn, log, requests);
    let (style, headers) = (console.style(), !args.output.no_headers);
    print(console, args.output, &report, |console, report| render::run(console.out, report, style, headers))?;
    Ok(exit(good))
}

/// Milliseconds since the Unix epoch, for a plugin that is granted the clock.
fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
