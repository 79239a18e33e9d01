// Package postfilter lets a plugin find a way when no node is feasible.
package postfilter

import (
	sdk "longshore/sdk"
)

// Stage calls f with the nodes and how final their rejections were. It nominates a node, or returns what sdk.Reject
// makes: nothing can be done.
func Stage[S any](f func(state S, pod *sdk.Pod, rejected []sdk.NodeRejection) (sdk.Nomination, error)) sdk.Part {
	return sdk.PostFilterPart(f)
}
