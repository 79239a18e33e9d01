// Package normalizescore brings the scores of all feasible nodes into 0 to 100.
package normalizescore

import (
	sdk "longshore/sdk"
)

// Stage calls f with the scores of all feasible nodes, to be changed in place.
func Stage[S any](f func(state S, scores []int64) error) sdk.Part {
	return sdk.NormalizeScorePart(f)
}
