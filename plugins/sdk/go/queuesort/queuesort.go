// Package queuesort lets a plugin say which pod goes first. One plugin sorts the queue, the same in all profiles.
package queuesort

import (
	sdk "longshore/sdk"
)

// Stage asks f where a pod stands. since is when the pod entered the queue after its last attempt, in milliseconds since
// the Unix epoch. It is asked when a pod enters the queue, and not again while it is there: the answer depends on the pod,
// the config and since only. An error leaves the pod where the plugin PrioritySort puts it.
func Stage(f func(pod *sdk.Pod, since uint64) (sdk.Rank, error)) sdk.Part {
	return sdk.QueueSortPart(f)
}
