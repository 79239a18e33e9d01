package sdk

import (
	"errors"
	"unsafe"

	"longshore/sdk/internal/abi"
)

//go:wasmimport longshore:scheduler/engine@0.2.0 activate
func hostActivate(uid string)

//go:wasmimport longshore:scheduler/engine@0.2.0 nominated
func hostNominated(node string, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/engine@0.2.0 terminating
func hostTerminating(node string, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/engine@0.2.0 would-fit
func hostWouldFit(node string, without unsafe.Pointer, count uint32, answer unsafe.Pointer)

//go:wasmimport longshore:scheduler/engine@0.2.0 keep-first
func hostKeepFirst(node string, pods unsafe.Pointer, count uint32, answer unsafe.Pointer)

// Activate lets a pod that was rejected be tried again, without waiting for an event or for its backoff. Without effect
// when the pod does not wait for another try. Needs "engine".
func Activate(uid string) { hostActivate(uid) }

// Nominated is the pods that are promised the node and not on it yet. Needs "engine".
func Nominated(node string) []PodInfo {
	hostNominated(node, replyAt())
	return repliedPods()
}

// Terminating is the UIDs of pods on the node that are being deleted. Needs "engine".
func Terminating(node string) []string {
	hostTerminating(node, replyAt())
	r := abi.ReadAt(abi.Address(reply[:]))
	uids := readTexts(&r)
	abi.Read()
	return uids
}

// WouldFit says during PostFilter whether its pod would fit on the node without these pods, whose UIDs these are: nil is
// yes, a *Rejection is no. Any other error: it is not the time to ask, or there is no such node. Needs "engine".
func WouldFit(node string, without ...string) error {
	list, count := textList(without)
	hostWouldFit(node, list, count, replyAt())
	r, err := repliedResult()
	if err == nil && r.Bool() {
		r.Align(4)
		code := RejectCode(r.U8())
		err = &Rejection{code, r.Text()}
	}
	abi.Read()
	return err
}

// KeepFirst gives during PostFilter these pods of one node, whose UIDs these are, in the order in which default preemption
// tries to keep them: first those whose budgets forbid their eviction, then the others, the most important ones first in
// each part. UIDs that are not on the node are left out. Needs "engine".
func KeepFirst(node string, pods ...string) ([]string, error) {
	list, count := textList(pods)
	hostKeepFirst(node, list, count, replyAt())
	r, err := repliedResult()
	if err != nil {
		abi.Read()
		return nil, err
	}
	uids := readTexts(&r)
	abi.Read()
	return uids, nil
}

// textList writes `list<string>`: an address and a length for each text.
func textList(texts []string) (unsafe.Pointer, uint32) {
	// One more, so that there is an address of an empty list too.
	pairs := make([][2]uint32, len(texts)+1)
	for i, text := range texts {
		pairs[i] = [2]uint32{abi.TextAddress(text), uint32(len(text))}
	}
	abi.Keep(texts)
	abi.Keep(pairs)
	return unsafe.Pointer(unsafe.SliceData(pairs)), uint32(len(texts))
}

// repliedResult begins to read a result whose error is a text; both of its cases begin at 4.
func repliedResult() (abi.Reader, error) {
	r := abi.ReadAt(abi.Address(reply[:]))
	broken := r.Bool()
	r.Align(4)
	if broken {
		return r, errors.New(r.Text())
	}
	return r, nil
}
