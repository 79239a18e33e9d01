// Command siblings lets pods of a set be tried once all of them are there.
//
// A pod belongs to the set that its label example.com/set names, in its namespace; example.com/set-size says how many pods
// make it whole. A pod is rejected until the set is whole; the last one that comes wakes the others, which are tried at
// once, without waiting for their backoff.
//
// The operator grants "engine" (to wake pods), "pods" (who runs already) and "raw" (who is still there).
package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	sdk "longshore/sdk"
	"longshore/sdk/prefilter"
)

const (
	// setLabel has the set's name.
	setLabel = "example.com/set"
	// sizeLabel has the number of pods that make it whole.
	sizeLabel = "example.com/set-size"
	// most is how many pods are remembered.
	most = 20_000
)

// set is a namespace and the name of a set in it.
type set struct{ namespace, name string }

// uids is some pods.
type uids = map[string]bool

// Siblings is the plugin.
type Siblings struct {
	// came is the pods that came, by their set.
	came map[set]uids
}

// gone says whether a pod is there no more.
func gone(uid string, _ bool) bool { return sdk.RawPodOf(uid) == nil }

// others is the other pods of a set that are there, and whether this one has just come.
func (s *Siblings) others(of set, pod *sdk.Pod) (uids, bool, error) {
	members := s.came[of]
	if members == nil {
		members = uids{}
		s.came[of] = members
	}
	maps.DeleteFunc(members, gone)
	isNew := !members[pod.UID]
	members[pod.UID] = true
	others := maps.Clone(members)
	if isNew {
		if err := s.forget(); err != nil {
			return nil, false, err
		}
	}
	// Those that ran before this plugin did.
	for _, other := range sdk.PodsOfNamespace(of.namespace) {
		if name, ok := other.Label(setLabel); ok && name == of.name {
			others[other.UID] = true
		}
	}
	delete(others, pod.UID)
	return others, isNew, nil
}

// forget forgets pods that are gone, once there are too many.
func (s *Siblings) forget() error {
	if s.count() <= most {
		return nil
	}
	for _, members := range s.came {
		maps.DeleteFunc(members, gone)
	}
	maps.DeleteFunc(s.came, func(_ set, members uids) bool { return len(members) == 0 })
	if s.count() > most {
		return fmt.Errorf("more than %d pods are in sets", most)
	}
	return nil
}

func (s *Siblings) count() int {
	sum := 0
	for _, members := range s.came {
		sum += len(members)
	}
	return sum
}

// PreFilter rejects a pod until its set is whole; the pod that makes it so wakes the others.
func (s *Siblings) PreFilter(pod *sdk.Pod) (struct{}, error) {
	var none struct{}
	name, ok := pod.Label(setLabel)
	if !ok {
		return none, sdk.Skip
	}
	text, _ := pod.Label(sizeLabel)
	size, err := strconv.Atoi(text)
	if err != nil || size < 1 {
		return none, sdk.RejectFinally("the label " + sizeLabel + " is no number of pods")
	}
	others, isNew, err := s.others(set{pod.Namespace, name}, pod)
	if err != nil {
		return none, err
	}
	if missing := size - 1 - len(others); missing > 0 {
		return none, sdk.RejectFinally(fmt.Sprintf("waits for %d more pod(s) of its set", missing))
	}
	// Once: pods that find no node are not to wake each other for ever.
	if isNew {
		for _, uid := range slices.Sorted(maps.Keys(others)) {
			sdk.Activate(uid)
		}
	}
	return none, sdk.Skip
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	s := &Siblings{came: map[set]uids{}}
	return sdk.New("Siblings",
		sdk.Version("0.1.0"),
		sdk.Description("Pods of a set are tried once all of them are there."),
		sdk.Single(),
		// The last one of the set wakes the others. Nothing else helps.
		sdk.Events(),
		prefilter.Stage(s.PreFilter),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
