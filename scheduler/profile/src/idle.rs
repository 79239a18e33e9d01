//! Plugins of kube-scheduler that it has whatever its feature gates say, and that do nothing while theirs is off. It is off here, or
//! does not need the plugin, so a file may name them, and they are left out of the profile.

use longshore_framework::features::{Features, Gate, Minor, Rule};

/// One of them.
#[derive(Debug)]
pub(crate) struct Idle {
    name: &'static str,
    /// The gate; minors without it do not have the plugin.
    gate: Gate,
    /// The lists that may name it, beside `multiPoint`.
    points: &'static [&'static str],
}

const IDLE: [Idle; 4] = [
    Idle {
        name: "DeferredPodScheduling",
        gate: Gate::InPlacePodVerticalScalingSchedulerPreemption,
        points: &["preFilter", "filter", PERMIT],
    },
    Idle { name: GANG, gate: Gate::GenericWorkload, points: &["preEnqueue", PERMIT, "placementFeasible"] },
    Idle {
        name: "PodGroupPodsCount",
        gate: Gate::TopologyAwareWorkloadScheduling,
        points: &["placementScore"],
    },
    Idle {
        name: "TopologyPlacementGenerator",
        gate: Gate::TopologyAwareWorkloadScheduling,
        points: &["placementGenerate"],
    },
];

const GANG: &str = "GangScheduling";
const PERMIT: &str = "permit";

/// The plugin of this name, where the minor that is followed has it.
pub(crate) fn find(name: &str, features: Features) -> Option<&'static Idle> {
    IDLE.iter().find(|idle| idle.name == name && idle.gate.spec(features.minor()).is_some())
}

/// The first minor that has a plugin of this name, where some minor has.
pub(crate) fn since(name: &str) -> Option<Minor> {
    let idle = IDLE.iter().find(|idle| idle.name == name)?;
    Minor::ALL.into_iter().find(|minor| idle.gate.spec(*minor).is_some())
}

/// Those that the list called `point` may name.
pub(crate) fn at(point: &str, features: Features) -> Vec<&'static str> {
    let all =
        IDLE.iter().filter(|idle| find(idle.name, features).is_some_and(|i| i.takes_part(point, features)));
    all.map(|idle| idle.name).collect()
}

impl Idle {
    /// Whether the list called `point` may name it.
    pub(crate) fn takes_part(&self, point: &str, features: Features) -> bool {
        let left = self.name == GANG && point == PERMIT && features.follow(Rule::GangsWithoutPermit);
        self.points.contains(&point) && !left
    }

    /// Why it does nothing.
    pub(crate) fn why(&self) -> String {
        if self.name == GANG {
            return format!("plugin {GANG:?} does nothing: groups are decided as a whole without it");
        }
        format!("plugin {:?} does nothing: the feature gate {} is off", self.name, self.gate.name())
    }
}
