//! Which names of resources are what.

/// Whether the name belongs to Kubernetes itself: it has no prefix, or one of `kubernetes.io`.
pub fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether it is a size of huge pages.
pub fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Whether the name is one of an extended resource.
pub fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.")
}

/// Whether nodes count it beside cpu, memory, ephemeral storage and pods.
pub fn is_scalar(name: &str) -> bool {
    let prefixed_native = name.contains("kubernetes.io/");
    is_extended(name) || is_huge_pages(name) || prefixed_native || name.starts_with("attachable-volumes-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_their_prefix() {
        assert!(is_native("cpu") && is_native("kubernetes.io/batch") && !is_native("vendor.com/gpu"));
        assert!(
            is_extended("vendor.com/gpu") && !is_extended("requests.vendor.com/gpu") && !is_extended("cpu")
        );
        assert!(is_scalar("hugepages-2Mi") && is_scalar("attachable-volumes-csi") && !is_scalar("pods"));
    }
}
