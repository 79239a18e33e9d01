// Command podquota lets namespaces run as many pods as their PodQuota says; further pods wait in the queue.
//
// A ResourceQuota refuses a pod when it is made. A PodQuota (crd.yaml of the example in Rust) lets it be made, and lets it
// start when another has ended or the quota has grown. Quotas are of a namespace; a pod has to be within all that select it.
//
// The operator grants "objects" and "pods".
package main

import (
	"fmt"

	sdk "longshore/sdk"
	"longshore/sdk/hints"
	"longshore/sdk/objects"
	"longshore/sdk/prefilter"
)

// quotas is every quota of the cluster.
var quotas = objects.Of[PodQuota]("example.com/v1", "PodQuota", objects.Fields("spec.running", "spec.matchLabels"))

// PodQuota is the kind of this name of example.com/v1.
type PodQuota struct {
	Spec struct {
		// Running is how many pods may be on nodes at a time.
		Running int `json:"running"`
		// MatchLabels says which pods of the namespace count; all when it is empty.
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"spec"`
}

// selects says whether a pod counts.
func (q *PodQuota) selects(pod *sdk.PodInfo) bool {
	for key, value := range q.Spec.MatchLabels {
		if got, ok := pod.Label(key); !ok || got != value {
			return false
		}
	}
	return true
}

// preFilter rejects a pod when as many run as a quota says.
func preFilter(pod *sdk.Pod) (struct{}, error) {
	var none struct{}
	var running []sdk.PodInfo
	for _, quota := range quotas.InNamespace(pod.Namespace) {
		if !quota.Body.selects(&pod.PodInfo) {
			continue
		}
		if running == nil {
			// Those just decided are among them.
			running = sdk.PodsOfNamespace(pod.Namespace)
		}
		others := 0
		for i := range running {
			if running[i].UID != pod.UID && quota.Body.selects(&running[i]) {
				others++
			}
		}
		if limit := quota.Body.Spec.Running; others >= limit {
			return none, sdk.RejectFinally(fmt.Sprintf("PodQuota %s lets %d pod(s) run", quota.Name, limit))
		}
	}
	return none, nil
}

// hint says that only what happens in the pod's namespace helps.
func hint(pod *sdk.Pod, event *sdk.HintEvent) (bool, error) {
	if quota := quotas.Changed(event); quota != nil {
		return quota.Namespace == pod.Namespace, nil
	}
	if change := event.Pod; change != nil {
		other := change.Before
		if other == nil {
			other = change.After
		}
		return other == nil || other.Namespace == pod.Namespace, nil
	}
	return true, nil
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	return sdk.New("PodQuota",
		sdk.Version("0.1.0"),
		sdk.Description("Namespaces run as many pods as their PodQuota says."),
		sdk.Events(quotas.On("Add", "Update", "Delete"), sdk.On("Pod", "Delete", "UpdatePodLabel")),
		prefilter.Stage(preFilter),
		hints.Stage(hint),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
