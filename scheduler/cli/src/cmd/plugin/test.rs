//! `longshore plugin test`: golden cases.

mod case;
mod expect;
mod rewrite;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::{build, exit, print};
use crate::args::measured::MetricsArgs;
use crate::args::plugin::TestArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::measured;
use crate::rehearsal::report::{CaseResult, PluginRun, PluginTest};
use crate::rehearsal::{Last, Setup, Subject, hear, source, take};
use crate::render::plugin as render;

use case::Case;
use expect::CaseOutcome;

/// Folders that cases are in.
const FOLDERS: [&str; 2] = ["tests", "cases"];

/// Builds if need be, runs all cases, prints.
pub(crate) fn run(args: &TestArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let files = files(&args.dir)?;
    let plugin = plugin(args, console)?;
    let shown = plugin.display().to_string();
    let bytes = std::fs::read(&plugin).with_context(|| format!("{shown}: cannot be read"))?;
    let name = source::stem(&shown);
    let mut results = Vec::new();
    for file in files {
        results.extend(run_file(args, &file, &name, &bytes)?);
    }
    if results.is_empty() {
        bail!("no case was run; is there a tests/*.yaml, and does --only fit its name?");
    }
    let report = PluginTest::new(shown, results);
    let (good, style) = (report.success, console.style());
    print(console, args.output, &report, |console, report| render::test(console.out, report, style))?;
    Ok(exit(good))
}

/// The files with cases, by name.
fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in FOLDERS.map(|folder| dir.join(folder)) {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files.extend(paths.filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml")));
    }
    files.sort();
    if files.is_empty() {
        bail!(
            "{}: has no tests/*.yaml and no cases/*.yaml; docs/plugins/testing.md says what to write",
            dir.display()
        );
    }
    Ok(files)
}

/// The component, built when its sources are there.
fn plugin(args: &TestArgs, console: &mut Console<'_>) -> anyhow::Result<PathBuf> {
    if let Some(plugin) = &args.plugin {
        return Ok(plugin.clone());
    }
    let project = build::Project::of(&args.dir)?;
    if !args.no_build {
        build::make(&project, &project.component(), console)?;
    }
    Ok(project.component())
}

fn run_file(args: &TestArgs, file: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<Vec<CaseResult>> {
    let shown = file.strip_prefix(".").unwrap_or(file).display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown}: cannot be read as text"))?;
    let (mut results, mut parts, mut changed) = (Vec::new(), Vec::new(), false);
    for (at, part) in rewrite::documents(&text).into_iter().enumerate() {
        let Some(case) = Case::read(part, file, at + 1)? else {
            parts.push(part.to_string());
            continue;
        };
        if args.only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
            parts.push(part.to_string());
            continue;
        }
        let seen = ask(&case, &args.measured, name, bytes)?;
        let differences = case.expect.differences(&seen);
        let update = args.update && !differences.is_empty();
        parts.push(if update { rewrite::with(part, &case.expect.of(&seen))? } else { part.to_string() });
        changed |= update;
        results.push(CaseResult {
            file: shown.clone(),
            name: case.name,
            success: update || differences.is_empty(),
            updated: update,
            differences: if update { Vec::new() } else { differences },
        });
    }
    if changed {
        std::fs::write(file, parts.join("---\n")).with_context(|| format!("{shown}: cannot be written"))?;
    }
    Ok(results)
}

/// What the plugin does of a case.
fn ask(case: &Case, given: &MetricsArgs, name: &str, bytes: &[u8]) -> anyhow::Result<CaseOutcome> {
    let settings = case.settings(bytes)?;
    let mut scene = case.scene.clone();
    // What the command line names is for cases that name nothing.
    let given = if case.measured.metrics.is_some() { &case.measured } else { given };
    let sample = measured::file(given, scene.nodes()).with_context(|| case.name.clone())?;
    let setup = Setup { raw: Arc::clone(&scene.raw), now: case.clock, ..Setup::default() };
    let (asked, log) = hear::listening(|| {
        let subject = match Subject::load(name, bytes, &settings, &setup) {
            Ok(subject) => subject,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        scene.declare(&subject.guest.declarations());
        scene.measure(&subject.instance, sample.as_ref(), setup.now);
        for before in &case.before {
            let pod = scene.take_pod(before)?;
            take(&subject.instance, &mut scene, &pod, Last::PostBind);
        }
        let pod = scene.take_pod(&case.pod)?;
        let turn = take(&subject.instance, &mut scene, &pod, Last::PostBind);
        Ok::<_, anyhow::Error>(Ok((pod.key(), turn, subject.requests.drain())))
    });
    Ok(match asked.with_context(|| format!("{}: {}", case.file, case.name))? {
        Err(why) => CaseOutcome::NotLoaded(why),
        Ok((pod, turn, requests)) => {
            let nobody = (String::new(), String::new());
            CaseOutcome::Run(Box::new(PluginRun::new(nobody, pod, &turn, log, requests)))
        }
    })
}
