// Package reserve lets a plugin set aside what the scheduler does not count.
package reserve

import (
	sdk "longshore/sdk"
)

// Stage calls reserve when a node is chosen, and unreserve when the pod does not get there after all.
//
// Reserve may be called again for a pod and a node, when an instance replaces another: the answer must be the same and
// nothing may be counted twice. Unreserve is called also for pods that were never reserved.
func Stage[S any](reserve func(state S, pod *sdk.Pod, node string) error, unreserve func(pod *sdk.Pod, node string)) sdk.Part {
	return sdk.ReservePart(reserve, unreserve)
}
