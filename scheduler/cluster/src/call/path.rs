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

/// Leases of a namespace.
pub fn leases(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
}

/// Events of a namespace.
pub fn events(namespace: &str) -> String {
    format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events")
}
