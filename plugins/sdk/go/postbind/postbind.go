// Package postbind tells a plugin that a pod is bound.
package postbind

import (
	sdk "github.com/longshore-scheduler/longshore/plugins/sdk/go"
)

// Stage calls f after the pod was bound to the node.
func Stage(f func(pod *sdk.Pod, node string)) sdk.Part {
	return sdk.PostBindPart(f)
}
