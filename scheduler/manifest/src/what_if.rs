//! What may be asked of a cluster that is not as the input has it.

use thiserror::Error;

use crate::kind::Kind;

/// Changes of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// Workloads that have another number of replicas.
    pub replicas: Vec<Scale>,
    /// Nodes that are added.
    pub add_nodes: Vec<AddNodes>,
    /// Nodes that are taken away.
    pub remove_nodes: Vec<String>,
}

/// Nodes that are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddNodes {
    /// How many.
    pub count: usize,
    /// The node that they are like, with the pods of DaemonSets that it has.
    pub like: String,
}

/// A workload with another number of replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Its kind, when that is said.
    kind: Option<Kind>,
    /// Its namespace, when that is said.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// How many.
    pub replicas: i64,
}

/// Text that says no scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("write it as web=5, shop/web=5, deployment/web=5 or shop/deployment/web=5")]
pub struct BadScale;

/// Kinds that have replicas, by the names that kubectl takes.
const KINDS: [(Kind, &[&str]); 4] = [
    (Kind::Deployment, &["deployment", "deployments", "deploy"]),
    (Kind::StatefulSet, &["statefulset", "statefulsets", "sts"]),
    (Kind::ReplicaSet, &["replicaset", "replicasets", "rs"]),
    (Kind::ReplicationController, &["replicationcontroller", "replicationcontrollers", "rc"]),
];

impl Scale {
    /// `NAME=N`, with a namespace or a kind before the name, or both.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, BadScale> {
        let (target, replicas) = text.rsplit_once('=').ok_or(BadScale)?;
        let replicas = replicas
            .parse()
            .ok()
            .filter(|count| (0..=i64::from(i32::MAX)).contains(count))
            .ok_or(BadScale)?;
        let parts: Vec<&str> = target.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(BadScale);
        }
        let (kind, namespace, name) = match parts.as_slice() {
            [name] => (None, None, *name),
            [first, name] => match kind_of(first) {
                Some(kind) => (Some(kind), None, *name),
                None => (None, Some(*first), *name),
            },
            [namespace, kind, name] => (Some(kind_of(kind).ok_or(BadScale)?), Some(*namespace), *name),
            _ => return Err(BadScale),
        };
        Ok(Self { kind, namespace: namespace.map(str::to_string), name: name.to_string(), replicas })
    }

    /// Whether a workload is meant. A ReplicaSet that belongs to another workload only when its kind is said.
    pub(crate) fn means(&self, kind: Kind, namespace: &str, name: &str, owned: bool) -> bool {
        let is_kind = match self.kind {
            Some(wanted) => wanted == kind,
            None => KINDS.iter().any(|(known, _)| *known == kind) && !owned,
        };
        is_kind && self.name == name && self.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
    }

    /// As it was written, without the number.
    pub(crate) fn target(&self) -> String {
        let kind = self.kind.map(|kind| format!("{}/", kind.name().to_lowercase()));
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/"));
        format!("{}{}{}", namespace.unwrap_or_default(), kind.unwrap_or_default(), self.name)
    }
}

/// `deployment`, `deploy`, `Deployment`, `deployments.apps`.
fn kind_of(word: &str) -> Option<Kind> {
    let word = word.to_lowercase();
    let word = word.split('.').next().unwrap_or_default();
    KINDS.iter().find(|(_, names)| names.contains(&word)).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<(Option<Kind>, Option<&str>, &str, i64)>) {
        let read = Scale::parse(text).ok();
        let read = read.as_ref().map(|s| (s.kind, s.namespace.as_deref(), s.name.as_str(), s.replicas));
        assert_eq!(read, want, "{text}");
    }

    #[test]
    fn a_workload_is_named_as_for_kubectl() {
        check("web=5", Some((None, None, "web", 5)));
        check("shop/web=0", Some((None, Some("shop"), "web", 0)));
        check("deployment/web=5", Some((Some(Kind::Deployment), None, "web", 5)));
        check("deployments.apps/web=5", Some((Some(Kind::Deployment), None, "web", 5)));
        check("shop/sts/db=3", Some((Some(Kind::StatefulSet), Some("shop"), "db", 3)));
        for wrong in
            ["web", "web=", "web=x", "web=-1", "=3", "/web=3", "a/b/web=3", "a/b/c/d=1", "web=99999999999"]
        {
            check(wrong, None);
        }
    }
}
