//! Which feature gates are on, asked once.

use longshore_framework::features::{Features, Gate, Rule};

/// What of the plugin is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gates {
    /// Classes stand for extended resources.
    pub(super) extended: bool,
    /// DeviceTaintRules count.
    pub(super) taint_rules: bool,
    /// Pods wait for the binding conditions of their devices.
    pub(super) conditions: bool,
    /// Requests have alternatives.
    pub(super) alternatives: bool,
    /// The search on a node has an end.
    pub(super) filter_timeout: bool,
    /// PostFilter says what it did.
    pub(super) tells: bool,
    /// Settings for drivers are listed once, and without requests where all are meant.
    pub(super) lists_once: bool,
    /// Ranges of amounts may be in thousandths.
    pub(super) fractional: bool,
    /// Pods are woken when a claim with devices is gone.
    pub(super) hears_deletion: bool,
}

impl Gates {
    pub(super) fn of(features: Features) -> Self {
        let on = |gate| features.enabled(gate);
        Self {
            extended: on(Gate::DRAExtendedResource),
            taint_rules: on(Gate::DRADeviceTaintRules) && on(Gate::DRADeviceTaints),
            conditions: on(Gate::DRADeviceBindingConditions) && on(Gate::DRAResourceClaimDeviceStatus),
            alternatives: on(Gate::DRAPrioritizedList),
            filter_timeout: on(Gate::DRASchedulerFilterTimeout),
            tells: !features.follow(Rule::NothingToDeallocate),
            lists_once: features.follow(Rule::ConfigsOfAllRequests),
            fractional: on(Gate::DRAFractionalCapacityRange),
            hears_deletion: features.follow(Rule::DeletedClaimsWake),
        }
    }
}
