//! Pods of a set are tried once all of them are there.
//!
//! A pod belongs to the set that its label `example.com/set` names, in its namespace; `example.com/set-size` says how many
//! pods make it whole. A pod is rejected until the set is whole; the last one that comes wakes the others, which are tried
//! at once, without waiting for their backoff.
//!
//! The operator grants `engine` (to wake pods), `pods` (who runs already) and `raw` (who is still there).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use longshore_plugin::prelude::*;

/// The label with the set's name.
pub const SET: &str = "example.com/set";

/// The label with the number of pods that make it whole.
pub const SIZE: &str = "example.com/set-size";

/// So many pods are remembered at the most.
const MOST: usize = 20_000;

/// A namespace and the name of a set in it.
type Set = (String, String);

/// The plugin.
#[derive(Default)]
pub struct Siblings {
    /// UIDs of the pods that came, by their set.
    came: RefCell<BTreeMap<Set, BTreeSet<String>>>,
}

impl Plugin for Siblings {
    type Config = ();
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("Siblings")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Pods of a set are tried once all of them are there")
            .single()
            // The last one of the set wakes the others. Nothing else helps.
            .no_events()
    }

    fn new((): ()) -> Result<Self, Error> {
        Ok(Self::default())
    }
}

/// The set of a pod and its size; `None` for a pod without one.
fn set(pod: &PodInfo) -> Result<Option<(Set, usize)>, Reject> {
    let Some(name) = pod.label(SET) else { return Ok(None) };
    match pod.label(SIZE).and_then(|text| text.parse().ok()) {
        Some(size @ 1..) => Ok(Some(((pod.namespace.clone(), name.to_owned()), size))),
        _ => Err(Reject::unresolvable(format!("the label {SIZE} is no number of pods"))),
    }
}

impl Siblings {
    /// The other pods of a set that are there, and whether this one has just come.
    fn others(&self, set: &Set, pod: &PodInfo) -> Result<(BTreeSet<String>, bool), Error> {
        let mut came = self.came.borrow_mut();
        let members = came.entry(set.clone()).or_default();
        members.retain(|uid| host::raw::pod(uid).is_some());
        let new = members.insert(pod.uid.clone());
        let mut others = members.clone();
        if new {
            forget(&mut came)?;
        }
        // Those that ran before this plugin did.
        let running = host::pods::of_namespace(&set.0).into_iter();
        others.extend(running.filter(|other| other.label(SET) == Some(&set.1)).map(|other| other.uid));
        others.remove(&pod.uid);
        Ok((others, new))
    }
}

/// Forgets pods that are gone, once there are too many.
fn forget(came: &mut BTreeMap<Set, BTreeSet<String>>) -> Result<(), Error> {
    if count(came) <= MOST {
        return Ok(());
    }
    came.values_mut().for_each(|members| members.retain(|uid| host::raw::pod(uid).is_some()));
    came.retain(|_, members| !members.is_empty());
    if count(came) > MOST {
        return Err(format!("more than {MOST} pods are in sets").into());
    }
    Ok(())
}

fn count(came: &BTreeMap<Set, BTreeSet<String>>) -> usize {
    came.values().map(BTreeSet::len).sum()
}

impl PreFilter for Siblings {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        let (set, size) = match set(pod) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(PreFilterOutcome::Skip(())),
            Err(reject) => return Ok(PreFilterOutcome::Reject(reject)),
        };
        let (others, new) = self.others(&set, pod)?;
        if others.len() + 1 < size {
            let reason = format!("waits for {} more pod(s) of its set", size - 1 - others.len());
            return Ok(PreFilterOutcome::Reject(Reject::unresolvable(reason)));
        }
        // Once: pods that find no node are not to wake each other for ever.
        if new {
            others.iter().for_each(|uid| host::engine::activate(uid));
        }
        Ok(PreFilterOutcome::Skip(()))
    }
}

export_plugin!(Siblings: PreFilter);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Run, asked, set_pods, set_raw_pods};

    fn member(name: &str) -> Pod {
        Pod::new("shop", name).with_label(SET, "train").with_label(SIZE, "3")
    }

    fn run() -> Run<Siblings> {
        Run::new(Siblings::default(), &Cluster::new())
    }

    /// From now on these pods are there.
    fn there(names: &[&str]) {
        set_raw_pods(names.iter().map(|name| (member(name).info.uid, "{}".to_owned())).collect());
    }

    fn waits(run: &mut Run<Siblings>, name: &str, more: usize) {
        let reason = format!("waits for {more} more pod(s) of its set");
        let outcome = run.pre_filter(&member(name)).unwrap();
        assert_eq!(outcome, PreFilterOutcome::Reject(Reject::unresolvable(reason)), "{name}");
    }

    fn goes(run: &mut Run<Siblings>, name: &str) -> Vec<String> {
        assert_eq!(run.pre_filter(&member(name)).unwrap(), PreFilterOutcome::Skip(Vec::new()), "{name}");
        asked().activated
    }

    #[test]
    fn the_last_one_wakes_the_others_once() {
        let mut run = run();
        there(&["a", "b", "c"]);
        waits(&mut run, "a", 2);
        waits(&mut run, "b", 1);
        waits(&mut run, "a", 1);
        assert_eq!(goes(&mut run, "c"), ["shop/a", "shop/b"]);
        assert_eq!(goes(&mut run, "a"), [""; 0]);
        assert_eq!(goes(&mut run, "c"), [""; 0]);
    }

    #[test]
    fn a_pod_that_is_gone_does_not_count() {
        let mut run = run();
        there(&["a", "b"]);
        waits(&mut run, "a", 2);
        waits(&mut run, "b", 1);
        there(&["b", "c", "d"]);
        waits(&mut run, "c", 1);
        assert_eq!(goes(&mut run, "d"), ["shop/b", "shop/c"]);
    }

    #[test]
    fn pods_that_run_already_count() {
        there(&["c"]);
        set_pods(vec![member("a").info, member("b").info]);
        assert_eq!(goes(&mut run(), "c"), ["shop/a", "shop/b"]);
    }

    #[test]
    fn pods_without_a_set_go_and_a_set_needs_a_size() {
        let mut run = run();
        assert_eq!(run.pre_filter(&Pod::new("shop", "web")).unwrap(), PreFilterOutcome::Skip(Vec::new()));
        for size in ["0", "three"] {
            let pod = Pod::new("shop", "web").with_label(SET, "train").with_label(SIZE, size);
            assert!(matches!(run.pre_filter(&pod).unwrap(), PreFilterOutcome::Reject(_)), "{size}");
        }
    }
}
