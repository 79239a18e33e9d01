// Package prescore lets a plugin prepare its scores.
package prescore

import (
	sdk "longshore/sdk"
)

// Stage calls f when two nodes or more are feasible. What it returns is the state that Score gets in place of what
// PreFilter left. As an error it may return sdk.Skip: Score is left out.
func Stage[S, T any](f func(state S, pod *sdk.Pod, feasible int) (T, error)) sdk.Part {
	return sdk.PreScorePart(f)
}
