//! Which pod is meant.

use std::sync::Arc;

use longshore_framework::pod::Pod;
use thiserror::Error;

/// No pod, or no single one, is meant; the text says what to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NotFound(String);

/// Names that an error suggests, at the most.
const SUGGESTED: usize = 5;

/// The pod called `name` (a name, or `namespace/name`): that of `namespace` (`default` when not given), or else the only
/// one of that name.
///
/// # Errors
/// There is no such pod, with the nearest names; or there are several.
pub fn find(pods: &[Arc<Pod>], name: &str, namespace: Option<&str>) -> Result<Arc<Pod>, NotFound> {
    let (within, name) = match name.split_once('/') {
        Some((given, name)) => {
            if let Some(other) = namespace.filter(|n| *n != given) {
                return Err(NotFound(format!(
                    "pod {given}/{name} is asked for in namespace {other}; leave one of the two namespaces out"
                )));
            }
            (Some(given), name)
        }
        None => (namespace, name),
    };
    let named: Vec<&Arc<Pod>> = pods.iter().filter(|p| &*p.meta.name == name).collect();
    let wanted = within.unwrap_or("default");
    if let Some(pod) = named.iter().find(|p| &*p.meta.namespace == wanted) {
        return Ok(Arc::clone(pod));
    }
    match (within, named.as_slice()) {
        (None, [only]) => Ok(Arc::clone(only)),
        (None, [_, _, ..]) => {
            let keys: Vec<String> = named.iter().map(|p| p.key()).collect();
            Err(NotFound(format!(
                "there are {} pods called {name}: {}; name one of them with its namespace",
                keys.len(),
                keys.join(", ")
            )))
        }
        _ => {
            let asked = within.map_or(name.to_string(), |n| format!("{n}/{name}"));
            let near = nearest(pods, name);
            if near.is_empty() {
                return Err(NotFound(format!("there is no pod {asked}; the input has no pods")));
            }
            Err(NotFound(format!("there is no pod {asked}; did you mean {}?", near.join(", "))))
        }
    }
}

/// `namespace/name` of the pods whose names are most like `name`: those that begin with it, then by distance.
fn nearest(pods: &[Arc<Pod>], name: &str) -> Vec<String> {
    let mut ranked: Vec<(bool, usize, String)> = pods
        .iter()
        .map(|p| (!p.meta.name.starts_with(name), distance(name, &p.meta.name), p.key()))
        .collect();
    ranked.sort();
    ranked.into_iter().take(SUGGESTED).map(|(_, _, key)| key).collect()
}

/// How many characters have to be put in, taken out or replaced to make `b` of `a` (Levenshtein). Names are short.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().take(253).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;

    #[track_caller]
    fn check(name: &str, namespace: Option<&str>, want: &str) {
        let pods = [
            pod("web-1").namespace("shop").build(),
            pod("web-2").namespace("shop").build(),
            pod("db").namespace("shop").build(),
            pod("db").namespace("default").build(),
            pod("cache").namespace("a").build(),
            pod("cache").namespace("b").build(),
        ];
        let found = match find(&pods, name, namespace) {
            Ok(pod) => pod.key(),
            Err(error) => error.to_string(),
        };
        assert!(found.starts_with(want), "{found}");
    }

    #[test]
    fn a_pod_is_found_with_or_without_its_namespace() {
        check("shop/web-1", None, "shop/web-1");
        check("web-1", Some("shop"), "shop/web-1");
        check("web-1", None, "shop/web-1");
        check("db", None, "default/db");
        check("shop/db", Some("shop"), "shop/db");
    }

    #[test]
    fn what_cannot_be_found_is_explained() {
        check("cache", None, "there are 2 pods called cache: a/cache, b/cache");
        check("wbe-1", None, "there is no pod wbe-1; did you mean shop/web-1, shop/web-2");
        check("web-1", Some("default"), "there is no pod default/web-1; did you mean shop/web-1");
        check("shop/db", Some("other"), "pod shop/db is asked for in namespace other");
    }

    #[test]
    fn distances() {
        assert_eq!((distance("kitten", "sitting"), distance("", "ab"), distance("ab", "")), (3, 2, 2));
    }
}
