//! `longshore explain`: why a pod is where it is or is nowhere, and what would help.

mod live;

use crate::args::{DataFormat, ExplainArgs, PlainFormat};
use crate::cmd::simulate::options;
use crate::console::Console;
use crate::exit::{Exit, UsageError};
use crate::explain::{Question, explain, find};
use crate::input;
use crate::render::{data, explanation as text};

use longshore_engine::Options;

/// Asks the running scheduler, or else reads, decides what comes before the pod, explains.
pub(crate) fn run(args: &ExplainArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let (name, namespace) = (pod_name(&args.pod)?, args.namespace.as_deref());
    let mut from = args.input.clone();
    if from.is_empty() {
        match live::ask(args, name) {
            Ok(decisions) => return live::show(args, &decisions, console),
            Err(why) => console.warn(&format!("{why:#}; simulating from the cluster")),
        }
        from.from_cluster = true;
    } else if args.server.server.is_some() {
        let message = "--server asks the running scheduler, -f and --from-cluster ask none: leave one out";
        return Err(UsageError(message.to_string()).into());
    }
    let input = input::load(&from, console)?;
    let pod = find(&input.cluster.pods, name, namespace)?;
    let explanation = explain(Question {
        cluster: &input.cluster,
        profiles: input.resolved.profiles,
        options: Options {
            adopt_all: input.adopt_all,
            extenders: input.extenders.list(),
            requests: input.requests,
            features: input.features,
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
    for line in input.failures.lines() {
        console.warn(&line);
    }
    let whole = input.cluster.problems.is_empty() && !input.failures.spoils();
    Ok(if whole { Exit::Done } else { Exit::Failure })
}

/// The name, or `namespace/name`, in `NAME`, `pod NAME` and `pod/NAME`.
fn pod_name(words: &[String]) -> Result<&str, UsageError> {
    let is_kind = |word: &str| ["pod", "pods", "po"].contains(&word);
    match words {
        [one] => Ok(one.split_once('/').filter(|(kind, _)| is_kind(kind)).map_or(one, |(_, name)| name)),
        [kind, name] if is_kind(kind) => Ok(name),
        [kind, ..] => Err(UsageError(format!(
            "{kind:?} cannot be explained, only a pod can: longshore explain pod NAME"
        ))),
        [] => Err(UsageError("which pod? longshore explain pod NAME".to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_named_as_for_kubectl() {
        #[track_caller]
        fn check(words: &[&str], want: Option<&str>) {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(pod_name(&words).ok(), want, "{words:?}");
        }
        check(&["web"], Some("web"));
        check(&["shop/web"], Some("shop/web"));
        check(&["pod", "web"], Some("web"));
        check(&["po", "shop/web"], Some("shop/web"));
        check(&["pod/web"], Some("web"));
        check(&["pods/web"], Some("web"));
        check(&["pod"], Some("pod"));
        check(&["node", "n1"], None);
    }
}
