// Package handover hands state from one instance of a plugin to the next.
package handover

import (
	sdk "longshore/sdk"
)

// Stage calls save before an instance is replaced, and restore in the instance that takes its place, after Init. It is
// about the instance that answers Reserve. What is saved may have 1 MiB at most, and the version that reads it may be
// another.
func Stage(save func() ([]byte, error), restore func(saved []byte) error) sdk.Part {
	return sdk.HandoverPart(save, restore)
}
