//! Cases that are known to differ, each with the minors in which it does and the reason.

use longshore_framework::features::Minor;

/// What the allocator of DynamicResources would decide.
const NO_ALLOCATOR: &str = "it needs the allocator of DynamicResources, which is not written yet";

/// The table of differences in RATIONALE.md.
const DEFECT: &str =
    "NotIn in a namespaceSelector of kube-scheduler up to 1.36.5 matches every namespace, which is a defect";

const KNOWN: [(&str, &[Minor], &str); 3] = [
    ("a01-namespace-notin-own-term", &[Minor::V1_36], DEFECT),
    ("x01-dra-extended-resource", &Minor::ALL, NO_ALLOCATOR),
    ("x04-dra-class-without-devices", &Minor::ALL, NO_ALLOCATOR),
];

/// The differences of a case that nothing explains. A case that no longer differs must leave the list.
pub(crate) fn explained(name: &str, minor: Minor, differences: Vec<String>) -> Vec<String> {
    match KNOWN.iter().find(|(known, minors, _)| *known == name && minors.contains(&minor)) {
        Some((.., why)) if differences.is_empty() => vec![format!("does not differ any more, though {why}")],
        Some((.., why)) => {
            println!("  {name}: differs, as is known: {why}");
            Vec::new()
        }
        None => differences,
    }
}
