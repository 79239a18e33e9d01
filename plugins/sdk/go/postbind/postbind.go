// Package postbind tells a plugin that a pod is bound.
package postbind

import (
	sdk "longshore/sdk"
)

// Stage calls f after the pod was bound to the node.
func Stage(f func(pod *sdk.Pod, node string)) sdk.Part {
	return sdk.PostBindPart(f)
}
