// Package score lets a plugin say how good a node is for a pod.
package score

import (
	sdk "longshore/sdk"
	_ "longshore/sdk/internal/cycle"
)

// Stage asks f about one node after the other. Scores are in 0 to 100, unless the plugin has NormalizeScore as well.
// The state is what PreScore left, or PreFilter when there is no PreScore.
func Stage[S any](f func(state S, pod *sdk.Pod, node sdk.Node) int64) sdk.Part {
	return sdk.ScorePart(f)
}
