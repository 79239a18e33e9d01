// Package prebind lets a plugin have a last look before the binding.
package prebind

import (
	sdk "longshore/sdk"
)

// Stage calls f before the pod is bound to the node.
func Stage[S any](f func(state S, pod *sdk.Pod, node string) error) sdk.Part {
	return sdk.PreBindPart(f)
}
