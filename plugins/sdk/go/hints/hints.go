// Package hints lets a plugin say which events make a pod that it rejected worth another try. Without it each event that
// the plugin names does.
package hints

import (
	sdk "longshore/sdk"
)

// Stage asks f about an event and a pod that the plugin rejected. An error counts as yes.
func Stage(f func(pod *sdk.Pod, event *sdk.HintEvent) (bool, error)) sdk.Part {
	return sdk.HintsPart(f)
}
