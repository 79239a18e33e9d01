//! Namespaces, Services, budgets, and controllers as default spreading sees them.

use longshore_framework::labels::{LabelSelector, Labels};
use longshore_framework::objects::{Controller, DisruptionBudget, Namespace, Service};
use serde_json::Value;

use crate::decode::decode;
use crate::error::ObjectError;
use crate::kind::{Kind, text};
use crate::wire::meta::MetaOnly;
use crate::wire::workload as written;
use crate::{meta, selectors};

type Result<T> = std::result::Result<T, ObjectError>;

/// The label that an API server gives every namespace.
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Reads a Namespace; the label with its name is added, as the API server does.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn namespace(value: &Value) -> Result<Namespace> {
    let written: MetaOnly = decode(value)?;
    let name = meta::name(&written.metadata)?;
    let own = (NAMESPACE_NAME.into(), name.clone());
    let labels = written.metadata.labels.into_iter().chain([own]);
    Ok(Namespace { labels: labels.collect::<Labels>(), name })
}

/// Reads a Service.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn service(value: &Value) -> Result<Service> {
    let written: written::MapSelected = decode(value)?;
    Ok(Service {
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        selector: written.spec.selector.into_iter().collect(),
    })
}

/// Reads the selector of a ReplicationController, ReplicaSet or StatefulSet; the object's own `kind` tells which.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn controller(value: &Value) -> Result<Controller> {
    let kind = text(value, "kind");
    if kind == Kind::ReplicationController.name() {
        let written: written::MapSelected = decode(value)?;
        return replication_controller(&written);
    }
    let written: written::Workload = decode(value)?;
    of_workload(&written, kind)
}

/// A ReplicationController; it selects by its template's labels when it names none.
pub(crate) fn replication_controller(written: &written::MapSelected) -> Result<Controller> {
    let kind = Kind::ReplicationController.name();
    let own = &written.spec.selector;
    let selector = if own.is_empty() { &written.spec.template.metadata.labels } else { own };
    let selector: LabelSelector = selector.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    Ok(Controller {
        kind: kind.into(),
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        uid: meta::uid(&written.metadata, kind),
        selector: Some(selector),
    })
}

/// Any other workload.
pub(crate) fn of_workload(written: &written::Workload, kind: &str) -> Result<Controller> {
    Ok(Controller {
        kind: kind.into(),
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        uid: meta::uid(&written.metadata, kind),
        selector: selectors::optional(written.spec.selector.as_ref(), "spec.selector")?,
    })
}

/// Reads a PodDisruptionBudget.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn disruption_budget(value: &Value) -> Result<DisruptionBudget> {
    let written: written::DisruptionBudget = decode(value)?;
    Ok(DisruptionBudget {
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        selector: selectors::optional(written.spec.selector.as_ref(), "spec.selector")?,
        disruptions_allowed: written.status.disruptions_allowed.unwrap_or_default(),
        disrupted: written.status.disrupted_pods.into_keys().collect(),
    })
}
