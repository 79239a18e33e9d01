//! Pods and nodes as JSON, made from what scheduling knows of them: what guests get when nobody keeps whole objects, as
//! in `longshore simulate`.

use longshore_framework::labels::{LabelSelector, Labels, Operator, Requirement};
use longshore_framework::node::Node;
use longshore_framework::node_selector::{NodeRequirement, NodeSelectorTerm};
use longshore_framework::pod::{
    AffinityTerm, AffinityTerms, Container, Pod, PodSpec, PreemptionPolicy, SpreadConstraint,
    WhenUnsatisfiable,
};
use longshore_framework::quantity::Quantity;
use longshore_framework::resources::{CPU, ResourceList};
use longshore_framework::taint::{Toleration, TolerationOperator};
use longshore_framework::volume::{Volume, VolumeSource};
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// A v1.Pod without annotations and without what only the kubelet reads.
pub(super) fn pod(pod: &Pod) -> Object {
    let meta = &pod.meta;
    let owner = meta.owner.as_ref().map(|owner| {
        json!({"apiVersion": &*owner.api_version, "kind": &*owner.kind, "name": &*owner.name, "uid": &*owner.uid, "controller": true})
    });
    let mut out = Object::new();
    out.insert(
        "metadata".into(),
        json!({
            "name": &*meta.name, "namespace": &*meta.namespace, "uid": &*meta.uid, "labels": labels(&meta.labels),
            "ownerReferences": owner.into_iter().collect::<Vec<_>>(),
        }),
    );
    out.insert("spec".into(), spec(&pod.spec, meta.node_name.as_deref()));
    out.insert(
        "status".into(),
        json!({"nominatedNodeName": meta.nominated_node.as_deref().unwrap_or_default()}),
    );
    out
}

fn spec(spec: &PodSpec, node: Option<&str>) -> Value {
    let policy = match spec.preemption_policy {
        PreemptionPolicy::PreemptLowerPriority => "PreemptLowerPriority",
        PreemptionPolicy::Never => "Never",
    };
    let selector: Object = spec.node_selector.iter().map(|(k, v)| (k.to_string(), json!(&**v))).collect();
    json!({
        "nodeName": node.unwrap_or_default(),
        "schedulerName": &*spec.scheduler_name,
        "priority": spec.priority,
        "preemptionPolicy": policy,
        "schedulingGates": list(&spec.gates, |gate| json!({"name": &**gate})),
        "containers": list(&spec.containers, container),
        "initContainers": list(&spec.init_containers, container),
        "overhead": amounts(&spec.overhead),
        "tolerations": list(&spec.tolerations, toleration),
        "nodeSelector": selector,
        "affinity": affinity(spec),
        "topologySpreadConstraints": list(&spec.spread, spread),
        "volumes": list(&spec.volumes, volume),
    })
}

fn container(container: &Container) -> Value {
    let mut out = json!({
        "image": &*container.image,
        "resources": {"requests": amounts(&container.requests)},
        "ports": list(&container.host_ports, |port| json!({
            "hostPort": port.port, "containerPort": port.port, "protocol": &*port.protocol, "hostIP": &*port.address,
        })),
    });
    if container.restartable {
        out["restartPolicy"] = json!("Always");
    }
    out
}

fn affinity(spec: &PodSpec) -> Value {
    let node = &spec.node_affinity;
    let required = node.required.as_ref().map(|s| json!({"nodeSelectorTerms": list(&s.terms, node_term)}));
    let preferred = list(&node.preferred, |p| json!({"weight": p.weight, "preference": node_term(&p.term)}));
    json!({
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": required,
            "preferredDuringSchedulingIgnoredDuringExecution": preferred,
        },
        "podAffinity": pod_terms(&spec.pod_affinity),
        "podAntiAffinity": pod_terms(&spec.pod_anti_affinity),
    })
}

fn node_term(term: &NodeSelectorTerm) -> Value {
    json!({
        "matchExpressions": list(&term.expressions, node_requirement),
        "matchFields": list(&term.fields, node_requirement),
    })
}

fn node_requirement(requirement: &NodeRequirement) -> Value {
    json!({
        "key": &*requirement.key,
        "operator": requirement.operator.as_str(),
        "values": list(&requirement.values, |v| json!(&**v)),
    })
}

fn pod_terms(terms: &AffinityTerms) -> Value {
    json!({
        "requiredDuringSchedulingIgnoredDuringExecution": list(&terms.required, pod_term),
        "preferredDuringSchedulingIgnoredDuringExecution":
            list(&terms.preferred, |(weight, term)| json!({"weight": weight, "podAffinityTerm": pod_term(term)})),
    })
}

fn pod_term(term: &AffinityTerm) -> Value {
    json!({
        "labelSelector": term.selector.as_ref().map(selector),
        "namespaces": list(&term.namespaces, |namespace| json!(&**namespace)),
        "namespaceSelector": term.namespace_selector.as_ref().map(selector),
        "topologyKey": &*term.topology_key,
    })
}

fn selector(selector: &LabelSelector) -> Value {
    json!({"matchExpressions": list(&selector.requirements, requirement)})
}

fn requirement(requirement: &Requirement) -> Value {
    let operator = match requirement.operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
    };
    json!({"key": &*requirement.key, "operator": operator, "values": list(&requirement.values, |v| json!(&**v))})
}

fn spread(constraint: &SpreadConstraint) -> Value {
    let when = match constraint.when_unsatisfiable {
        WhenUnsatisfiable::DoNotSchedule => "DoNotSchedule",
        WhenUnsatisfiable::ScheduleAnyway => "ScheduleAnyway",
    };
    json!({
        "maxSkew": constraint.max_skew, "topologyKey": &*constraint.topology_key, "whenUnsatisfiable": when,
        "labelSelector": constraint.selector.as_ref().map(selector), "minDomains": constraint.min_domains,
    })
}

fn toleration(toleration: &Toleration) -> Value {
    let operator = match toleration.operator {
        TolerationOperator::Equal => "Equal",
        TolerationOperator::Exists => "Exists",
        TolerationOperator::Lt => "Lt",
        TolerationOperator::Gt => "Gt",
    };
    let effect = toleration.effect.map_or("", |effect| effect.as_str());
    json!({"key": &*toleration.key, "operator": operator, "value": &*toleration.value, "effect": effect})
}

fn volume(volume: &Volume) -> Value {
    let mut out = json!({"name": &*volume.name});
    if let VolumeSource::Claim { name } = &volume.source {
        out["persistentVolumeClaim"] = json!({"claimName": &**name});
    }
    out
}

/// A v1.Node without addresses, versions and whatever else no scheduler reads.
pub(super) fn node(node: &Node) -> Object {
    let mut allocatable = Object::new();
    for (name, amount) in node.allocatable.iter() {
        let amount = if name == CPU { Quantity::milli(amount) } else { Quantity::units(amount) };
        allocatable.insert(name.to_string(), json!(amount.to_string()));
    }
    allocatable.insert("pods".into(), json!(node.allocatable_pods.to_string()));
    let taint = |taint: &longshore_framework::taint::Taint| json!({"key": &*taint.key, "value": &*taint.value, "effect": taint.effect.as_str()});
    let names = |names: &[longshore_framework::Str]| list(names, |name| json!(&**name));
    let mut out = Object::new();
    let (labels, annotations) = (labels(&node.labels), labels(&node.annotations));
    out.insert("metadata".into(), json!({"name": &*node.name, "labels": labels, "annotations": annotations}));
    out.insert(
        "spec".into(),
        json!({"unschedulable": node.unschedulable, "taints": list(&node.taints, taint)}),
    );
    out.insert(
        "status".into(),
        json!({
            "capacity": &allocatable,
            "allocatable": &allocatable,
            "conditions": list(&node.conditions, |(kind, status)| json!({"type": &**kind, "status": &**status})),
            "images": list(&node.images, |image| json!({"names": names(&image.names), "sizeBytes": image.size})),
            "declaredFeatures": names(&node.declared_features),
        }),
    );
    out
}

fn list<T>(items: &[T], one: impl Fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(one).collect()
}

fn labels(labels: &Labels) -> Object {
    labels.iter().map(|(key, value)| (key.to_string(), json!(&**value))).collect()
}

fn amounts(list: &ResourceList) -> Object {
    list.iter().map(|(name, amount)| (name.to_string(), json!(amount.to_string()))).collect()
}
