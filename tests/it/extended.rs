//! Extenders beside kept answers: what they are asked about, and that it stays so.

use std::sync::{Arc, Mutex};

use longshore_engine::{Engine, Evaluation, Options, Path};
use longshore_framework::Str;
use longshore_framework::extender::{Extender, FilterAnswer, NamedVictims, NodeVictims};
use longshore_framework::fixture::{node, pod};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::taint::TaintEffect;
use longshore_framework::verdict::PluginError;

use crate::properties::PROFILES;

/// Keeps every node but the first it is asked about, and notes which these were.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<Vec<Str>>>);

impl Extender for Noting {
    fn name(&self) -> &str {
        "noting"
    }

    fn is_ignorable(&self) -> bool {
        false
    }

    fn is_interested(&self, _: &Pod) -> bool {
        true
    }

    fn is_filter(&self) -> bool {
        true
    }

    fn is_prioritizer(&self) -> bool {
        false
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

    fn filter(&self, _: &Pod, nodes: &[&Node]) -> Result<FilterAnswer, PluginError> {
        let names: Vec<Str> = nodes.iter().map(|node| Str::clone(&node.name)).collect();
        let kept = names.iter().skip(1).cloned().collect();
        self.0.lock().unwrap().push(names);
        Ok(FilterAnswer { kept, ..FilterAnswer::default() })
    }

    fn prioritize(&self, _: &Pod, _: &[&Node]) -> Result<Vec<(Str, i64)>, PluginError> {
        Ok(Vec::new())
    }

    fn preempt(&self, _: &Pod, _: &[NodeVictims]) -> Result<Vec<NamedVictims>, PluginError> {
        Ok(Vec::new())
    }
}

#[test]
fn an_extender_is_asked_about_what_kept_answers_leave_over() {
    let noting = Arc::new(Noting::default());
    let extenders: Vec<Arc<dyn Extender>> = vec![Arc::clone(&noting) as _];
    let options = Options { extenders, evaluation: Evaluation::Incremental, ..Options::default() };
    let mut engine = Engine::new(PROFILES.clone(), options);
    let plain = |name: &str, cpu: &str| node(name).allocatable("cpu", cpu);
    for node in [plain("a", "8"), plain("b", "8").taint("k", "v", TaintEffect::NoSchedule), plain("c", "8")] {
        engine.apply(Input::Node(node.build()));
    }
    engine.apply(Input::Node(plain("d", "1").build()));
    let mut paths = Vec::new();
    for name in ["1", "2", "3"] {
        engine.apply(Input::Pod(pod(name).request("cpu", "1").build()));
        paths.push(engine.step().unwrap().path);
    }
    assert!(matches!(paths[0], Path::Literal(_)), "{paths:?}");
    assert_eq!(paths[1..], [Path::Kept, Path::Kept]);
    let asked = noting.0.lock().unwrap().iter().map(|names| names.join(" ")).collect::<Vec<_>>();
    // The first node asked about is never kept, and of the others `c` is the larger one.
    assert_eq!(asked, ["a c d", "a c d", "a c d"]);
}
