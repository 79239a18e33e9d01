//! Plugins answer for one node and many pods as they answer for each pod.

use std::sync::LazyLock;

use longshore_engine::Options;
use longshore_framework::plugin::{Cycle, PerSeat, SEATS};
use longshore_framework::profile::Profile;
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PreScoreVerdict, Verdict};
use longshore_simulation as simulation;
use proptest::prelude::*;

use super::cluster::{ClusterDraft, cluster};
use super::{PROFILES, config};

/// What a plugin remembers of a pod; `None` when it has nothing to say of it.
fn remembered(instance: &Instance, cx: Cycle<'_>) -> Option<PluginState> {
    let mut state = PluginState::default();
    if let Some(plugin) = &instance.pre_filter {
        plugin.pre_filter(cx, &mut state).expect("PreFilter works");
    }
    let pre_score = instance.pre_score.as_ref().map(|plugin| plugin.pre_score(cx, &mut state, &[]));
    (pre_score != Some(Ok(PreScoreVerdict::Skip))).then_some(state)
}

#[track_caller]
fn check(profile: &Profile, draft: &ClusterDraft, turned: usize) {
    let cluster = draft.build();
    let engine = simulation::load(&cluster, PROFILES.clone(), Options::default());
    let snapshot = engine.snapshot();
    for instance in profile.plugins() {
        let Some(mut seats) = instance.plugin.seats() else { continue };
        let mut taken: Vec<(usize, Cycle<'_>, PluginState)> = Vec::new();
        // Some seats are taken twice: nothing of who sat there before is left.
        for (at, pod) in cluster.pods.iter().chain(&cluster.pods).enumerate() {
            let cx = Cycle { snapshot, objects: engine.cache().objects(), pod };
            let seat = (at + turned) % SEATS.min(cluster.pods.len() + 3);
            let Some(state) = remembered(instance, cx) else { continue };
            taken.retain(|(other, ..)| *other != seat);
            if seats.take(seat, cx, &state).expect("it is taken") {
                taken.push((seat, cx, state));
            }
        }
        for slot in snapshot.live().iter().map(Slot::from) {
            let node = snapshot.view(slot);
            let (mut room, mut scores): (PerSeat, PerSeat) = ([0; SEATS], [0; SEATS]);
            let broken = seats.filter(node, engine.cache().objects(), &mut room);
            seats.score(node, engine.cache().objects(), &mut scores);
            for (seat, cx, state) in &taken {
                let of = || format!("{} for {} on {}", instance.name(), cx.pod.key(), node.name());
                if let Some(plugin) = &instance.filter {
                    let said = plugin.filter(*cx, state, node);
                    assert_eq!(broken >> seat & 1 == 1, said.is_err(), "{}", of());
                    if let Ok(verdict) = said {
                        assert_eq!(room[*seat] >= 0, verdict == Verdict::Pass, "{}", of());
                    }
                }
                if let Some(plugin) = &instance.score {
                    let score = plugin.score(*cx, state, node).expect("Score works");
                    assert_eq!(scores[*seat], score, "{}", of());
                }
            }
        }
    }
}

/// A profile whose Fit scores in this way, and whose BalancedAllocation compares three resources.
fn scoring(strategy: &str) -> Profile {
    let text = format!(
        "{{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, profiles: [{{pluginConfig: [\
         {{name: NodeResourcesFit, args: {{scoringStrategy: {{{strategy}}}}}}}, \
         {{name: NodeResourcesBalancedAllocation, args: {{resources: [{{name: cpu}}, {{name: memory}}, \
         {{name: example.com/gpu}}, {{name: ephemeral-storage}}]}}}}]}}]}}"
    );
    let (registry, plugins) =
        (longshore_plugins_native::registry(), longshore_plugins_native::DEFAULT_MULTI_POINT);
    let loaded = longshore_profile::load("profile", &text, &registry, plugins).expect("the profile resolves");
    loaded.profiles.into_iter().next().expect("it has one profile")
}

static MOST: LazyLock<Profile> =
    LazyLock::new(|| scoring("type: MostAllocated, resources: [{name: cpu, weight: 3}, {name: memory}]"));

static RATIO: LazyLock<Profile> = LazyLock::new(|| {
    let shape =
        "shape: [{utilization: 0, score: 2}, {utilization: 70, score: 10}, {utilization: 100, score: 0}]";
    let resources = "resources: [{name: cpu, weight: 2}, {name: example.com/gpu, weight: 5}]";
    scoring(&format!("type: RequestedToCapacityRatio, {resources}, requestedToCapacityRatio: {{{shape}}}"))
});

proptest! {
    #![proptest_config(config(160))]

    #[test]
    fn a_node_is_judged_for_many_pods_as_for_each(draft in cluster(12, 40), turned in 0..64_usize) {
        for profile in [&PROFILES[0], &MOST, &RATIO] {
            check(profile, &draft, turned);
        }
    }
}
