// Package preenqueue lets a plugin keep pods out of the queue.
package preenqueue

import (
	sdk "longshore/sdk"
)

// Stage asks f whether a pod may enter the queue. A rejection keeps it gated until one of the plugin's events.
func Stage(f func(pod *sdk.Pod) error) sdk.Part {
	return sdk.PreEnqueuePart(f)
}
