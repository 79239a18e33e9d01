// Command labelfilter lets pods name a rule by their label "placement"; the rule's expressions say which nodes will do.
//
// Config: {"rules": {"gpu": ["accelerator in (a100, h100)", "!spot"]}}. Expressions are "key", "!key", "key=value",
// "key in (a, b)" and "key notin (a, b)".
package main

import (
	"fmt"

	sdk "longshore/sdk"
	"longshore/sdk/filter"
	"longshore/sdk/prefilter"
)

// The keys stand in the config, so that the plugin cannot say which labels it reads: it reads all.
var labels = sdk.Labels()

// LabelFilter is the plugin, and its config.
type LabelFilter struct {
	Rules map[string][]Expression `json:"rules"`
}

// PreFilter finds the pod's rule. A pod without the label may run anywhere.
func (f *LabelFilter) PreFilter(pod *sdk.Pod) (string, error) {
	rule, ok := pod.Label("placement")
	if !ok {
		return "", sdk.Skip
	}
	if _, ok := f.Rules[rule]; !ok {
		return "", sdk.RejectFinally(fmt.Sprintf("there is no placement %q", rule))
	}
	return rule, nil
}

// Filter says whether all expressions of the rule hold.
func (f *LabelFilter) Filter(rule string, _ *sdk.Pod, node sdk.Node) sdk.Verdict {
	list := node.List(labels)
	for i := range f.Rules[rule] {
		if expression := &f.Rules[rule][i]; !expression.holds(list.Find(expression.key)) {
			return sdk.Unresolvable(expression.reason)
		}
	}
	return sdk.Fit
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	f := &LabelFilter{}
	return sdk.New("LabelFilter",
		sdk.Version("0.1.0"),
		sdk.Description("Pods name a rule by their label placement; the rule's expressions say which nodes will do."),
		sdk.Config(f),
		sdk.Pure(),
		sdk.Events(
			sdk.On("Node", "Add", "UpdateNodeLabel"),
			sdk.On("Pod", "UpdatePodLabel"),
		),
		prefilter.Stage(f.PreFilter),
		filter.Stage(f.Filter),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
