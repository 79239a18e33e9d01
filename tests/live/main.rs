//! Schedulers on a real API server (`make control-plane` builds it).
//!
//! A scenario runs under kube-scheduler too where the answer is the same: what both do is how it has to be.

#![allow(clippy::unwrap_used, reason = "this crate is tests throughout")]

/// Makes two tests of a function that takes a `Kind`: `NAME::kube_scheduler` and `NAME::longshore`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[test]
            fn kube_scheduler() {
                if longshore_tests::control_plane::binaries::have("kube-scheduler") {
                    super::$name(longshore_tests::control_plane::Kind::KubeScheduler);
                }
            }

            #[test]
            fn longshore() {
                super::$name(longshore_tests::control_plane::Kind::Longshore);
            }
        }
    )+ };
}

/// Node affinity, pod affinity and anti-affinity.
mod affinity;
/// Kubeconfigs, certificates, tokens, servers and profiles that are wrong.
mod bad_input;
/// Pods that fit, pods that do not, and what wakes them.
mod basic;
/// Command lines of kube-scheduler, and settings.
mod command_line;
/// Claims for devices.
mod devices;
/// Decisions, explained with one command.
mod explain;
/// Extenders, over HTTP.
mod extender;
/// The fixture itself.
mod fixture;
/// Groups of pods.
mod groups;
/// Guests that break, that reject late, and that read what changes.
mod guests;
/// The Helm chart, installed.
mod helm;
/// Leader election and rolling updates.
mod leader;
/// Pods that a kubelet turns away.
mod lost_race;
/// What is measured on nodes.
mod metrics;
/// Beside a real kube-scheduler.
mod neighbours;
/// API servers that crash, and networks that swallow, delay and refuse.
mod network;
/// Plugins in WebAssembly that read objects, and that wake pods.
mod objects;
/// Priority, preemption and disruption budgets.
mod preemption;
/// Preemption while the watch is behind.
mod preemption_late;
/// Several profiles in one scheduler.
mod profiles;
/// What was recorded of a scheduler, decided again.
mod recording;
/// Events, conditions and metrics, compared with kube-scheduler's.
mod same;
/// Topology spread.
mod spread;
/// Taints and tolerations.
mod taints;
/// Volumes that wait for their first consumer.
mod volumes;
/// Plugins in WebAssembly.
mod wasm;
/// Guests in WebAssembly text.
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest")]
#[path = "../wasm/wat.rs"]
mod wat;
