//! Fields that only newer minors have.

use longshore_framework::features::{Features, Gate, Rule};
use longshore_framework::fields::{Fields, Problems};

/// Whether a field may stand here by the rules that are followed; what is wrong is reported.
pub(super) fn allowed(
    fields: &mut Fields<'_>,
    name: &'static str,
    rule: Rule,
    features: Features,
    problems: &mut Problems<'_>,
) -> bool {
    let follows = features.follow(rule);
    if !follows && fields.has(name) {
        fields.value(name);
        let (since, minor) = (rule.since(), features.minor());
        problems.field(name).report(format!(
            "is a field of Kubernetes {since} and later, and decisions are made as Kubernetes {minor} makes them; remove it"
        ));
    }
    follows
}

/// `percentageOfPlacementsToScore`, at the top and in a profile: it needs a gate that stays off here.
pub(super) fn percentage_of_placements(
    fields: &mut Fields<'_>,
    features: Features,
    problems: &mut Problems<'_>,
) {
    const NAME: &str = "percentageOfPlacementsToScore";
    let allowed = allowed(fields, NAME, Rule::PlacementFields, features, problems);
    let given = allowed && fields.value(NAME).is_some();
    if given && !features.enabled(Gate::TopologyAwareWorkloadScheduling) {
        problems.field(NAME).report(format!(
            "needs the feature gate {}, which is off; remove it",
            Gate::TopologyAwareWorkloadScheduling.name()
        ));
    }
}
