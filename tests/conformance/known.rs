//! Cases that are known to differ, each with the minors in which it does and the reason.

use longshore_framework::features::Minor;

/// The table of differences in RATIONALE.md.
const DEFECT: &str =
    "NotIn in a namespaceSelector of kube-scheduler up to 1.36.5 matches every namespace, which is a defect";

const LEAK: &str =
    "kube-scheduler keeps counters of a device that is turned down consumed for the rest of the search";
const BY_NAME: &str = "kube-scheduler keeps counters by the name of the pool, whoever its driver is";
const DISTINCT: &str = "distinctAttribute of kube-scheduler remembers only the last device of a request";
const NO_MAPPINGS: &str = "kube-scheduler cannot bind a pod with a claim and a resource that a device plugin gives: nil or empty request mappings";

const COUNTERS_ELSEWHERE: &str = "kube-scheduler gives all devices on no node while a pool of another node that has shared counters is incomplete";

const HELD: &str =
    "two groups that are not complete hold room against each other there, and nobody holds any here";
const AGAIN: &str =
    "a group whose pods fit and are too few is tried again after every backoff there; see RATIONALE.md";
const TIE: &str = "two nodes are equally good, and the recording took the same one seven times";

const KNOWN: [(&str, &[Minor], &str); 18] = [
    ("Coscheduling-public-008", &[Minor::V1_36], HELD),
    ("gang-partial-0044", &[Minor::V1_36], AGAIN),
    ("gang-running-0009", &[Minor::V1_36], TIE),
    ("gang-late-0060", &[Minor::V1_36], TIE),
    ("a01-namespace-notin-own-term", &[Minor::V1_36], DEFECT),
    ("dra-hand-counters-leak-after-taint-no", &Minor::ALL, LEAK),
    ("dra-hand-counters-leak-after-failed-constraint", &Minor::ALL, LEAK),
    ("dra-counters-0179", &Minor::ALL, BY_NAME),
    ("dra-hand-counters-same-pool-name-two-drivers", &Minor::ALL, BY_NAME),
    ("dra-hand-distinct-attribute-remembers-last-of-a-request", &Minor::ALL, DISTINCT),
    ("dra-hand-all-counter-pool-of-another-node", &Minor::ALL, COUNTERS_ELSEWHERE),
    ("dra-match-0105", &Minor::ALL, DISTINCT),
    ("dra-match-0149", &Minor::ALL, DISTINCT),
    ("dra-consume-0134", &Minor::ALL, DISTINCT),
    ("dra-first-0250", &Minor::ALL, DISTINCT),
    ("dra-hand-extended-resource-plugin-node-and-user-claim", &Minor::ALL, NO_MAPPINGS),
    ("dra-extended-0181", &Minor::ALL, NO_MAPPINGS),
    ("dra-extended-0258", &Minor::ALL, NO_MAPPINGS),
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
