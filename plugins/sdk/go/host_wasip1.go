package sdk

import (
	"unsafe"

	"longshore/sdk/internal/abi"
)

// A component imports those of these functions that the plugin calls, and no others.

//go:wasmimport longshore:scheduler/log@0.2.0 log
func hostLog(level uint32, message string)

//go:wasmimport longshore:scheduler/waiting@0.2.0 allow
func hostAllow(uid string)

//go:wasmimport longshore:scheduler/waiting@0.2.0 reject
func hostReject(uid, message string)

//go:wasmimport longshore:scheduler/waiting@0.2.0 pods
func hostWaiting(answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/events@0.2.0 emit
func hostEmit(uid string, warning bool, reason, note string)

//go:wasmimport longshore:scheduler/pods@0.2.0 of-namespace
func hostOfNamespace(namespace string, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/pods@0.2.0 on-node
func hostOnNode(node string, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/raw@0.2.0 node
func hostRawNode(name string, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/raw@0.2.0 pod
func hostRawPod(uid string, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/clock@0.2.0 now
func hostNow() uint64

//go:wasmimport longshore:scheduler/random@0.2.0 next
func hostNext() uint64

// reply is where the scheduler writes what it answers. It is no local variable, as stacks move.
var reply [4]uint64

func replyAt() unsafe.Pointer { return unsafe.Pointer(&reply) }

// Log writes a line to the scheduler's log. Too many lines are dropped, and counted.
func Log(level Level, message string) {
	hostLog(uint32(level), message)
}

// Allow lets a pod that waits because Permit of this plugin said so go on, as far as this plugin is concerned. Without
// effect when the pod does not wait for this plugin.
func Allow(uid string) { hostAllow(uid) }

// RejectWaiting ends the wait of such a pod: it may not go on.
func RejectWaiting(uid, message string) {
	hostReject(uid, message)
}

// Waiting is all pods that wait for this plugin, with their nodes, in the order in which they came.
func Waiting() []PodInfo {
	hostWaiting(replyAt())
	return repliedPods()
}

// Emit writes a Kubernetes event about a pod. Needs "events". Too many are dropped, and counted.
func Emit(podUID string, warning bool, reason, note string) {
	hostEmit(podUID, warning, reason, note)
}

// PodsOfNamespace is every pod of a namespace that is on a node, those just decided included. Needs "pods".
func PodsOfNamespace(namespace string) []PodInfo {
	hostOfNamespace(namespace, replyAt())
	return repliedPods()
}

// PodsOnNode is every pod on a node. Needs "pods".
func PodsOnNode(node string) []PodInfo {
	hostOnNode(node, replyAt())
	return repliedPods()
}

// RawNode is a node as JSON, nil when there is none of this name. Needs "raw".
func RawNode(name string) []byte {
	hostRawNode(name, replyAt())
	return repliedBytes()
}

// RawPodOf is a pod as JSON, nil when there is none of this UID. Needs "raw".
func RawPodOf(uid string) []byte {
	hostRawPod(uid, replyAt())
	return repliedBytes()
}

// Now is milliseconds since the Unix epoch. Needs "clock"; time.Now does not tell the time in a plugin.
func Now() uint64 { return hostNow() }

// Random is the next number of a generator that starts from the same seed in every instance. Needs "random".
func Random() uint64 { return hostNext() }

// repliedPods reads `list<pod-info>`.
func repliedPods() []PodInfo {
	r := abi.ReadAt(abi.Address(reply[:]))
	pods := abi.List(&r, 4, readPodInfo)
	abi.Read()
	return pods
}

// repliedBytes reads `option<list<u8>>`.
func repliedBytes() []byte {
	r := abi.ReadAt(abi.Address(reply[:]))
	present := r.Bool()
	bytes := r.Bytes()
	abi.Read()
	if !present {
		return nil
	}
	return bytes
}
