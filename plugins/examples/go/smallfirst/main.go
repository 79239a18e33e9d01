// Command smallfirst orders the queue: small pods go first, and large ones wait no longer than so long for them.
//
// Among pods of one priority, a pod stands in the queue as if it had come later by secondsPerCore (10 by default) for each
// core that it requests. So a pod of 100 millicores goes before one of 8 cores that came a minute earlier, and not before one
// that came two minutes earlier: nobody waits for ever.
package main

import (
	"fmt"
	"math"

	sdk "longshore/sdk"
	"longshore/sdk/queuesort"
)

// SmallFirst is the plugin, and its config.
type SmallFirst struct {
	// SecondsPerCore is how much later a pod stands for each core that it requests: 0 to 3600.
	SecondsPerCore int64 `json:"secondsPerCore"`
}

// Rank is where a pod stands.
func (s *SmallFirst) Rank(pod *sdk.Pod, since uint64) (sdk.Rank, error) {
	came := int64(min(since, math.MaxInt64))
	// Thousandths of a core times seconds are milliseconds.
	later := int64(math.MaxInt64)
	if cpu := pod.Request(sdk.CPU); cpu <= math.MaxInt64/3600 {
		later = cpu * s.SecondsPerCore
	}
	return sdk.Rank{First: -int64(pod.Priority), Second: min(came, math.MaxInt64-later) + later}, nil
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	s := &SmallFirst{SecondsPerCore: 10}
	return sdk.New("SmallFirst",
		sdk.Version("0.1.0"),
		sdk.Description("Small pods go first, and large ones wait no longer than so long for them."),
		sdk.Config(s),
		sdk.OnInit(func(sdk.Instance) error {
			if s.SecondsPerCore < 0 || s.SecondsPerCore > 3600 {
				return fmt.Errorf("secondsPerCore is %d; it has to be in 0 to 3600", s.SecondsPerCore)
			}
			return nil
		}),
		sdk.Events(),
		queuesort.Stage(s.Rank),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
