//! Paths of the objects that the scheduler writes.

/// A pod.
pub fn pod(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/pods/{name}")
}

/// The status of a pod.
pub fn pod_status(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/pods/{name}/status")
}

/// A PersistentVolume.
pub fn volume(name: &str) -> String {
    format!("/api/v1/persistentvolumes/{name}")
}

/// A PersistentVolumeClaim.
pub fn claim(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")
}

/// ResourceClaims of a namespace, in an `apiVersion`.
pub fn device_claims(api_version: &str, namespace: &str) -> String {
    format!("/apis/{api_version}/namespaces/{namespace}/resourceclaims")
}

/// A ResourceClaim.
pub fn device_claim(api_version: &str, namespace: &str, name: &str) -> String {
    format!("/apis/{api_version}/namespaces/{namespace}/resourceclaims/{name}")
}

/// The status of a ResourceClaim.
pub fn device_claim_status(api_version: &str, namespace: &str, name: &str) -> String {
    format!("/apis/{api_version}/namespaces/{namespace}/resourceclaims/{name}/status")
}

/// A PodGroup, in an `apiVersion` of either API.
pub fn pod_group(api_version: &str, namespace: &str, name: &str) -> String {
    format!("/apis/{api_version}/namespaces/{namespace}/podgroups/{name}")
}

/// Leases of a namespace.
pub fn leases(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
}

/// Events of a namespace.
pub fn events(namespace: &str) -> String {
    format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events")
}

/// Text as a part of a path or a query may hold it.
pub fn escape(text: &str) -> String {
    text.bytes().map(escaped).collect()
}

fn escaped(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    }
}
