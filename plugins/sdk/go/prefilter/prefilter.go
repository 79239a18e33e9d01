// Package prefilter lets a plugin look at each pod once.
package prefilter

import (
	sdk "longshore/sdk"
)

// Stage calls f once for each pod. What it returns is the state that the later stages get. As an error it may return
// sdk.Skip (leave Filter out), sdk.OnlyNodes (these nodes only), or what sdk.Reject makes (no node will do).
func Stage[S any](f func(pod *sdk.Pod) (S, error)) sdk.Part {
	return sdk.PreFilterPart(f)
}
