//! `longshore explain`: why a pod is where it is or is nowhere, and what would help.

mod live;
mod pods;
mod recorded;
mod show;
mod simulated;
mod target;

use crate::args::{ExplainArgs, InputArgs};
use crate::console::Console;
use crate::exit::{Exit, UsageError};

use live::Told;
use show::Shown;
use simulated::Which;

/// Asks the running scheduler, or else reads, decides what comes before the pod, explains.
pub(crate) fn run(args: &ExplainArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let targets = target::parse(&args.pod)?;
    if let Some(folder) = &args.recording {
        if !args.input.is_empty() {
            let message = "--recording takes the place of -f and --from-cluster: leave one out";
            return Err(UsageError(message.to_string()).into());
        }
        let recorded = recorded::explain(args, folder, &targets, console)?;
        show::all(args, &Shown::simulated(recorded, None), console)?;
        return Ok(Exit::Done);
    }
    let mut from = args.input.clone();
    // A running scheduler knows its cluster as it is.
    from.from_cluster |= from.is_empty() && !from.what_if.is_empty();
    if from.is_empty() {
        let answers = live::ask(args, &targets)?;
        return tell(args, answers, console);
    }
    if args.server.server.is_some() || args.scheduler_namespace.is_some() {
        let message = "--server and --scheduler-namespace ask the running scheduler, -f and --from-cluster ask none: leave one out";
        return Err(UsageError(message.to_string()).into());
    }
    let simulated = simulated::explain(args, &from, Which::Targets(&targets), console)?;
    let whole = simulated.whole;
    show::all(args, &Shown::simulated(simulated, None), console)?;
    Ok(if whole { Exit::Done } else { Exit::Failure })
}

/// Prints what schedulers said. What none of them said is simulated.
fn tell(args: &ExplainArgs, answers: Vec<live::Answer>, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let (mut shown, mut whole) = (Vec::new(), true);
    for answer in answers {
        match &answer.told {
            Told::Nobody(why) => {
                let keys: Vec<String> = answer.pods.iter().map(pods::PodRef::key).collect();
                let simulated = simulate(args, None, &keys, console)?;
                whole &= simulated.whole;
                let why = format!("The running scheduler was not asked: {why}");
                shown.extend(Shown::simulated(simulated, Some(&why)));
            }
            Told::Scheduler { explanation: Some(Err(why)), configuration, .. } => {
                let why = format!("The running scheduler does not say what it would decide now: {why}");
                let keys = [answer.pods[0].key()];
                let simulated = simulate(args, configuration.clone(), &keys, console)?;
                whole &= simulated.whole;
                let mut told = Shown::answered(answer);
                if let Some(first) = Shown::simulated(simulated, Some(&why)).into_iter().next() {
                    told.add(first);
                }
                shown.push(told);
            }
            Told::Scheduler { .. } => shown.push(Shown::answered(answer)),
        }
    }
    show::all(args, &shown, console)?;
    Ok(if whole { Exit::Done } else { Exit::Failure })
}

/// Explains pods from the cluster as it is now, by the configuration that the scheduler serves where it is known and can be used here.
fn simulate(
    args: &ExplainArgs,
    served: Option<String>,
    keys: &[String],
    console: &mut Console<'_>,
) -> anyhow::Result<simulated::Simulated> {
    let mut from = InputArgs { from_cluster: true, ..args.input.clone() };
    if from.config.is_none() && served.is_some() {
        let served = InputArgs { served, ..from.clone() };
        match simulated::explain(args, &served, Which::Keys(keys), console) {
            Ok(simulated) => return Ok(simulated),
            Err(error) => {
                console.warn(&format!(
                    "the configuration that the scheduler serves cannot be used here: {error:#}"
                ));
            }
        }
    }
    from.served = None;
    simulated::explain(args, &from, Which::Keys(keys), console)
}
