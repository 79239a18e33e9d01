//! The objects of one kind, page by page.

use serde::Deserialize;
use serde_json::Value;

use crate::call::path::escape;
use crate::call::{ApiError, Caller};
use crate::kinds::{ListedKind, Reads, WatchedKind};

/// Objects asked for at a time.
const PAGE: usize = 500;

/// Where the objects of a kind are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'n> {
    pub(crate) kind: &'static str,
    pub(crate) api_version: &'static str,
    pub(crate) plural: &'static str,
    /// Which of them; empty for all.
    selector: &'static str,
    /// What is lost without it.
    pub(crate) loss: &'static str,
    /// Whether nothing can be decided without it.
    pub(crate) essential: bool,
    /// The only namespace that is looked into.
    namespace: Option<&'n str>,
}

impl<'n> Place<'n> {
    pub(crate) fn of(kind: &WatchedKind) -> Self {
        let unfinished = "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";
        Self {
            kind: kind.kind,
            api_version: kind.api_version,
            plural: kind.plural,
            selector: if matches!(kind.reads, Reads::Pod) { unfinished } else { "" },
            loss: kind.loss,
            essential: kind.is_essential(),
            namespace: None,
        }
    }

    pub(crate) fn of_listed(kind: &ListedKind) -> Self {
        let ListedKind { kind, api_version, plural, loss } = *kind;
        Self { kind, api_version, plural, selector: "", loss, essential: false, namespace: None }
    }

    /// The same in one namespace, where the kind lives in namespaces.
    pub(crate) fn within(self, namespace: Option<&'n str>) -> Self {
        Self { namespace: namespace.filter(|_| NAMESPACED.contains(&self.plural)), ..self }
    }

    /// Group of the `apiVersion`, empty for core.
    pub(crate) fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// Kinds that live in namespaces, by their name in paths. What plugins declare is always listed everywhere.
const NAMESPACED: [&str; 17] = [
    "pods",
    "services",
    "replicationcontrollers",
    "replicasets",
    "statefulsets",
    "deployments",
    "daemonsets",
    "jobs",
    "cronjobs",
    "poddisruptionbudgets",
    "persistentvolumeclaims",
    "csistoragecapacities",
    "limitranges",
    "resourcequotas",
    "horizontalpodautoscalers",
    "resourceclaims",
    "resourceclaimtemplates",
];

#[derive(Deserialize)]
struct Page {
    metadata: PageMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

/// The objects of a kind, so many at a time.
#[derive(Debug)]
pub(crate) struct Pages<'p> {
    place: &'p Place<'p>,
    /// Where the next page begins; none when there is no other.
    next: Option<String>,
}

impl<'p> Pages<'p> {
    pub(crate) fn new(place: &'p Place<'p>) -> Self {
        Self { place, next: Some(String::new()) }
    }

    /// The next page; none after the last.
    pub(crate) async fn next(&mut self, api: &Caller) -> Result<Option<Vec<Value>>, ApiError> {
        let Some(next) = &self.next else { return Ok(None) };
        let page: Page = api.get(&path(self.place, next)).await?;
        self.next = Some(page.metadata.next).filter(|next| !next.is_empty());
        Ok(Some(page.items.into_iter().map(|item| named(self.place, item)).collect()))
    }
}

fn path(place: &Place<'_>, next: &str) -> String {
    let root = if place.api_version.contains('/') { "/apis" } else { "/api" };
    let within =
        place.namespace.map_or(String::new(), |namespace| format!("namespaces/{}/", escape(namespace)));
    let mut path =
        format!("{root}/{}/{within}{}?limit={PAGE}{}", place.api_version, place.plural, place.selector);
    if !next.is_empty() {
        path.push_str("&continue=");
        path.push_str(&escape(next));
    }
    path
}

/// Items of a list do not say what they are; and nobody who manages fields decides.
fn named(place: &Place<'_>, mut item: Value) -> Value {
    if let Some(object) = item.as_object_mut() {
        object.insert("kind".into(), place.kind.into());
        object.insert("apiVersion".into(), place.api_version.into());
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;

    #[test]
    fn what_is_sent_back_is_escaped() {
        let nodes = KINDS.iter().find(|k| k.kind == "Node").unwrap();
        assert_eq!(path(&Place::of(nodes), "a=b/c"), "/api/v1/nodes?limit=500&continue=a%3Db%2Fc");
        let within = |kind: &str| {
            let kind = KINDS.iter().find(|k| k.kind == kind).unwrap();
            path(&Place::of(kind).within(Some("shop")), "")
        };
        assert_eq!(within("Service"), "/api/v1/namespaces/shop/services?limit=500");
        assert_eq!(within("Node"), "/api/v1/nodes?limit=500");
    }
}
