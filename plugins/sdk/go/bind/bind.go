// Package bind lets a plugin say how a pod is bound.
package bind

import (
	sdk "longshore/sdk"
)

// Stage calls f to bind the pod; nil leaves it to the next plugin. The scheduler writes the binding.
func Stage[S any](f func(state S, pod *sdk.Pod, node string) (*sdk.Binding, error)) sdk.Part {
	return sdk.BindPart(f)
}
