//! Containers: requests, what the kubelet reports of them, host ports.

use std::collections::BTreeMap;

use longshore_framework::Str;
use longshore_framework::pod::{ActualResources, Container};
use longshore_framework::ports::{ANY_ADDRESS, HostPort};

use crate::error::{ObjectError, Within};
use crate::meta;
use crate::selectors::unknown;
use crate::wire::pod::{self as written, ContainerStatus, PodSpec, PodStatus};

type Result<T> = std::result::Result<T, ObjectError>;

/// `containers`; there must be one.
pub(super) fn main(spec: &PodSpec, status: &PodStatus) -> Result<Vec<Container>> {
    if spec.containers.is_empty() {
        return Err(ObjectError::of("containers", "must list at least one container"));
    }
    all(&spec.containers, "containers", false, &status.container_statuses)
}

/// `initContainers`.
pub(super) fn init(spec: &PodSpec, status: &PodStatus) -> Result<Vec<Container>> {
    all(&spec.init_containers, "initContainers", true, &status.init_container_statuses)
}

fn all(
    list: &[written::Container],
    field: &str,
    init: bool,
    statuses: &[ContainerStatus],
) -> Result<Vec<Container>> {
    let statuses: BTreeMap<&str, &ContainerStatus> = statuses.iter().map(|s| (&*s.name, s)).collect();
    let read = |(at, container): (usize, &written::Container)| {
        let actual = statuses.get(&*container.name).and_then(|s| actual(s));
        let read = one(container, init).within_item(field, at)?;
        Ok(Container { actual, ..read })
    };
    list.iter().enumerate().map(read).collect()
}

fn one(container: &written::Container, init: bool) -> Result<Container> {
    meta::resource_list(&container.resources.limits).within("resources.limits")?;
    Ok(Container {
        name: container.name.clone(),
        image: container.image.clone(),
        init,
        restartable: init && container.is_sidecar(),
        requests: meta::resource_list(&container.resources.requests).within("resources.requests")?,
        actual: None,
        host_ports: host_ports(&container.ports)?,
    })
}

fn actual(status: &ContainerStatus) -> Option<ActualResources> {
    let resources = status.resources.as_ref();
    let allocated = meta::reported(&status.allocated_resources);
    (resources.is_some() || !allocated.is_empty()).then(|| ActualResources {
        has_resources: resources.is_some(),
        requests: resources.map(|r| meta::reported(&r.requests)).unwrap_or_default(),
        allocated,
    })
}

fn host_ports(ports: &[written::Port]) -> Result<Vec<HostPort>> {
    let mut taken = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        taken.extend(host_port(port).within_item("ports", at)?);
    }
    Ok(taken)
}

fn host_port(port: &written::Port) -> Result<Option<HostPort>> {
    let number = |field, number: i64| {
        let within = i32::try_from(number).ok().filter(|n| (0..=65535).contains(n));
        within.ok_or_else(|| ObjectError::of(field, format!("must be a port from 0 to 65535, not {number}")))
    };
    number("containerPort", port.container_port)?;
    let host_port = number("hostPort", port.host_port)?;
    let protocol: Str = match &*port.protocol {
        "" => "TCP".into(),
        "TCP" | "UDP" | "SCTP" => port.protocol.clone(),
        other => return Err(unknown("protocol", other, "TCP, UDP or SCTP")),
    };
    let address = meta::given(&port.host_ip).unwrap_or_else(|| ANY_ADDRESS.into());
    Ok((host_port > 0).then_some(HostPort { protocol, port: host_port, address }))
}
