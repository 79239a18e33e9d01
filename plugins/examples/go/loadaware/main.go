// Command loadaware has pods go to nodes that are not busy.
//
// A node whose processors are in use by more than mostPercent (80 by default) takes no pods; the others score by what is not in
// use. A node that nothing is known of, or nothing that is new enough, takes pods and scores 0.
package main

import (
	"fmt"
	"math"
	"time"

	sdk "longshore/sdk"
	"longshore/sdk/filter"
	"longshore/sdk/metrics"
	"longshore/sdk/score"
)

// LoadAware is the plugin, and its config.
type LoadAware struct {
	// MostPercent: a node that is busier takes no pods. 1 to 100.
	MostPercent float64 `json:"mostPercent"`
	// MaxAgeSeconds: a value that is older counts for none.
	MaxAgeSeconds uint32 `json:"maxAgeSeconds"`
	// Required: no pod is decided as long as no node has an average that is new enough.
	Required bool `json:"required"`

	average, latest metrics.Metric
}

// declare says what is read, which depends on the config.
func (l *LoadAware) declare(*sdk.Manifest) error {
	if l.MostPercent < 1 || l.MostPercent > 100 {
		return fmt.Errorf("mostPercent is %v; it has to be in 1 to 100", l.MostPercent)
	}
	age := metrics.MaxAge(time.Duration(l.MaxAgeSeconds) * time.Second)
	l.average, l.latest = metrics.Of("CPU", "AVG", age), metrics.Of("CPU", "Latest", age)
	if l.Required {
		l.average = metrics.Of("CPU", "AVG", age, metrics.FailOnOld())
	}
	return nil
}

// busy is how busy a node is, in percent.
func (l *LoadAware) busy(node sdk.Node) (float64, bool) {
	if percent, known := l.average.At(node); known {
		return percent, true
	}
	return l.latest.At(node)
}

// Filter turns pods away from nodes that are too busy.
func (l *LoadAware) Filter(_ struct{}, _ *sdk.Pod, node sdk.Node) sdk.Verdict {
	percent, known := l.busy(node)
	return sdk.FitIf(!known || percent <= l.MostPercent, "node(s) were too busy")
}

// Score is what is not in use.
func (l *LoadAware) Score(_ struct{}, _ *sdk.Pod, node sdk.Node) int64 {
	percent, known := l.busy(node)
	if !known {
		return 0
	}
	return int64(math.Round(min(max(100-percent, 0), 100)))
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	l := &LoadAware{MostPercent: 80, MaxAgeSeconds: 300}
	return sdk.New("LoadAware",
		sdk.Version("0.1.0"),
		sdk.Description("Pods go to nodes that are not busy."),
		sdk.Config(l),
		sdk.ByConfig(l.declare),
		sdk.Events(sdk.On("NodeMetrics", "Update"), sdk.On("Node", "Add")),
		sdk.Pure(),
		filter.Stage(l.Filter),
		score.Stage(l.Score),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
