// Package timers lets a plugin do something from time to time, whatever becomes of pods.
package timers

import (
	"time"

	sdk "longshore/sdk"
)

// Stage calls tick as often as every says, which is asked once, after the config was read; at least every 100
// milliseconds. An error of every refuses the config. sdk.Activate, sdk.Allow and sdk.RejectWaiting are of use in tick.
func Stage(every func() (time.Duration, error), tick func() error) sdk.Part {
	return sdk.TimersPart(every, tick)
}

// Every is for a plugin whose config does not say how often.
func Every(interval time.Duration) func() (time.Duration, error) {
	return func() (time.Duration, error) { return interval, nil }
}
