//! Answers, printed: those of pods with the same answer once.

use std::io::Write;

use longshore_simulation::report::{API_VERSION, Explanation};
use longshore_simulation::text::names::named;
use serde::Serialize;
use serde_json::{Value, json};

use super::live::{Answer, Told};
use super::simulated::{Place, Simulated};
use crate::args::format::Format;
use crate::args::{DataFormat, ExplainArgs};
use crate::console::{Console, printable};
use crate::render::ordered::Ordered;
use crate::render::table::Table;
use crate::render::{data, decisions, explanation as text, html, picked};

/// Pods of one answer that are listed with their nodes, at the most.
const LISTED: usize = 10;

/// One answer.
#[derive(Debug)]
pub(super) struct Shown {
    /// The pods; all that follows is about the first.
    pods: Vec<Place>,
    /// What is said first: that nobody was asked, and why.
    before: Option<String>,
    /// The scheduler's `DecisionList`.
    decisions: Option<Value>,
    explanation: Option<Explanation>,
    /// What the scheduler said that this release cannot read.
    unread: Option<Value>,
}

impl Shown {
    /// What was simulated, and why it had to be.
    pub(super) fn simulated(simulated: Simulated, why: Option<&str>) -> Vec<Self> {
        let by = if simulated.by_default { "the default profile" } else { "the configuration" };
        let before =
            why.map(|why| format!("{why}. This is a simulation of the cluster as it is now, by {by}."));
        let more = simulated.more;
        let shown = simulated.groups.into_iter().enumerate().map(|(at, (pods, mut explanation))| {
            if let Some(before) = &before {
                explanation.notes.insert(0, before.clone());
            }
            if at == 0 && more > 0 {
                explanation
                    .notes
                    .push(format!("{more} more pod(s) were not looked at; name one to have it explained."));
            }
            let before = before.clone();
            Self { pods, before, decisions: None, explanation: Some(explanation), unread: None }
        });
        shown.collect()
    }

    /// What a scheduler said.
    pub(super) fn answered(answer: Answer) -> Self {
        let pods = answer.pods.iter().map(|pod| (pod.key(), pod.node.clone())).collect();
        let (decisions, said) = match answer.told {
            Told::Scheduler { decisions, explanation, .. } => (decisions, explanation.and_then(Result::ok)),
            Told::Nobody(_) => (None, None),
        };
        let read = said.as_ref().map(|said| serde_json::from_value::<Explanation>(said.clone()));
        let (explanation, unread) = match read {
            Some(Ok(explanation)) => (Some(explanation), None),
            Some(Err(_)) => (None, said),
            None => (None, None),
        };
        Self { pods, before: None, decisions, explanation, unread }
    }

    /// The simulation of what the scheduler would not explain.
    pub(super) fn add(&mut self, simulated: Self) {
        self.explanation = simulated.explanation;
    }

    fn document(&self) -> anyhow::Result<Value> {
        let explanation = match (&self.explanation, &self.unread) {
            (Some(explanation), _) => Some(serde_json::to_value(explanation)?),
            (None, unread) => unread.clone(),
        };
        let pod = self.pods.first().map_or("", |(pod, _)| pod);
        let nothing =
            || json!({"apiVersion": API_VERSION, "kind": "DecisionList", "pod": pod, "decisions": []});
        let mut document = match (&self.decisions, explanation) {
            (Some(decisions), None) => decisions.clone(),
            (None, Some(explanation)) => explanation,
            (None, None) => nothing(),
            (Some(decisions), Some(explanation)) => {
                let mut document = decisions.clone();
                document["explanation"] = explanation;
                document
            }
        };
        if self.pods.len() > 1 {
            document["alike"] = self.pods[1..].iter().map(|(pod, _)| pod.as_str()).collect();
        }
        Ok(document)
    }

    fn write(&self, console: &mut Console<'_>, headers: bool) -> anyhow::Result<()> {
        let style = console.style();
        if let Some(before) = &self.before {
            writeln!(console.out, "{}", printable(before))?;
        }
        self.list(console.out, headers)?;
        if let Some(decisions) = &self.decisions {
            decisions::write(console.out, decisions, style, headers)?;
        } else if self.explanation.is_none() && self.unread.is_none() {
            writeln!(console.out, "{}", self.unknown())?;
        }
        if let Some(explanation) = &self.explanation {
            if self.decisions.is_some() {
                writeln!(console.out, "\n{}", style.heading("As the cluster is now"))?;
            }
            let mut explanation = explanation.clone();
            explanation.notes.retain(|note| Some(note) != self.before.as_ref());
            text::write(console.out, &explanation, style, headers)?;
        }
        if self.unread.is_some() {
            writeln!(
                console.out,
                "\nThe scheduler is of another release, and its explanation can only be shown by -o json."
            )?;
        }
        Ok(())
    }

    /// What there is to say of a pod that the scheduler remembers nothing of.
    fn unknown(&self) -> String {
        let why = "this scheduler remembers no decision about it: another one made it, or it was so long ago that newer ones took its place";
        match self.pods.first() {
            Some((pod, Some(node))) => {
                format!(
                    "{} runs on {}; {why}. --as-pending says where it would go now.",
                    printable(pod),
                    printable(node)
                )
            }
            pod => format!("{} waits; {why}.", printable(pod.map_or("", |(pod, _)| pod))),
        }
    }

    /// All pods with this answer, when there are several.
    fn list(&self, out: &mut dyn Write, headers: bool) -> anyhow::Result<()> {
        if self.pods.len() < 2 {
            return Ok(());
        }
        let names: Vec<String> = self.pods.iter().map(|(pod, _)| pod.clone()).collect();
        writeln!(out, "{} pods have the same answer; that of the first follows.", self.pods.len())?;
        if self.pods.iter().all(|(_, node)| node.is_none()) {
            writeln!(out, "  {}\n", printable(&named(&names)))?;
            return Ok(());
        }
        let mut table = Table::new(&["POD", "NODE"]);
        for (pod, node) in self.pods.iter().take(LISTED) {
            table.row([pod.as_str(), node.as_deref().unwrap_or("-")]);
        }
        table.write(out, 2, headers)?;
        match self.pods.len().saturating_sub(LISTED) {
            0 => writeln!(out)?,
            more => writeln!(out, "  and {more} more\n")?,
        }
        Ok(())
    }
}

/// Prints all answers.
///
/// # Errors
/// They cannot be written.
pub(super) fn all(args: &ExplainArgs, shown: &[Shown], console: &mut Console<'_>) -> anyhow::Result<()> {
    // The other formats are of lists, and refused.
    if matches!(args.output, Format::Table | Format::Wide | Format::Name | Format::CustomColumns(_)) {
        for (at, one) in shown.iter().enumerate() {
            if at > 0 {
                writeln!(console.out)?;
            }
            one.write(console, !args.no_headers)?;
        }
        return Ok(());
    }
    for before in shown.iter().filter_map(|one| one.before.as_ref()) {
        console.warn(before);
    }
    if let [only] = shown
        && let (Some(explanation), None, [_]) = (&only.explanation, &only.decisions, only.pods.as_slice())
    {
        return document(&args.output, explanation, console);
    }
    let documents = shown.iter().map(Shown::document).collect::<anyhow::Result<Vec<_>>>()?;
    match documents.as_slice() {
        [only] => document(&args.output, &Ordered(only), console),
        several => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": several});
            document(&args.output, &Ordered(&list), console)
        }
    }
}

/// Prints one document, or what a template makes of it.
fn document(format: &Format, document: &impl Serialize, console: &mut Console<'_>) -> anyhow::Result<()> {
    match format {
        Format::JsonPath(path) => picked::template(console.out, path, document),
        Format::JsonPathAsJson(path) => picked::template_as_json(console.out, path, document),
        Format::Yaml => data::write(console.out, DataFormat::Yaml, document),
        Format::Html => html::write(console.out, document),
        _ => data::write(console.out, DataFormat::Json, document),
    }
}
