//go:build !wasip1

package sdk

// Log writes a line to the scheduler's log. Too many lines are dropped, and counted.
func Log(level Level, message string) {
	if services != nil {
		services.Log(level, message)
	}
}

// Allow lets a pod that waits because Permit of this plugin said so go on, as far as this plugin is concerned. Without
// effect when the pod does not wait for this plugin.
func Allow(uid string) { services.Allow(uid) }

// RejectWaiting ends the wait of such a pod: it may not go on.
func RejectWaiting(uid, message string) { services.Reject(uid, message) }

// Waiting is all pods that wait for this plugin, with their nodes, in the order in which they came.
func Waiting() []PodInfo { return services.Waiting() }

// Emit writes a Kubernetes event about a pod. Needs "events". Too many are dropped, and counted.
func Emit(podUID string, warning bool, reason, note string) {
	services.Emit(podUID, warning, reason, note)
}

// PodsOfNamespace is every pod of a namespace that is on a node, those just decided included. Needs "pods".
func PodsOfNamespace(namespace string) []PodInfo { return services.PodsOfNamespace(namespace) }

// PodsOnNode is every pod on a node. Needs "pods".
func PodsOnNode(node string) []PodInfo { return services.PodsOnNode(node) }

// RawNode is a node as JSON, nil when there is none of this name. Needs "raw".
func RawNode(name string) []byte { return services.RawNode(name) }

// RawPodOf is a pod as JSON, nil when there is none of this UID. Needs "raw".
func RawPodOf(uid string) []byte { return services.RawPod(uid) }

// Now is milliseconds since the Unix epoch. Needs "clock"; time.Now does not tell the time in a plugin.
func Now() uint64 { return services.Now() }

// Random is the next number of a generator that starts from the same seed in every instance. Needs "random".
func Random() uint64 { return services.Random() }

// Activate lets a pod that was rejected be tried again, without waiting for an event or for its backoff. Without effect
// when the pod does not wait for another try. Needs "engine".
func Activate(uid string) { services.Activate(uid) }

// Nominated is the pods that are promised the node and not on it yet. Needs "engine".
func Nominated(node string) []PodInfo { return services.Nominated(node) }

// Terminating is the UIDs of pods on the node that are being deleted. Needs "engine".
func Terminating(node string) []string { return services.Terminating(node) }

// WouldFit says during PostFilter whether its pod would fit on the node without these pods, whose UIDs these are: nil is
// yes, a *Rejection is no. Any other error: it is not the time to ask, or there is no such node. Needs "engine".
func WouldFit(node string, without ...string) error { return services.WouldFit(node, without) }

// KeepFirst gives during PostFilter these pods of one node, whose UIDs these are, in the order in which default preemption
// tries to keep them: first those whose budgets forbid their eviction, then the others, the most important ones first in
// each part. UIDs that are not on the node are left out. Needs "engine".
func KeepFirst(node string, pods ...string) ([]string, error) { return services.KeepFirst(node, pods) }
