//! Plugins answer for many nodes as they answer for each: Filter and Score over a range equal one node after the other,
//! and a supposition that changes nothing is judged like the node itself.

use std::sync::Arc;

use longshore_engine::{Engine, Options};
use longshore_framework::plugin::{Cycle, Filter, FilterSink, MAX_SCORE, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PreFilterVerdict, PreScoreVerdict, Rejection, Verdict};
use longshore_framework::view::{Hypothesis, NodeView};
use longshore_simulation as simulation;
use proptest::prelude::*;

use super::cluster::{ClusterDraft, cluster};
use super::{PROFILES, config};

/// One plugin at work on one pod.
pub(super) struct Judge<'a> {
    pub(super) cx: Cycle<'a>,
    pub(super) name: &'a str,
    filter: &'a dyn Filter,
    pre_filter: Option<&'a dyn PreFilter>,
    state: PluginState,
}

impl<'a> Judge<'a> {
    /// `None` when PreFilter leaves the plugin out of the cycle or rejects the pod.
    fn new(profile: &'a Profile, id: PluginId, cx: Cycle<'a>) -> Option<Self> {
        let instance = profile.plugin(id);
        let pre_filter = instance.pre_filter.as_deref();
        let mut state = PluginState::default();
        if let Some(plugin) = pre_filter {
            let verdict = plugin.pre_filter(cx, &mut state).expect("PreFilter works");
            if !matches!(verdict, PreFilterVerdict::Pass(_)) {
                return None;
            }
        }
        let filter = instance.filter.as_deref()?;
        Some(Self { cx, name: instance.name(), filter, pre_filter, state })
    }

    /// What the plugin says of a node.
    pub(super) fn of(&self, view: NodeView<'_>) -> Verdict {
        self.filter.filter(self.cx, &self.state, view).expect("Filter works")
    }

    /// The range and its parts must say what each node says.
    fn check_range(&self, slots: &[Slot]) {
        let mut candidates = slots.to_vec();
        let mut rejected: Vec<(Slot, Rejection)> = Vec::new();
        let mut sink = FilterSink::new(&mut candidates, &mut rejected);
        self.filter.filter_range(self.cx, &self.state, &mut sink).expect("Filter works");
        let (mut passes, mut rejections) = (Vec::new(), Vec::new());
        for slot in slots {
            match self.of(self.cx.snapshot.view(*slot)) {
                Verdict::Pass => passes.push(*slot),
                Verdict::Reject(rejection) => rejections.push((*slot, rejection)),
            }
        }
        rejected.sort_by_key(|(slot, _)| *slot);
        assert_eq!((candidates, rejected), (passes, rejections), "{} for {}", self.name, self.cx.pod.key());
    }

    /// A node as supposed, with nothing changed or with a pod that came and went.
    fn check_supposed(&self, slots: &[Slot], guest: Option<&Arc<Pod>>) {
        for slot in slots {
            let want = self.of(self.cx.snapshot.view(*slot));
            let mut supposed = Hypothesis::of(self.cx.snapshot, *slot);
            let mut state = self.state.clone();
            if let Some(guest) = guest {
                supposed.add(Arc::clone(guest));
                supposed.remove(guest);
                if let Some(plugin) = self.pre_filter {
                    plugin.add_pod(self.cx, &mut state, guest, *slot).expect("AddPod works");
                    plugin.remove_pod(self.cx, &mut state, guest, *slot).expect("RemovePod works");
                }
            }
            let view = NodeView::supposed(self.cx.snapshot, &supposed);
            let have = self.filter.filter(self.cx, &state, view).expect("Filter works");
            assert_eq!(
                have,
                want,
                "{} for {}, guest {:?}",
                self.name,
                self.cx.pod.key(),
                guest.map(|g| g.key())
            );
        }
    }
}

/// Every filter that has a say about `pod`.
pub(super) fn judges<'a>(profile: &'a Profile, cx: Cycle<'a>) -> Vec<Judge<'a>> {
    profile.stage(Stage::Filter).iter().filter_map(|id| Judge::new(profile, *id, cx)).collect()
}

/// The nodes that every filter passes.
pub(super) fn feasible(judges: &[Judge<'_>], slots: &[Slot]) -> Vec<Slot> {
    let passes = |slot: &Slot| judges.iter().all(|j| j.of(j.cx.snapshot.view(*slot)) == Verdict::Pass);
    slots.iter().copied().filter(passes).collect()
}

/// Scores of every scorer that has a say, node by node, raw and normalised.
pub(super) fn scores(
    profile: &Profile,
    cx: Cycle<'_>,
    feasible: &[Slot],
) -> Vec<(String, Vec<i64>, Vec<i64>)> {
    let mut all = Vec::new();
    for id in profile.stage(Stage::Score) {
        let instance = profile.plugin(*id);
        let mut state = PluginState::default();
        // Where PreFilter rejects the pod nothing is scored.
        if let Some(plugin) = &instance.pre_filter
            && let PreFilterVerdict::Reject(_) = plugin.pre_filter(cx, &mut state).expect("PreFilter works")
        {
            continue;
        }
        if let Some(plugin) = &instance.pre_score
            && plugin.pre_score(cx, &mut state, feasible).expect("PreScore works") == PreScoreVerdict::Skip
        {
            continue;
        }
        let Some(plugin) = &instance.score else { continue };
        let one = |slot: &Slot| plugin.score(cx, &state, cx.snapshot.view(*slot)).expect("Score works");
        let raw: Vec<i64> = feasible.iter().map(one).collect();
        let mut together = vec![i64::MIN; feasible.len()];
        plugin.score_range(cx, &state, feasible, &mut together).expect("Score works");
        assert_eq!(together, raw, "{} for {}", instance.name(), cx.pod.key());
        let mut normal = raw.clone();
        plugin.normalise(cx, &state, feasible, &mut normal).expect("normalise works");
        let low_or_high = normal.iter().find(|s| !(0..=MAX_SCORE).contains(*s));
        assert_eq!(low_or_high, None, "{} for {}", instance.name(), cx.pod.key());
        all.push((instance.name().to_string(), raw, normal));
    }
    all
}

#[track_caller]
fn check(draft: &ClusterDraft, keep: u64) {
    let cluster = draft.build();
    let engine: Engine = simulation::load(&cluster, PROFILES.clone(), Options::default());
    let profile = &PROFILES[0];
    let snapshot = engine.snapshot();
    let slots: Vec<Slot> = snapshot.live().iter().map(Slot::from).collect();
    let some: Vec<Slot> = slots.iter().copied().filter(|s| keep >> (s.0 % 64) & 1 == 1).collect();
    let guests: Vec<Option<&Arc<Pod>>> = [None]
        .into_iter()
        .chain(cluster.pods.iter().filter(|p| p.meta.node_name.is_none()).map(Some))
        .collect();
    for (at, pod) in cluster.pods.iter().filter(|p| p.meta.node_name.is_none()).enumerate() {
        let cx = Cycle { snapshot, objects: engine.cache().objects(), pod };
        let judges = judges(profile, cx);
        for judge in &judges {
            judge.check_range(&slots);
            judge.check_range(&some);
            // A guest with a port that is taken already frees it when it goes, in kube-scheduler too.
            let guest = guests[at % guests.len()].filter(|g| g.spec.containers[0].host_ports.is_empty());
            judge.check_supposed(&slots, guest);
        }
        let feasible = feasible(&judges, &slots);
        if feasible.len() > 1 {
            scores(profile, cx, &feasible);
        }
    }
}

proptest! {
    #![proptest_config(config(160))]

    #[test]
    fn a_range_is_judged_like_its_nodes(draft in cluster(16, 24), keep: u64) {
        check(&draft, keep);
    }
}
