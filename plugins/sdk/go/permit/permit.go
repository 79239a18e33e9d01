// Package permit lets a plugin say now, later or never.
package permit

import (
	"time"

	sdk "longshore/sdk"
)

// Stage calls f when a node is chosen. 0 lets the pod go on; more lets it wait for at most so long (15 minutes at the
// most), until sdk.Allow or sdk.RejectWaiting; what sdk.Reject makes ends its way.
func Stage[S any](f func(state S, pod *sdk.Pod, node string) (time.Duration, error)) sdk.Part {
	return sdk.PermitPart(f)
}
