//! Cases that are known to differ, each with the reason.

/// What the allocator of DynamicResources would decide.
const NO_ALLOCATOR: &str = "it needs the allocator of DynamicResources, which is not written yet";

/// The table of differences in RATIONALE.md.
const DEFECT: &str =
    "NotIn in a namespaceSelector of kube-scheduler 1.36 matches every namespace, which is a defect";

const KNOWN: [(&str, &str); 3] = [
    ("a01-namespace-notin-own-term", DEFECT),
    ("x01-dra-extended-resource", NO_ALLOCATOR),
    ("x04-dra-class-without-devices", NO_ALLOCATOR),
];

/// The differences of a case that nothing explains. A case that no longer differs must leave the list.
pub(crate) fn explained(name: &str, differences: Vec<String>) -> Vec<String> {
    match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, why)) if differences.is_empty() => vec![format!("does not differ any more, though {why}")],
        Some((_, why)) => {
            println!("  {name}: differs, as is known: {why}");
            Vec::new()
        }
        None => differences,
    }
}
