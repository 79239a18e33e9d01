//! An extender that answers at once, so that what is measured is what the engine does for it.

use longshore_framework::Str;
use longshore_framework::extender::{Extender, FilterAnswer, MAX_EXTENDER_SCORE, NamedVictims, NodeVictims};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;

/// Keeps the nodes whose names do not end in 7, and prefers those whose names end in a high digit.
#[derive(Debug)]
pub(super) struct InProcess;

fn last_digit(name: &str) -> i64 {
    name.bytes().last().filter(u8::is_ascii_digit).map_or(0, |digit| i64::from(digit - b'0'))
}

impl Extender for InProcess {
    fn name(&self) -> &'static str {
        "in-process"
    }

    fn is_ignorable(&self) -> bool {
        false
    }

    fn is_interested(&self, _pod: &Pod) -> bool {
        true
    }

    fn is_filter(&self) -> bool {
        true
    }

    fn is_prioritizer(&self) -> bool {
        true
    }

    fn is_binder(&self) -> bool {
        false
    }

    fn supports_preemption(&self) -> bool {
        false
    }

    fn weight(&self) -> i64 {
        1
    }

    fn filter(&self, _pod: &Pod, nodes: &[&Node]) -> Result<FilterAnswer, PluginError> {
        let (kept, failed): (Vec<Str>, Vec<Str>) =
            nodes.iter().map(|node| Str::clone(&node.name)).partition(|name| last_digit(name) != 7);
        let failed = failed.into_iter().map(|name| (name, "its name ends in 7".to_owned())).collect();
        Ok(FilterAnswer { kept, failed, failed_and_unresolvable: Vec::new() })
    }

    fn prioritize(&self, _pod: &Pod, nodes: &[&Node]) -> Result<Vec<(Str, i64)>, PluginError> {
        let score = |node: &&Node| (Str::clone(&node.name), last_digit(&node.name).min(MAX_EXTENDER_SCORE));
        Ok(nodes.iter().map(score).collect())
    }

    fn preempt(&self, _pod: &Pod, _candidates: &[NodeVictims]) -> Result<Vec<NamedVictims>, PluginError> {
        Ok(Vec::new())
    }
}
