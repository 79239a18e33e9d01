//! Nodes.

use longshore_framework::Str;
use longshore_framework::node::{Node, NodeImage};
use longshore_framework::node_metrics::Usage;
use longshore_framework::resources::{Amounts, PODS};
use longshore_framework::unread::Unread;
use serde_json::Value;

use crate::decode::decode;
use crate::error::{ObjectError, Within};
use crate::{meta, selectors, wire};

/// Reads a Node. Without `status.allocatable` the capacity takes its place, as the API server has it.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn node(value: &Value) -> Result<Node, ObjectError> {
    convert(&decode(value)?)
}

pub(crate) fn convert(written: &wire::node::Node) -> Result<Node, ObjectError> {
    let (spec, status) = (&written.spec, &written.status);
    let allocatable = match (&status.allocatable, &status.capacity) {
        (Some(amounts), _) => meta::resource_list(amounts).within("status.allocatable")?,
        (None, Some(amounts)) => meta::resource_list(amounts).within("status.capacity")?,
        (None, None) => Default::default(),
    };
    let amounts = Amounts::from(&allocatable);
    let has = match &status.capacity {
        Some(capacity) => Amounts::from(&meta::resource_list(capacity).within("status.capacity")?),
        None => amounts.clone(),
    };
    let taints = spec.taints.iter().enumerate();
    let mut declared_features: Vec<Str> = status.declared_features.clone();
    declared_features.sort();
    declared_features.dedup();
    Ok(Node {
        name: meta::name(&written.metadata)?,
        labels: meta::labels(&written.metadata.labels),
        annotations: meta::labels(&written.metadata.annotations),
        unschedulable: spec.unschedulable,
        taints: taints
            .map(|(at, t)| selectors::taint(t).within_item("spec.taints", at))
            .collect::<Result<_, _>>()?,
        allocatable: amounts,
        allocatable_pods: allocatable.get(PODS).map_or(0, |q| q.value()),
        capacity: Usage { milli_cpu: has.milli_cpu, memory: has.memory },
        images: status
            .images
            .iter()
            .map(|i| NodeImage { names: i.names.clone(), size: i.size_bytes })
            .collect(),
        conditions: status.conditions.iter().map(|c| (c.r#type.clone(), c.status.clone())).collect(),
        declared_features,
        unread: Unread::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_strings_or_numbers_and_capacity_stands_in() {
        let value = json!({"metadata": {"name": "n"}, "status": {"capacity": {"cpu": 4, "memory": "1Gi", "pods": "110"}}});
        let node = node(&value).unwrap();
        assert_eq!((node.allocatable.milli_cpu, node.allocatable.memory), (4000, 1 << 30));
        assert_eq!(node.allocatable_pods, 110);
    }

    #[test]
    fn what_the_api_server_refuses_is_refused() {
        let error = |value| node(&value).unwrap_err().to_string();
        let taint =
            json!({"metadata": {"name": "n"}, "spec": {"taints": [{"key": "k", "effect": "noschedule"}]}});
        assert_eq!(
            error(taint),
            "spec.taints[0].effect: must be NoSchedule, PreferNoSchedule or NoExecute, not \"noschedule\""
        );
        let negative = json!({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": -1}}});
        assert_eq!(error(negative), "status.allocatable.cpu: must not be negative; write 0 or more");
        assert_eq!(error(json!({})), "metadata.name: must be given");
    }
}
