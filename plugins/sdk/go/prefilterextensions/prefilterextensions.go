// Package prefilterextensions changes what PreFilter left with the pods on a node, for hypotheses.
package prefilterextensions

import (
	sdk "longshore/sdk"
)

// Stage calls add for a promised pod that is taken to be on the node, and remove for a victim that is taken away from
// it. Both return the state that Filter gets for this hypothesis.
func Stage[S any](add, remove func(state S, pod *sdk.Pod, other *sdk.PodInfo, node string) (S, error)) sdk.Part {
	return sdk.PreFilterExtensionsPart(add, remove)
}
