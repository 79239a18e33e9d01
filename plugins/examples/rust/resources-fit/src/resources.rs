//! The resources that the plugin knows, and their columns.

use longshore_plugin::prelude::*;

columns! {
    pub POD_COUNT: Number = pod_count(),
    pub ALLOWED_PODS: Number = allowed_pods(),
    CPU: Number = allocatable("cpu"),
    CPU_HELD: Number = requested("cpu"),
    CPU_USED: Number = nonzero_requested("cpu"),
    MEMORY: Number = allocatable("memory"),
    MEMORY_HELD: Number = requested("memory"),
    MEMORY_USED: Number = nonzero_requested("memory"),
    STORAGE: Number = allocatable("ephemeral-storage"),
    STORAGE_HELD: Number = requested("ephemeral-storage"),
    AMD: Number = allocatable("amd.com/gpu"),
    AMD_HELD: Number = requested("amd.com/gpu"),
    EXAMPLE: Number = allocatable("example.com/gpu"),
    EXAMPLE_HELD: Number = requested("example.com/gpu"),
    HUGE_1G: Number = allocatable("hugepages-1Gi"),
    HUGE_1G_HELD: Number = requested("hugepages-1Gi"),
    HUGE_2M: Number = allocatable("hugepages-2Mi"),
    HUGE_2M_HELD: Number = requested("hugepages-2Mi"),
    NVIDIA: Number = allocatable("nvidia.com/gpu"),
    NVIDIA_HELD: Number = requested("nvidia.com/gpu"),
}

/// A resource and where it stands in the table.
#[derive(Debug)]
pub struct Resource {
    pub name: &'static str,
    /// Said of nodes that have too little of it.
    pub reason: &'static str,
    pub allocatable: Number,
    /// What pods hold, for Filter.
    pub held: Number,
    /// What pods use, for Score.
    pub used: Number,
    /// Whether it counts for a pod that requests none.
    pub always: bool,
}

const fn basic(name: &'static str, reason: &'static str, columns: [Number; 3]) -> Resource {
    let [allocatable, held, used] = columns;
    Resource { name, reason, allocatable, held, used, always: true }
}

const fn scalar(name: &'static str, reason: &'static str, columns: [Number; 2]) -> Resource {
    let [allocatable, held] = columns;
    Resource { name, reason, allocatable, held, used: held, always: false }
}

/// In the order in which reasons are given: the basic ones, then by name.
pub const RESOURCES: &[Resource] = &[
    basic("cpu", "Insufficient cpu", [CPU, CPU_HELD, CPU_USED]),
    basic("memory", "Insufficient memory", [MEMORY, MEMORY_HELD, MEMORY_USED]),
    basic("ephemeral-storage", "Insufficient ephemeral-storage", [STORAGE, STORAGE_HELD, STORAGE_HELD]),
    scalar("amd.com/gpu", "Insufficient amd.com/gpu", [AMD, AMD_HELD]),
    scalar("example.com/gpu", "Insufficient example.com/gpu", [EXAMPLE, EXAMPLE_HELD]),
    scalar("hugepages-1Gi", "Insufficient hugepages-1Gi", [HUGE_1G, HUGE_1G_HELD]),
    scalar("hugepages-2Mi", "Insufficient hugepages-2Mi", [HUGE_2M, HUGE_2M_HELD]),
    scalar("nvidia.com/gpu", "Insufficient nvidia.com/gpu", [NVIDIA, NVIDIA_HELD]),
];

/// Where a resource stands in the list.
///
/// # Errors
/// It does not.
pub fn place(name: &str) -> Result<usize, Error> {
    let place = RESOURCES.iter().position(|resource| resource.name == name);
    place.ok_or_else(|| format!("this plugin knows nothing of the resource {name}").into())
}
