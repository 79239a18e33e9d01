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
