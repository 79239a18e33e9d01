//! Namespaces that are named in the input without being there: each has the label with its name.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Labels};
use longshore_framework::objects::{Namespace, Object};
use longshore_framework::pod::{AffinityTerm, Pod};

use crate::workload::NAMESPACE_NAME;

/// Namespaces that a message names.
const NAMED: usize = 3;

/// Adds what is known of such namespaces, where pods select any; what to say when they ask for more than is known.
pub(crate) fn complete(pods: &[Arc<Pod>], objects: &mut Vec<Object>) -> Option<String> {
    let selectors = || pods.iter().flat_map(|pod| terms(pod)).filter_map(|t| t.namespace_selector.as_ref());
    selectors().next()?;
    let mut named: BTreeSet<&Str> = pods.iter().map(|pod| &pod.meta.namespace).collect();
    named.extend(pods.iter().flat_map(|pod| terms(pod)).flat_map(|t| &t.namespaces));
    named.extend(objects.iter().filter_map(namespace_of));
    for object in objects.iter() {
        if let Object::Namespace(there) = object {
            named.remove(&there.name);
        }
    }
    let warning = selectors().any(asks_for_more).then(|| warning(&named)).flatten();
    let made = |name: &&Str| Object::Namespace(Arc::new(with_its_name(name)));
    let made: Vec<Object> = named.iter().map(made).collect();
    objects.extend(made);
    warning
}

fn terms(pod: &Pod) -> impl Iterator<Item = &AffinityTerm> {
    let spec = &pod.spec;
    [&spec.pod_affinity, &spec.pod_anti_affinity]
        .into_iter()
        .flat_map(|terms| terms.required.iter().chain(terms.preferred.iter().map(|(_, term)| term)))
}

fn namespace_of(object: &Object) -> Option<&Str> {
    Some(match object {
        Object::Service(o) => &o.namespace,
        Object::Controller(o) => &o.namespace,
        Object::DisruptionBudget(o) => &o.namespace,
        Object::Claim(o) => &o.namespace,
        Object::CsiStorageCapacity(o) => &o.namespace,
        _ => return None,
    })
}

fn with_its_name(name: &Str) -> Namespace {
    let label: (Str, Str) = (NAMESPACE_NAME.into(), name.clone());
    Namespace { name: name.clone(), labels: Labels::from_iter([label]) }
}

fn asks_for_more(selector: &LabelSelector) -> bool {
    selector.requirements.iter().any(|r| &*r.key != NAMESPACE_NAME)
}

fn warning(missing: &BTreeSet<&Str>) -> Option<String> {
    if missing.is_empty() {
        return None;
    }
    let shown: Vec<&str> = missing.iter().take(NAMED).map(|name| &***name).collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "pods select namespaces by their labels, and {} namespace(s) are not in the input ({}{more}): only their names are \
         known; add the Namespaces",
        missing.len(),
        shown.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_str;

    /// Namespaces that are known, and warnings, where a pod of `dev` selects namespaces.
    #[track_caller]
    fn check(selector: &str, more: &str, known: &[&str], warnings: &[&str]) {
        let selector = match selector {
            "" => String::new(),
            given => format!(
                "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: host, labelSelector: {{}}, \
                 namespaceSelector: {given}}}]}}}}, "
            ),
        };
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: dev}}\nspec: {{{selector}containers: [{{name: c}}]}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: prod}}\n{more}"
        );
        let read = read_str(&text);
        let names = read.objects.iter().filter_map(|o| match o {
            Object::Namespace(n) => Some(n.labels.get(NAMESPACE_NAME).unwrap().to_string()),
            _ => None,
        });
        assert_eq!(names.collect::<Vec<_>>(), known);
        assert_eq!(read.warnings, warnings);
    }

    #[test]
    fn the_name_of_a_namespace_is_known_wherever_it_is_named() {
        let there = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: prod, labels: {team: a}}\n";
        let warning = "pods select namespaces by their labels, and 1 namespace(s) are not in the input (dev): only their names \
                       are known; add the Namespaces";
        check("", "", &[], &[]);
        check("{matchLabels: {kubernetes.io/metadata.name: prod}}", "", &["dev", "prod"], &[]);
        check("{}", there, &["prod", "dev"], &[]);
        check("{matchLabels: {team: a}}", there, &["prod", "dev"], &[warning]);
    }
}
