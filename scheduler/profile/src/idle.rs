//! Plugins that do nothing here, so a file may name them, and they are left out of the profile: those of kube-scheduler that it has
//! whatever its feature gates say, whose gate is off here or not needed; and those of other schedulers that decide nothing.

use longshore_framework::features::{Features, Gate, Minor, Rule};

/// One of them.
#[derive(Debug)]
pub(crate) struct Idle {
    name: &'static str,
    /// The gate; minors without it do not have the plugin. `None`: it is no plugin of kube-scheduler, and decides nothing.
    gate: Option<Gate>,
    /// The lists that may name it, beside `multiPoint`.
    points: &'static [&'static str],
}

const IDLE: [Idle; 5] = [
    Idle {
        name: "DeferredPodScheduling",
        gate: Some(Gate::InPlacePodVerticalScalingSchedulerPreemption),
        points: &["preFilter", "filter", PERMIT],
    },
    Idle {
        name: GANG,
        gate: Some(Gate::GenericWorkload),
        points: &["preEnqueue", PERMIT, "placementFeasible"],
    },
    Idle {
        name: "PodGroupPodsCount",
        gate: Some(Gate::TopologyAwareWorkloadScheduling),
        points: &["placementScore"],
    },
    Idle {
        name: "TopologyPlacementGenerator",
        gate: Some(Gate::TopologyAwareWorkloadScheduling),
        points: &["placementGenerate"],
    },
    // Of OpenShift's scheduler for NUMA resources: its filter writes what a pod asks for into the log, and rejects nothing.
    Idle { name: "KNIDebug", gate: None, points: &["filter"] },
];

const GANG: &str = "GangScheduling";
const PERMIT: &str = "permit";

/// The plugin of this name, where the minor that is followed has it.
pub(crate) fn find(name: &str, features: Features) -> Option<&'static Idle> {
    IDLE.iter().find(|idle| idle.name == name && idle.is_in(features.minor()))
}

/// The first minor that has a plugin of this name, where some minor has.
pub(crate) fn since(name: &str) -> Option<Minor> {
    let idle = IDLE.iter().find(|idle| idle.name == name)?;
    Minor::ALL.into_iter().find(|minor| idle.is_in(*minor))
}

/// Those that the list called `point` may name.
pub(crate) fn at(point: &str, features: Features) -> Vec<&'static str> {
    let all =
        IDLE.iter().filter(|idle| find(idle.name, features).is_some_and(|i| i.takes_part(point, features)));
    all.map(|idle| idle.name).collect()
}

impl Idle {
    fn is_in(&self, minor: Minor) -> bool {
        self.gate.is_none_or(|gate| gate.spec(minor).is_some())
    }

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
        match self.gate {
            Some(gate) => {
                format!("plugin {:?} does nothing: the feature gate {} is off", self.name, gate.name())
            }
            None => format!(
                "plugin {:?} does nothing here: where it comes from it only writes to the log",
                self.name
            ),
        }
    }
}
