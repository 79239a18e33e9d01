// Package filter lets a plugin say where a pod can run.
package filter

import (
	sdk "longshore/sdk"
	_ "longshore/sdk/internal/cycle"
)

// Stage asks f about one node after the other. The state is what PreFilter left; the zero value when the plugin has no
// PreFilter.
func Stage[S any](f func(state S, pod *sdk.Pod, node sdk.Node) sdk.Verdict) sdk.Part {
	return sdk.FilterPart(f)
}
