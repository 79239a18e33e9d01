//! `longshore explain`: why a pod is where it is or is nowhere, and what would help.

use crate::args::{DataFormat, ExplainArgs, PlainFormat};
use crate::cmd::simulate::options;
use crate::console::Console;
use crate::exit::Exit;
use crate::explain::{Question, explain, find};
use crate::input;
use crate::render::{data, explanation as text};

use longshore_engine::Options;

/// Reads, decides what comes before the pod, explains.
pub(crate) fn run(args: &ExplainArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let input = input::load(&args.input, console)?;
    let pod = find(&input.cluster.pods, &args.pod, args.namespace.as_deref())?;
    let explanation = explain(Question {
        cluster: &input.cluster,
        profiles: input.resolved.profiles,
        options: Options {
            adopt_all: input.adopt_all,
            extenders: input.extenders.list(),
            ..options(&args.decision)?
        },
        pod,
        now: args.now,
        top: args.top,
    });
    match args.output {
        PlainFormat::Json => data::write(console.out, DataFormat::Json, &explanation)?,
        PlainFormat::Yaml => data::write(console.out, DataFormat::Yaml, &explanation)?,
        PlainFormat::Table => {
            let style = console.style();
            text::write(console.out, &explanation, style, !args.no_headers)?;
        }
    }
    Ok(if input.cluster.problems.is_empty() { Exit::Done } else { Exit::Failure })
}
